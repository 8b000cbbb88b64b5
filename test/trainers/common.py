"""Calls of clients on a server of this project, and what came of them; `run.ts` reads it.

usage: FILE URL EXPECTED: the server's address, and a JSON file of what the same lives are in process. Prints one JSON line a
call: {"client", "call", "outcome", "why"}.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Callable
from typing import Any

URL = sys.argv[1]
with open(sys.argv[2], encoding="utf8") as file:
    EXPECTED: list[dict[str, Any]] = json.load(file)

CHECKS: list[tuple[str, str, Callable[[], Any]]] = []


def check(client: str, call: str) -> Callable[[Callable[[], Any]], None]:
    """The function below is a call of a client; what it returns is told."""
    return lambda work: CHECKS.append((client, call, work))


def version(name: str) -> str:
    return f"{name} {importlib.metadata.version(name)}"


def compare(life: dict[str, Any], step: int, observation: dict[str, Any], reward: float | None, done: bool) -> None:
    """An answer against the same step in process."""
    expected = life["steps"][step]
    for name, value in expected["observation"].items():
        assert observation[name] == value, (name, observation[name], value)
    assert (reward, done) == (expected["reward"], expected["done"]), (reward, done, expected)


def run_checks() -> None:
    """Makes all calls, in order."""
    for client, call, work in CHECKS:
        try:
            why, outcome = str(work() or ""), "right"
        except BaseException as error:  # noqa: BLE001
            why, outcome = f"{type(error).__name__}: {error}"[:500], "wrong"
        print(json.dumps({"client": client, "call": call, "outcome": outcome, "why": why}), flush=True)
