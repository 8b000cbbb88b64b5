"""The client of an older OpenEnv, which was installed as `openenv-core`, on a server of this project; see `common.py`."""

from __future__ import annotations

from common import EXPECTED, URL, check, compare, run_checks, version
from openenv.core import GenericEnvClient


@check(version("openenv-core"), "GenericEnvClient: lives as in process")
def _() -> str:
    with GenericEnvClient(base_url=URL).sync() as env:
        for life in EXPECTED:
            assert env.reset(seed=life["seed"]).observation["task"] == life["task"]
            for step, program in enumerate(life["programs"]):
                result = env.step({"program": program})
                compare(life, step, result.observation, result.reward, result.done)
    return f"{len(EXPECTED)} lives, {sum(len(life['steps']) for life in EXPECTED)} steps"


run_checks()
