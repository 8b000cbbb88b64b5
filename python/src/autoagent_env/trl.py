"""Lives as environments for TRL's GRPOTrainer: `GRPOTrainer(..., environment_factory=AutoAgentEnv)`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .client import Client, StepResult
from .errors import AutoAgentError, CapacityError, NoServerError

if TYPE_CHECKING:
    from datasets import Dataset

PROMPT = (
    "You are an agent that lives in a program and can change itself. You act only by the tool run_program: its code runs on you, "
    "and `self` is you. Do what the task asks, stay able to act, and harm nobody.\n"
)
"""What a model is told before the first observation."""

_PATIENCE = 60.0


class AutoAgentEnv:
    """One life a rollout.

    TRL makes one for each rollout of a batch, resets it often and never closes it, so the server needs as many sessions as
    `generation_batch_size`. Its public methods but `reset` and `get_reward` are tools of the model: there is one.

    Args:
        base_url: Of the server; by default the variable AUTOAGENT_ENV, else http://127.0.0.1:8700.
    """

    def __init__(self, base_url: str | None = None) -> None:
        self._client = Client(base_url)
        self._return = 0.0
        self._over = True
        self._lost = True

    # A class method: TRL takes static methods for tools.
    @classmethod
    def dataset(cls, lives: int = 256, prompt: str = PROMPT, first_seed: int = 0) -> Dataset:
        """
        Prompts with a seed each. TRL repeats a row for its whole group, so that all of a group live the same life.

        Args:
            lives: How many rows, each with a seed of its own.
            prompt: What the model is told before the first observation.
            first_seed: The first row's seed; take others for an evaluation than for training.

        Returns:
            A dataset with the columns `prompt` and `seed`.
        """
        from datasets import Dataset

        message = [{"role": "user", "content": prompt}]
        return Dataset.from_dict({"prompt": [message] * lives, "seed": list(range(first_seed, first_seed + lives))})

    def reset(self, seed: int | None = None, **row: Any) -> str:
        """
        Begins a life.

        Args:
            seed: Of the row. Without one each life of a group would have other tasks, and be compared with the others for nothing.
            row: The other columns, which are not needed here.

        Returns:
            What the agent observes first.
        """
        if seed is None:
            raise ValueError(
                "reset() without a seed: give the trainer `train_dataset=AutoAgentEnv.dataset(lives=256)`, or a dataset of "
                "your own with a column `seed`, so that all rollouts of a group live the same life"
            )
        result = self._begin(int(seed))
        self._return, self._over, self._lost = 0.0, False, False
        return result.observation.text()

    def run_program(self, program: str) -> str:
        """
        Runs one program on yourself and says what came of it. Call it again until the life ends.

        Args:
            program: TypeScript or JavaScript, the body of a function in which `self` is you.

        Returns:
            What happened, and what you are asked next.
        """
        if self._over:
            # No error: TRL counts those as failed calls, and shows them to the model.
            return "The life has ended. Say so in one sentence."
        try:
            result = self._client.step(str(program))
        except AutoAgentError:
            # Raised, it would be shown to the model, and the rollout scored by what it had earned before.
            self._over = self._lost = True
            return "The life was lost. Say so in one sentence."
        self._over = result.done
        if result.reward is None:
            self._lost = True
        else:
            self._return += result.reward
        return result.observation.text() + ("\nThe life has ended." if result.done else "")

    def get_reward(self) -> float | None:
        """
        What the life earned.

        Returns:
            The sum of its rewards; None for a life that was lost, which TRL then leaves out of the update.
        """
        return None if self._lost else self._return

    def _begin(self, seed: int) -> StepResult:
        """A server that is being started again is waited for; one that is full, or refuses the token, is not."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._client.reset(seed=seed)
            except CapacityError as error:
                raise RuntimeError(
                    f"{error}: start the server with `--sessions` of at least the trainer's generation_batch_size"
                ) from error
            except NoServerError as error:
                if time.monotonic() > deadline or "lets nobody in" in str(error):
                    raise
                time.sleep(1)

    def __getstate__(self) -> dict[str, Any]:
        return {"base_url": self._client.base_url}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


class PythonAutoAgentEnv(AutoAgentEnv):
    """The same on a server with `--body python`, whose agents are made of Python: the model's tool asks for that."""

    def run_program(self, program: str) -> str:
        """
        Runs one program on yourself and says what came of it. Call it again until the life ends.

        Args:
            program: Python, in which `self` is you.

        Returns:
            What happened, and what you are asked next.
        """
        return super().run_program(program)
