/** A language model as a policy: it writes each step's program. It does not learn, so it can be measured, not trained. */

import { ask as askModel } from "../llm/answer.ts";
import type { LanguageModel } from "../llm/index.ts";
import type { Action, Policy } from "../policy/index.ts";
import { type BodyName, bodies } from "../sandbox/index.ts";

/** What a model is asked, out of what an environment shows. */
interface Asked {
  query?: string;
  response?: string;
}

/** Makes a policy of a model that writes programs for agents of this body. Actions carry no log-probability (NaN): a model behind a server does not tell one. */
export function modelPolicy<Observation>(
  model: LanguageModel,
  { prompt, body = "javascript" }: { prompt?: (seen: Observation) => string; body?: BodyName } = {},
): Policy<Observation> {
  const ask = prompt ?? ((seen: Observation) => (seen as Asked).response || (seen as Asked).query || "What next?");
  return {
    name: model.name,
    // A prompt of the caller's may say anything: such a policy is like no other.
    ...(prompt === undefined &&
      model.fingerprint !== undefined && {
        fingerprint: async () => JSON.stringify([await model.fingerprint!(), body]),
      }),
    act: (observations, streams) =>
      Promise.all(
        observations.map(async (seen, i): Promise<Action> => {
          const { text } = await askModel(model, { prompt: ask(seen), seed: streams[i]!.integer(2 ** 31) });
          const program = bodies[body].extractProgram(text);
          return { program, label: program.split("\n")[0]!.slice(0, 40), choice: -1, logProb: Number.NaN };
        }),
      ),
  };
}
