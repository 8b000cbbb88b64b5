"""The vector environment for Gymnasium where a step or a reset fails or is interrupted; see `common.py`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from common import URL, check, run_checks, version

import autoagent_env.gymnasium

GYMNASIUM = version("gymnasium")


def make(count: int = 3) -> autoagent_env.gymnasium.SurvivalVectorEnv:
    return gymnasium.make_vec(
        "AutoAgent/Survival-v0", num_envs=count, vectorization_mode="vector_entry_point", base_url=URL
    )


def says(envs: Any, word: str) -> list[str]:
    return [text.strip() for text in envs.step([f"console.log('{word}')"] * envs.num_envs)[0]["output"]]


def raises(envs: Any, of: int, error: BaseException, call: Any) -> None:
    """Makes the call, in which the wait for one environment's answer ends in an error; answers are then still to come."""
    client = envs._clients[of]

    def receive() -> Any:
        del client.receive
        raise error

    client.receive = receive
    try:
        call()
    except type(error):
        return
    raise AssertionError(f"{error!r} was not raised")


@check(GYMNASIUM, "an interrupted step of many: no later question is given its answers, the lives are lost and told so")
def _() -> str:
    envs = make()
    envs.reset(seed=1)
    assert says(envs, "before") == ["before"] * 3
    for of in range(3):
        raises(envs, of, KeyboardInterrupt(), lambda: says(envs, "interrupted"))
        _, rewards, terminated, truncated, infos = envs.step(["console.log('next')"] * 3)
        assert np.isnan(rewards).all() and truncated.all() and not terminated.any(), (rewards, truncated, terminated)
        assert infos["lost"].all(), infos
        seen, rewards, *_ = envs.step(["console.log('not run: a life begins')"] * 3)
        assert (list(seen["step"]), list(seen["output"]), list(rewards)) == ([0, 0, 0], [""] * 3, [0, 0, 0]), seen
        assert says(envs, "after") == ["after"] * 3
    envs.close()
    return "3 places to be interrupted at"


@check(GYMNASIUM, "an interrupted step or reset of many, then a reset: the lives of its seed")
def _() -> None:
    envs = make()
    first = envs.reset(seed=5)
    for error in [KeyboardInterrupt(), autoagent_env.ServerError("it failed", "EXECUTION_ERROR")]:
        for call in [lambda: says(envs, "interrupted"), lambda: envs.reset(seed=9)]:
            raises(envs, 1, error, call)
            seen, infos = envs.reset(seed=5)
            assert list(infos["seed"]) == list(first[1]["seed"]), infos
            assert {name: list(seen[name]) for name in seen} == {name: list(first[0][name]) for name in seen}, seen
            assert says(envs, "after") == ["after"] * 3
    envs.close()


@check(GYMNASIUM, "actions that are no programs, too few of them, or one text: named, and no life goes on")
def _() -> None:
    envs = make()
    envs.reset(seed=1)
    for actions, told in [
        (["1", None, "1"], "Expected a program, which is a str, for environment 1, got NoneType"),
        (["1", "1"], "Expected 3 programs, one for each environment, got 2"),
        (["1"] * 4, "Expected 3 programs, one for each environment, got 4"),
        ("abc", "Expected 3 programs, one for each environment, got 1"),
    ]:
        try:
            envs.step(actions)
            raise AssertionError(f"{actions} were played")
        except (TypeError, ValueError) as error:
            assert str(error) == told, error
    seen = envs.step(tuple(["console.log('on')"] * 3))[0]
    assert (list(seen["step"]), [text.strip() for text in seen["output"]]) == ([1, 1, 1], ["on"] * 3), seen
    envs.close()


run_checks()
