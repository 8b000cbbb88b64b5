"""What Python's clients of OpenAI's API ask a server, and whether each call is answered right or refused by name.

calls.py URL EXPECTED FOLDER: EXPECTED is the JSON file that run.ts wrote from the model itself, FOLDER holds the model's
tokenizer. Prints one JSON line a call: {"client", "call", "outcome": "right" | "refused" | "wrong", "why"}.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import traceback

URL, EXPECTED, FOLDER = sys.argv[1:4]
# No client may look for anything elsewhere: telemetry, price lists, model cards.
for name in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TQDM_DISABLE", "HF_HUB_DISABLE_TELEMETRY"]:
    os.environ[name] = "1"
os.environ.update(OPENAI_API_KEY="none", OPENAI_BASE_URL=URL, LANGSMITH_TRACING="false", LITELLM_LOCAL_MODEL_COST_MAP="True", TOKENIZERS_PARALLELISM="false")
logging.disable(logging.CRITICAL)

with open(EXPECTED) as file:
    expected = json.load(file)
MODEL = expected["model"]
ask = {"model": MODEL, "messages": expected["messages"], "max_tokens": expected["tokens"], "temperature": 0}
complete = {"model": MODEL, "prompt": expected["prompt"], "max_tokens": expected["tokens"], "temperature": 0}
history = expected["history"]
parameters = {"type": "object", "properties": {"x": {"type": "integer"}}}
tool = {"type": "function", "function": {"name": "add", "parameters": parameters}}


def equal(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"


def near(found, wanted):
    assert abs(found - wanted) < 1e-4, f"{found} instead of {wanted}"


def call(client, name, work, refused=None):
    """Runs a call. With `refused` it must fail and name that field."""
    try:
        work()
        outcome, why = ("wrong", f"it was answered, though {refused} is not done") if refused else ("right", "")
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        if refused and f"`{refused}` is not supported" in said:
            outcome, why = "refused", refused
        else:
            place = traceback.extract_tb(error.__traceback__)[-1]
            outcome, why = "wrong", f"{said[:600]} ({os.path.basename(place.filename)}:{place.lineno})"
    print(json.dumps({"client": client, "call": name, "outcome": outcome, "why": why}), flush=True)


def client_openai():
    import openai
    from pydantic import BaseModel

    client = openai.OpenAI(max_retries=0)
    chat, text = client.chat.completions, client.completions

    def of(name, work, refused=None):
        call("openai (Python)", name, work, refused)

    def models():
        equal([model.id for model in client.models.list()], [MODEL])
        equal(client.models.retrieve(MODEL).id, MODEL)

    def whole():
        answer = chat.create(**ask)
        equal(answer.choices[0].message.content, expected["chat"])
        equal(answer.usage.model_dump(include={"prompt_tokens", "completion_tokens", "total_tokens"}), expected["usage"])

    def stream():
        said, usage = "", None
        for event in chat.create(**ask, stream=True, stream_options={"include_usage": True}):
            said += (event.choices[0].delta.content or "") if event.choices else ""
            usage = event.usage or usage
        equal(said, expected["chat"])
        equal(usage.total_tokens, expected["usage"]["total_tokens"])

    def helper():
        choice = None
        # It raises where an answer ends by its length: a stop text ends this one.
        mark = expected["chat"][-1]
        with chat.stream(**ask, logprobs=True, top_logprobs=2, stop=[mark]) as events:
            for event in events:
                if event.type == "chunk":
                    choice = event.snapshot.choices[0]
        equal(choice.message.content, expected["chat"][: expected["chat"].index(mark)])
        told = choice.logprobs.content
        equal(bytes(byte for token in told for byte in token.bytes).decode(errors="replace"), choice.message.content)
        for token, wanted in zip(told, expected["scores"], strict=False):
            near(token.logprob, wanted)

    def several():
        said = {0: "", 1: ""}
        for event in chat.create(**{**ask, "temperature": 1, "seed": 3}, n=2, stream=True):
            said[event.choices[0].index] += event.choices[0].delta.content or ""
        again = chat.create(**{**ask, "temperature": 1, "seed": 3}, n=2)
        equal([choice.message.content for choice in again.choices], [said[0], said[1]])

    def completion():
        equal(text.create(**complete).choices[0].text, expected["completion"])
        equal("".join(event.choices[0].text for event in text.create(**complete, stream=True)), expected["completion"])

    def echo():
        prompts = [expected["prompt"], expected["promptIds"]]
        for prompt in prompts:
            for most in (0, 1):
                answer = text.create(**{**complete, "prompt": prompt, "max_tokens": most}, echo=True, logprobs=1)
                scores = answer.choices[0].logprobs.token_logprobs
                equal(scores[0], None)
                equal(len(scores), len(expected["promptScores"]) + most)
                for found, wanted in zip(scores[1:], expected["promptScores"][1:], strict=False):
                    near(found, wanted)

    def stops():
        mark = expected["chat"][3:5]
        answer = chat.create(**ask, stop=[mark, "a1", "b2", "c3", "d4"]).choices[0]
        equal((answer.message.content, answer.finish_reason), (expected["chat"][: expected["chat"].index(mark)], "stop"))

    def developer():
        roles = [[{"role": role, "content": "be brief"}, *ask["messages"]] for role in ("developer", "system")]
        one, other = [chat.create(**{**ask, "messages": messages}) for messages in roles]
        equal(one.choices[0].message.content, other.choices[0].message.content)
        equal(one.usage.prompt_tokens, other.usage.prompt_tokens)

    def nulls():
        answer = chat.create(**ask, extra_body={"max_completion_tokens": None, "n": None, "tools": None, "stop": None})
        equal(answer.choices[0].message.content, expected["chat"])

    def too_long():
        for stream in (False, True):
            try:
                chat.create(**{**ask, "messages": [{"role": "user", "content": "a" * expected["context"]}]}, stream=stream)
            except openai.BadRequestError as error:
                equal(error.code, "context_length_exceeded")
            else:
                raise AssertionError("it was answered")

    def absent():
        for work in (
            lambda: client.responses.create(model=MODEL, input="abc"),
            lambda: client.embeddings.create(model=MODEL, input="abc"),
            lambda: chat.create(**{**ask, "model": "gpt-4"}),
        ):
            try:
                work()
            except openai.NotFoundError as error:
                assert "There is no" in str(error), error
            else:
                raise AssertionError("it was answered")

    class Sum(BaseModel):
        x: int

    of("models: list and retrieve", models)
    of("chat with usage", whole)
    of("chat in a stream with usage", stream)
    of("the stream helper with log-probabilities", helper)
    of("two choices by a seed, whole and in a stream", several)
    of("completions, whole and in a stream", completion)
    of("echo with log-probabilities, text and token ids", echo)
    of("five stop texts", stops)
    of("a developer's message", developer)
    of("null for what is not given", nulls)
    of("calls of tools and their results in messages", lambda: equal(
        chat.create(**{**ask, "messages": history}).choices[0].message.content, expected["historyChat"]))
    of("too long a prompt: context_length_exceeded", too_long)
    of("responses, embeddings, another model: 404 and why", absent)
    of("tools", lambda: chat.create(**ask, tools=[tool]), "tools")
    of("tool_choice required", lambda: chat.create(**ask, extra_body={"tool_choice": "required"}), "tool_choice")
    of("response_format json_object", lambda: chat.create(**ask, response_format={"type": "json_object"}), "response_format")
    of("parse into a class", lambda: chat.parse(**ask, response_format=Sum), "response_format")
    of("logit_bias", lambda: chat.create(**ask, logit_bias={"3": 1}), "logit_bias")
    of("presence_penalty", lambda: chat.create(**ask, presence_penalty=1), "presence_penalty")
    of("frequency_penalty", lambda: text.create(**complete, frequency_penalty=1), "frequency_penalty")
    of("min_p", lambda: chat.create(**ask, extra_body={"min_p": 0.1}), "min_p")
    of("best_of", lambda: text.create(**complete, best_of=2), "best_of")
    of("suffix", lambda: text.create(**complete, suffix="a"), "suffix")


def client_langchain():
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
    from langchain_openai import ChatOpenAI, OpenAI

    def of(name, work, refused=None):
        call("LangChain", name, work, refused)

    settings = {"model": MODEL, "temperature": 0, "max_tokens": expected["tokens"], "max_retries": 0}
    chat = ChatOpenAI(**settings)
    content = expected["messages"][0]["content"]

    def scores():
        told = chat.bind(logprobs=True, top_logprobs=1).invoke(content).response_metadata["logprobs"]["content"]
        for token, wanted in zip(told, expected["scores"], strict=True):
            near(token["logprob"], wanted)

    def tools():
        calls = [{"name": "add", "args": {"x": 1}, "id": "a", "type": "tool_call"}]
        messages = [HumanMessage("1?"), AIMessage("", tool_calls=calls), ToolMessage("2", tool_call_id="a"), HumanMessage("so?")]
        equal(chat.invoke(messages).content, expected["historyChat"])

    def batch():
        equal([answer.content for answer in chat.batch([content, content])], [expected["chat"]] * 2)

    def structured(method):
        return lambda: chat.with_structured_output({"title": "sum", **parameters}, method=method).invoke(content)

    of("invoke", lambda: equal(chat.invoke(content).content, expected["chat"]))
    of("stream", lambda: equal("".join(piece.content for piece in chat.stream(content)), expected["chat"]))
    of("batch", batch)
    of("log-probabilities", scores)
    of("the LLM class: completions", lambda: equal(OpenAI(**settings).invoke(expected["prompt"]), expected["completion"]))
    of("AIMessage with tool_calls and ToolMessage", tools)
    of("bind_tools", lambda: chat.bind_tools([tool]).invoke(content), "tools")
    of("with_structured_output, json_schema", structured("json_schema"), "response_format")
    of("with_structured_output, function_calling", structured("function_calling"), "tool_choice")
    of("best_of", lambda: OpenAI(**settings, best_of=2).invoke(expected["prompt"]), "best_of")


def client_litellm():
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False

    def of(name, work, refused=None):
        call("LiteLLM", name, work, refused)

    common = {"api_base": URL, "api_key": "none", "max_retries": 0}

    def chat(provider, **more):
        return litellm.completion(**{**ask, "model": f"{provider}/{MODEL}", **common, **more})

    def fails(work, kind):
        try:
            work()
        except kind:
            return
        raise AssertionError(f"it was answered, or failed otherwise than with {kind.__name__}")

    def text():
        answer = litellm.text_completion(**{**complete, "model": f"text-completion-openai/{MODEL}", **common})
        equal(answer.choices[0].text, expected["completion"])

    def stream():
        pieces = chat("openai", stream=True)
        equal("".join(piece.choices[0].delta.content or "" for piece in pieces), expected["chat"])

    long = [{"role": "user", "content": "a" * expected["context"]}]
    for provider in ("openai", "hosted_vllm"):
        of(f"chat as {provider}/", lambda provider=provider: equal(chat(provider).choices[0].message.content, expected["chat"]))
    of("chat in a stream", stream)
    of("text completion", text)
    of("tool history", lambda: equal(chat("openai", messages=history).choices[0].message.content, expected["historyChat"]))
    of("too long a prompt: ContextWindowExceededError", lambda: fails(
        lambda: chat("openai", messages=long), litellm.ContextWindowExceededError))
    of("another model: NotFoundError", lambda: fails(
        lambda: litellm.completion(**{**ask, "model": "openai/gpt-4", **common}), litellm.NotFoundError))
    of("tools", lambda: chat("openai", tools=[tool]), "tools")
    of("response_format", lambda: chat("openai", response_format={"type": "json_object"}), "response_format")


def client_llm():
    def of(name, work, refused=None):
        call("llm", name, work, refused)

    with tempfile.TemporaryDirectory() as home:
        with open(os.path.join(home, "extra-openai-models.yaml"), "w") as file:
            entry = {"model_name": MODEL, "api_base": URL, "api_key_name": "none", "supports_tools": True, "supports_schema": True}
            models = [{"model_id": "chat", **entry}, {"model_id": "text", "completion": True, **entry}]
            file.write(json.dumps(models))  # JSON is YAML

        def llm(*args):
            command = [sys.executable, "-m", "llm", *args, "-o", "temperature", "0", "-o", "max_tokens", str(expected["tokens"])]
            done = subprocess.run(command, capture_output=True, env={**os.environ, "LLM_USER_PATH": home}, timeout=120)
            if done.returncode != 0:
                raise RuntimeError(done.stderr.decode())
            return done.stdout.decode().removesuffix("\n")

        content = expected["messages"][0]["content"]
        of("chat in a stream", lambda: equal(llm("-m", "chat", content), expected["chat"]))
        of("chat, --no-stream", lambda: equal(llm("-m", "chat", "--no-stream", content), expected["chat"]))
        of("a completion model", lambda: equal(llm("-m", "text", "--no-stream", expected["prompt"]), expected["completion"]))
        of("--schema", lambda: llm("-m", "chat", "--schema", "x int", content), "response_format")
        of("a tool, -T", lambda: llm("-m", "chat", "-T", "llm_version", content), "tools")


def client_smolagents():
    from smolagents import CodeAgent, LogLevel, OpenAIServerModel, ToolCallingAgent

    def of(name, work, refused=None):
        call("smolagents", name, work, refused)

    model = OpenAIServerModel(
        MODEL, api_base=URL, api_key="none", max_tokens=expected["tokens"], temperature=0, client_kwargs={"max_retries": 0})

    def step(kind):
        # What the model writes is no program: the agent's interpreter has nothing to run.
        agent = kind(tools=[], model=model, max_steps=1, verbosity_level=LogLevel.OFF)
        steps = list(agent.run("abc", stream=True))
        first = next(one for one in steps if type(one).__name__ == "ActionStep")
        sent = [message.dict() for message in first.model_input_messages]
        answer = model.client.chat.completions.create(
            model=MODEL, messages=plain(sent), max_tokens=expected["tokens"], temperature=0,
            stop=["Observation:", "Calling tools:", *agent.code_block_tags[1:]])
        equal(first.model_output.removesuffix(agent.code_block_tags[1]), answer.choices[0].message.content)
        equal(first.token_usage.input_tokens, answer.usage.prompt_tokens)

    def plain(messages):
        roles = {"tool-response": "user", "tool-call": "assistant"}
        return [{"role": roles.get(one["role"], one["role"]), "content": one["content"]} for one in messages]

    def tools():
        agent = ToolCallingAgent(tools=[], model=model, max_steps=1, verbosity_level=LogLevel.OFF)
        for one in agent.run("abc", stream=True):
            if getattr(one, "error", None):
                raise one.error

    def text():
        equal(model.generate(ask["messages"]).content, expected["chat"])
        pieces = model.generate_stream(ask["messages"])
        equal("".join(piece.content or "" for piece in pieces), expected["chat"])

    of("the model, whole and in a stream", text)
    of("one step of a CodeAgent", lambda: step(CodeAgent))
    of("one step of a ToolCallingAgent", tools, "tool_choice")


def client_lm_eval():
    from lm_eval.api.instance import Instance
    from lm_eval.models.openai_completions import LocalCompletionsAPI

    def of(name, work, refused=None):
        call("lm-evaluation-harness", name, work, refused)

    def harness(**more):
        return LocalCompletionsAPI(
            base_url=f"{URL}/completions", model=MODEL, tokenizer=FOLDER, tokenizer_backend="huggingface",
            max_length=expected["context"], max_retries=1, **more)

    def instances(kind, requests):
        return [Instance(request_type=kind, doc={}, arguments=tuple(request), idx=i) for i, request in enumerate(requests)]

    def scores(**more):
        pairs = [(one["context"], one["continuation"]) for one in expected["likelihoods"]]
        found = harness(**more).loglikelihood(instances("loglikelihood", pairs))
        for (score, greedy), wanted in zip(found, expected["likelihoods"], strict=True):
            near(score, wanted["score"])
            equal(greedy, wanted["greedy"])

    def rolling():
        found = harness(custom_prefix_token_id=expected["endId"]).loglikelihood_rolling(
            instances("loglikelihood_rolling", [(expected["prompt"],)]))
        near(found[0], expected["rolling"])

    def generate(**more):
        settings = {"until": ["\n\n"], "max_gen_toks": expected["tokens"], "temperature": 0}
        found = harness(**more).generate_until(instances("generate_until", [(expected["prompt"], settings)]))
        equal(found, [expected["completion"]])

    of("loglikelihood, token ids", scores)
    of("loglikelihood, texts", lambda: scores(tokenized_requests=False))
    of("loglikelihood, four at once in batches of two", lambda: scores(num_concurrent=4, batch_size=2))
    of("loglikelihood_rolling", rolling)
    of("generate_until, token ids", generate)
    of("generate_until, texts", lambda: generate(tokenized_requests=False))


for group in (client_openai, client_langchain, client_litellm, client_llm, client_smolagents, client_lm_eval):
    try:
        group()
    except Exception as error:
        name = group.__name__.removeprefix("client_")
        print(json.dumps({"client": name, "call": "start", "outcome": "wrong", "why": f"{type(error).__name__}: {error}"}), flush=True)
