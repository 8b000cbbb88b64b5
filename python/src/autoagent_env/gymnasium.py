"""Lives as a Gymnasium environment: `gymnasium.make("AutoAgent/Survival-v0")`, and many at once by `make_vec`.

To import this module makes the two known; or `gymnasium.make("autoagent_env.gymnasium:AutoAgent/Survival-v0")` imports it.
Actions are programs. `reset(seed=...)` seeds a generator, and each life takes its own seed from it, as Gymnasium wants.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate

from .client import Client, Observation, StepResult
from .errors import EpisodeLostError

ENV_ID = "AutoAgent/Survival-v0"
_LONGEST_PROGRAM = 65_536
_LONGEST_TEXT = 2**22


class AnyText(spaces.Text):
    """A text of any characters. Gymnasium's own `Text` has a fixed alphabet, which no program keeps to."""

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and self.min_length <= len(x) <= self.max_length

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, AnyText)
            and self.min_length == other.min_length
            and self.max_length == other.max_length
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"AnyText({self.min_length}, {self.max_length})"


def _text() -> AnyText:
    return AnyText(min_length=0, max_length=_LONGEST_TEXT)


def action_space() -> spaces.Space[str]:
    """Programs."""
    return AnyText(min_length=0, max_length=_LONGEST_PROGRAM)


def observation_space() -> spaces.Dict:
    """What the agent may know; `genome` as one text, a line or more for each attribute and method."""
    return spaces.Dict(
        {
            "step": spaces.Box(0, 2**53, (), np.int64),
            "energy": spaces.Box(-np.inf, np.inf, (), np.float64),
            **{name: _text() for name in ("task", "query", "response", "genome", "verdict", "cause", "output")},
        }
    )


def _seen(observation: Observation) -> dict[str, Any]:
    genome = "\n".join(f"{member['name']} = {member['source']}" for member in observation.genome)
    texts = {
        "task": observation.task or "",
        "query": observation.query,
        "response": observation.response,
        "genome": genome,
        "verdict": observation.verdict or "",
        "cause": observation.cause,
        "output": observation.output,
    }
    # Gymnasium's spaces have no word for nothing: where steps cost no energy there is no end of it.
    energy = np.inf if observation.energy is None else observation.energy
    return {
        "step": np.array(observation.step, np.int64),
        "energy": np.array(energy, np.float64),
        **{name: text[:_LONGEST_TEXT] for name, text in texts.items()},
    }


def _info(result: StepResult) -> dict[str, Any]:
    metadata = result.metadata
    score = metadata.get("score")
    return {
        "rewards": {name: np.nan if part is None else float(part) for name, part in metadata.get("rewards", {}).items()},
        "score": np.nan if score is None else float(score),
        "solved": bool(metadata.get("solved")),
        "changed": bool(metadata.get("changed")),
        "harm": len(metadata.get("effects", ())),
        "lost": bool(metadata.get("fault")),
    }


def _reward(result: StepResult) -> float:
    # NaN, not 0: a step that could not be scored earned nothing and cost nothing, and must not be learned from.
    return float("nan") if result.reward is None else float(result.reward)


class SurvivalEnv(gym.Env[dict[str, Any], str]):
    """One life after the other on an environment server.

    A reward of NaN, and `info["lost"]`, say that the sandbox failed: leave that episode out. A connection that is lost within
    a life raises an EpisodeLostError; the next `reset` connects again.

    Args:
        base_url: Of the server; see `autoagent_env.Client`.
        token: What the server asks for.
        render_mode: None, or "ansi": `render()` gives the last observation as text.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(self, base_url: str | None = None, token: str | None = None, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.action_space = action_space()
        self.observation_space = observation_space()
        self._client = Client(base_url, token)
        self._last = Observation()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        life = int(self.np_random.integers(2**31))
        result = self._client.reset(seed=life)
        self._last = result.observation
        return _seen(result.observation), {"seed": life}

    def step(self, action: str) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        result = self._client.step(action)
        self._last = result.observation
        return _seen(result.observation), _reward(result), result.terminated, result.truncated, _info(result)

    def render(self) -> str | None:
        return self._last.text() if self.render_mode == "ansi" else None

    def close(self) -> None:
        self._client.close()


class SurvivalVectorEnv(gym.vector.VectorEnv[dict[str, Any], Any, Any]):
    """Many lives at once from one process: all steps are asked for before the first answer is waited for.

    The lives are those of as many `SurvivalEnv`s with the same seeds in a `SyncVectorEnv`. A life that ended begins anew at the
    next step (`AutoresetMode.NEXT_STEP`). One whose connection is lost is truncated, with the reward NaN and `info["lost"]`.
    Where a step or a reset is interrupted, or fails, all lives under way are lost: the next step says so of each, or `reset` begins others.

    Args:
        num_envs: Sessions on the server.
        base_url: Of the server; see `autoagent_env.Client`.
        token: What the server asks for.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(self, num_envs: int = 1, base_url: str | None = None, token: str | None = None) -> None:
        self.num_envs = num_envs
        self.single_action_space = action_space()
        self.single_observation_space = observation_space()
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._clients = [Client(base_url, token) for _ in range(num_envs)]
        self._generators = [np.random.default_rng() for _ in range(num_envs)]
        self._seen: list[dict[str, Any]] = [_seen(Observation()) for _ in range(num_envs)]
        self._over = np.ones(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed
        for i, own in enumerate(seeds or []):
            if own is not None:
                self._generators[i], _ = gym.utils.seeding.np_random(own)
        infos: dict[str, Any] = {}
        with self._all_or_none():
            asked = [self._begin(i) for i in range(self.num_envs)]
            for i, life in enumerate(asked):
                self._seen[i] = _seen(self._clients[i].receive().observation)
                infos = self._add_info(infos, {"seed": life}, i)
        self._over[:] = False
        return self._batch(), infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        programs = self._programs(actions)
        rewards = np.zeros(self.num_envs)
        terminated, truncated = np.zeros((2, self.num_envs), dtype=np.bool_)
        infos: dict[str, Any] = {}
        with self._all_or_none():
            begun, lost = self._ask(programs)
            for i, client in enumerate(self._clients):
                try:
                    result = None if i in lost else client.receive()
                except EpisodeLostError:
                    result = None
                if result is None:
                    rewards[i], truncated[i] = np.nan, True
                    infos = self._add_info(infos, {"lost": True}, i)
                    continue
                self._seen[i] = _seen(result.observation)
                if i in begun:
                    infos = self._add_info(infos, {"seed": begun[i]}, i)
                    continue
                rewards[i], terminated[i], truncated[i] = _reward(result), result.terminated, result.truncated
                infos = self._add_info(infos, _info(result), i)
        self._over = np.logical_or(terminated, truncated)
        return self._batch(), rewards, terminated, truncated, infos

    def close_extras(self, **kwargs: Any) -> None:
        for client in self._clients:
            client.close()

    def _programs(self, actions: Any) -> list[str]:
        """The actions, a program each. Nothing is sent before all of them are known to be some."""
        programs = [actions] if isinstance(actions, str) else list(iterate(self.action_space, actions))
        if isinstance(actions, str) or len(programs) != self.num_envs:
            raise ValueError(f"Expected {self.num_envs} programs, one for each environment, got {len(programs)}")
        for i, program in enumerate(programs):
            if not isinstance(program, str):
                raise TypeError(f"Expected a program, which is a str, for environment {i}, got {type(program).__name__}")
        return programs

    def _ask(self, programs: list[str]) -> tuple[dict[int, int], set[int]]:
        """Asks for all steps, and for lives in place of those that are over: their seeds, and which have no connection."""
        begun: dict[int, int] = {}
        lost: set[int] = set()
        for i, program in enumerate(programs):
            try:
                if self._over[i]:
                    begun[i] = self._begin(i)
                else:
                    self._clients[i].send_step(program)
            except EpisodeLostError:
                lost.add(i)
        return begun, lost

    @contextmanager
    def _all_or_none(self) -> Iterator[None]:
        """Where something is raised, answers may still be to come, which a later question would be given: all connections go."""
        try:
            yield
        except BaseException:
            for client in self._clients:
                client.abandon()
            raise

    def _begin(self, i: int) -> int:
        life = int(self._generators[i].integers(2**31))
        self._clients[i].send_reset(seed=life)
        return life

    def _batch(self) -> Any:
        space = self.single_observation_space
        return concatenate(space, self._seen, create_empty_array(space, n=self.num_envs))  # type: ignore[arg-type]


if ENV_ID not in gym.registry:
    gym.register(
        ENV_ID,
        entry_point="autoagent_env.gymnasium:SurvivalEnv",
        vector_entry_point="autoagent_env.gymnasium:SurvivalVectorEnv",
    )
