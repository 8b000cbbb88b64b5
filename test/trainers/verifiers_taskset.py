"""The OpenEnv taskset of verifiers, with the OpenEnv that it takes, on a server of this project; see `common.py`."""

from __future__ import annotations

import asyncio
import json
import types
from typing import Any

from common import EXPECTED, URL, check, run_checks, version


def verifiers_life(life: dict[str, Any]) -> float:
    """One task of verifiers' taskset, played by its own environment; the model is a list of replies."""
    from verifiers.v1.tasksets.openenv.taskset import OpenEnvEnv

    from autoagent_env.verifiers import taskset

    (task,) = taskset(lives=1, base_url=URL, first_seed=life["seed"]).load()
    shown: list[str] = []
    scored: list[float] = []

    class Interaction:
        trace = types.SimpleNamespace(record_reward=lambda name, value: scored.append(value), stop=lambda why: None)

        async def turn(self, payload: str) -> Any:
            shown.append(payload)
            return types.SimpleNamespace(terminated=False, last_reply=life["replies"][len(shown) - 1])

        async def __aenter__(self) -> Interaction:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

    agents = types.SimpleNamespace(player=types.SimpleNamespace(interaction=lambda _: Interaction()))
    asyncio.run(OpenEnvEnv.run(object.__new__(OpenEnvEnv), task, agents))
    for payload in shown:
        observation = json.loads(payload)["observation"]
        assert "rewards" not in payload and "solved" not in payload, payload
        assert set(observation) >= {"task", "genome"}, observation
    return scored[0]


@check(f"{version('verifiers')}, {version('openenv')}", "its OpenEnv taskset, with scripted replies")
def _() -> str:
    life = EXPECTED[1]
    replies = [f"```ts\n{life['programs'][0]}\n```", *life["programs"][1:]]
    total = verifiers_life({**life, "replies": replies})
    assert total == sum(step["reward"] for step in life["steps"]), (total, life["steps"])
    numbers = {"seed": 5, "replies": ["42", "[1, 2]", '"a text"', "null"]}
    return f"a life of {len(replies)} replies and one of JSON: {total:g} and {verifiers_life(numbers):g}"


run_checks()
