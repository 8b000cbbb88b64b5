"""OpenEnv's own client, typed: `AutoAgentOpenEnv(base_url).sync()`, or with `await`. Needs openenv 0.10 or newer."""

from __future__ import annotations

import os
from typing import Any

from openenv.core.client_types import StepResult
from openenv.core.env_client import EnvClient

from .client import DEFAULT_URL, Observation, observation_of


class AutoAgentOpenEnv(EnvClient[str, Observation, dict[str, Any]]):
    """A session in OpenEnv's words: an action is a program, an observation an `autoagent_env.Observation`.

    Args:
        base_url: Of the server; by default the variable AUTOAGENT_ENV, else http://127.0.0.1:8700.
        token: What the server asks for; by default the variable AUTOAGENT_TOKEN.
        options: Of OpenEnv's client.
    """

    def __init__(self, base_url: str | None = None, token: str | None = None, **options: Any) -> None:
        token = token or os.environ.get("AUTOAGENT_TOKEN")
        if token:
            options.setdefault("headers", {"Authorization": f"Bearer {token}"})
        # While a model writes for minutes, nothing answers pings in time: the server's own are enough.
        options.setdefault("websocket_ping_timeout_s", None)
        options.setdefault("message_timeout_s", 180.0)
        super().__init__(base_url or os.environ.get("AUTOAGENT_ENV") or DEFAULT_URL, **options)

    def _step_payload(self, action: str) -> dict[str, Any]:
        return {"program": action}

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[Observation]:
        return StepResult(
            observation=observation_of(payload),
            reward=payload.get("reward"),
            done=bool(payload.get("done")),
            metadata=payload.get("metadata"),
        )

    def _parse_state(self, payload: dict[str, Any]) -> dict[str, Any]:
        return payload
