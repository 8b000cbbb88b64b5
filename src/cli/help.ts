/** The help texts of `autoagent`: what its commands take and give. */

/** Command to help text; "" is the overview. */
export const helpTexts = {
  "": `Usage: autoagent COMMAND [OPTIONS]

  judge [FILE | -]            run programs in the sandbox and say how each life ended
  replay RECORD [ID]          live recorded episodes again and compare byte for byte
  export RECORD               write a record as a table: JSONL, CSV or Parquet
  record verify RECORD        check that nothing in a record was changed
  record list RECORD          one line an episode
  serve MODEL                 a model behind OpenAI's API, on this machine
  env serve                   lives of agents behind OpenEnv's protocol, for trainers in Python
  worker --redis URL          play parts of rollouts and trainings that drivers put into a queue
  play SPEC --part N          play a part of a rollout whose driver waits on a shared folder

autoagent COMMAND --help says more, autoagent --version which one this is.`,

  judge: `Usage: autoagent judge [FILE | -] [OPTIONS]

Reads JSON lines from FILE or standard input, one life each:
  {"id": "a", "body": "javascript", "steps": ["self.n = 1", "self.n++"]}
and prints one JSON line for each, in the order of the input, as soon as it is known:
  {"id": "a", "verdict": "survived", "cause": "", "effects": [], "steps": [{"verdict": "survived", "ms": 2.1}], "level": 3, "ms": 9.4}
Where several verdicts fit a life it has the first of: infrastructure_error (a fault of the sandbox), escape_attempt, attempted_harm,
out_of_memory, timeout, fatal_self_edit, inert, syntax_error, runtime_error, budget_exhausted, ended_by_choice, survived.
body is javascript (the default; its programs may be TypeScript) or python. language is read too: typescript, javascript or
python. seed (default 0) may be given too, and answers: what self.call_LLM
answers, in order. Beyond these --model answers; without one a comment that says so, which runs as a program and does nothing.
A line that cannot be judged gives {"id", "line", "error"}; the others are judged, and the exit code is 1.

  --workers N          child processes (default: processors, 4 at most)
  --minimum-level N    refuse to run below this level of isolation, 0 to 3 (default 0)
  --timeout MS         wall time of one step (default 200)
  --model NAME         answers self.call_LLM: a name (tiny, tiny-python, smollm2), a Hugging Face folder or a GGUF file
  --url URL            NAME is a model of this server, which speaks OpenAI's API (key in OPENAI_API_KEY)
  --record FILE        append each life to a record`,

  replay: `Usage: autoagent replay RECORD [ID] [OPTIONS]

Lives episode ID again, or all, without a model, and compares with what was recorded. Exit code 1 if any differs.

  --workers N          child processes (default: processors, 4 at most)
  --minimum-level N    refuse to run below this level of isolation, 0 to 3 (default 0)
  --json               one JSON line an episode`,

  export: `Usage: autoagent export RECORD [--format jsonl|csv|parquet] [--output FILE]

Writes one row a step; docs/formats.md describes the columns.

  --format FORMAT      jsonl, csv or parquet (default: what FILE ends in, else jsonl)
  --output FILE        the file to write; - is standard output (jsonl and csv alone, the default)`,

  record: `Usage: autoagent record verify RECORD [--head HASH]
       autoagent record list RECORD

verify checks every hash of the record; with --head also that it ends in that hash. Exit code 1 if anything was changed.
list prints one line an episode.`,

  serve: `Usage: autoagent serve MODEL [OPTIONS]

Serves a Hugging Face folder, a GGUF file or a model by its name (tiny, smollm2) behind OpenAI's API: chat, completions,
streams, log-probabilities. Requests run in batches; an answer to a request with a seed depends on the two alone.

  --head FILE          a checkpoint of a trained head or adapter, which then steers the model; its temperature is the default,
                       and a chat's last message is asked through the prompt design that it was trained with
  --prompt NAME        that design: a name in data/prompts, a .json file, or chat for the model's own chat format
  --name NAME          the model's name in the API (default: the last part of MODEL)
  --host HOST          default 127.0.0.1; for any other set a token in the variable AUTOAGENT_TOKEN
  --port PORT          default 8080; 0 for any that is free
  --cors ORIGINS       pages that may ask from a browser: http://localhost:3000, several with commas; * for all, with a token
  --provider NAME      what runs it: cpu (default), cuda (after npm run setup:cuda), webgpu, or auto, the fastest of a short trial
  --dtype TYPE         numbers of the weights: fp32 (default), or q8 for 8 bits, which is faster and takes half the memory
                       but is not quite the same model; a head is served with the numbers that it was trained on
  --threads N          threads of the runtime (default: processors, 8 at most)
  --batch N            most answers written at once (default 32)`,

  env: `Usage: autoagent env serve [OPTIONS]

Serves lives of agents to trainers that speak OpenEnv's protocol: a WebSocket is a session, and a session plays one life
after the other, a program a step. docs/environment-server.md has the lines for TRL, verifiers, Gymnasium and others.

  --body NAME          what agents are made of: javascript (default) or python
  --tasks NAME         what each step is asked: training (default), held-out, none, or a file of micro-tasks
  --max-steps N        a life ends after this many steps (default 4)
  --sessions N         sessions at once (default 64); one more is told that there is no room
  --workers N          child processes that the lives run in (default: as many as the sessions need, and the processors, 4 at most)
  --minimum-level N    refuse to run below this level of isolation, 0 to 3 (default 0; 3 for any host but this machine)
  --idle SECONDS       a session without a message for so long is closed (default 900)
  --record FILE        append each life to a record, which replay and export read
  --host HOST          default 127.0.0.1; any other needs a token
  --port PORT          default 8700; 0 for any that is free
  --token              ask clients for a token: that in the variable AUTOAGENT_TOKEN, else one that is drawn and printed`,
  worker: `Usage: autoagent worker --redis URL [OPTIONS]

Plays parts of rollouts, trainings, evaluations and code tasks that drivers with workers.redis(URL) put into a queue on Redis or
Valkey, until it is interrupted; a second interrupt ends it at once. docs/workers.md says how such a queue is kept safe.

  --redis URL          redis:// or rediss://user:password@host:port (default: the variable AUTOAGENT_REDIS, which no list of
                       processes shows)
  --ca FILE            the certificate of an authority of your own, for rediss://
  --children N         child processes (default: processors, 4 at most)
  --minimum-level N    refuse to run below this level of isolation, 0 to 3 (default 3)
  --modules FOLDER     the folder whose modules may be loaded (default: none are)
  --lock-ms MS         a part of a worker that is gone goes to another after so long (default 10000)`,

  play: `Usage: autoagent play SPEC --part N [OPTIONS]

Plays part N of SPEC, the spec.json of a folder that workers.folder() wrote, and puts its result into that folder, where the
driver waits for it. A part that is there is not played again. For Slurm arrays and indexed Jobs: docs/workers.md.

  --part N             the part's number, from 0
  --of M               also parts N + M, N + 2 M and so on: M processes play all
  --children N         child processes (default: processors, 4 at most)
  --minimum-level N    refuse to run below this level of isolation, 0 to 3 (default 3)
  --modules FOLDER     the folder whose modules may be loaded (default: none are)`,
} as const;
