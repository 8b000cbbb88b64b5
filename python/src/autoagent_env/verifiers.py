"""Lives as a taskset of verifiers, whose own OpenEnv environment plays them: a task is a life, named by its seed."""

from __future__ import annotations

import os

from verifiers.v1.tasksets.openenv.taskset import OpenEnvConfig, OpenEnvTaskset

from .client import DEFAULT_URL


def config(lives: int = 256, base_url: str | None = None, first_seed: int = 0) -> OpenEnvConfig:
    """What a taskset is made of.

    The environment of verifiers sends no headers: a token goes into the address, `http://any:TOKEN@host:8700`.

    Args:
        lives: How many tasks, each with a seed of its own.
        base_url: Of the server; by default the variable AUTOAGENT_ENV, else http://127.0.0.1:8700.
        first_seed: The first task's seed.
    """
    url = base_url or os.environ.get("AUTOAGENT_ENV") or DEFAULT_URL
    return OpenEnvConfig(base_url=url, resets=[{"seed": seed} for seed in range(first_seed, first_seed + lives)])


def taskset(lives: int = 256, base_url: str | None = None, first_seed: int = 0) -> OpenEnvTaskset:
    """The taskset of `config`: a rollout's reward is the life's return, `openenv_reward`.

    A life that was lost counts as what it had earned, since verifiers takes no reward for 0.
    """
    return OpenEnvTaskset(config(lives, base_url, first_seed))
