"""A session on the environment server: one connection, one episode after the other, a program a step.

Source of the messages: OpenEnv's protocol (openenv 0.10). `websockets` is all that this module needs.
"""

from __future__ import annotations

import ipaddress
import json
import os
import threading
from dataclasses import dataclass, field, fields
from types import TracebackType
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.http11 import Response

from .connection import Connection
from .errors import CapacityError, EpisodeLostError, NoServerError, ServerError

DEFAULT_URL = "http://127.0.0.1:8700"


@dataclass
class Observation:
    """What the agent may know. All of it may be shown to a model."""

    step: int = 0
    """Steps lived so far."""
    query: str = ""
    """The agent's next query, and its last response."""
    response: str = ""
    task: str | None = None
    """What the agent is asked to do in the next step; None where nothing is asked."""
    energy: float | None = None
    """What it has left to live on; None where steps cost nothing."""
    genome: list[dict[str, str]] = field(default_factory=list)
    """Its attributes and methods: `name`, `kind`, `source`."""
    verdict: str | None = None
    """How the last step ended: `survived`, or what killed the agent. None after a reset."""
    cause: str = ""
    """What ended the life, in a sentence."""
    output: str = ""
    """What the last program printed."""
    more: dict[str, Any] = field(default_factory=dict)
    """What another environment, or a newer server, says besides."""

    def text(self) -> str:
        """The observation as a model reads it: lines of what there is to say, no line for what there is not."""
        lines = [f"step {self.step}"]
        if self.verdict is not None:
            lines.append(f"last step: {self.verdict}" + (f" ({self.cause})" if self.cause else ""))
        if self.output:
            lines.append(f"printed: {self.output.rstrip()}")
        if self.response:
            lines.append(f"response: {self.response}")
        if self.query:
            lines.append(f"query: {self.query}")
        if self.energy is not None:
            lines.append(f"energy: {self.energy:g}")
        if self.task is not None:
            lines.append(f"task: {self.task}")
        return "\n".join(lines)


_KNOWN = frozenset(one.name for one in fields(Observation)) - {"more"}


def observation_of(data: dict[str, Any]) -> Observation:
    """The observation of an answer; what this client does not know is in `more`."""
    seen = data.get("observation") or {}
    told = {name: value for name, value in seen.items() if name in _KNOWN}
    more = {name: value for name, value in seen.items() if name not in _KNOWN}
    return Observation(**told, more=more)


@dataclass
class StepResult:
    """What came of a reset or a step."""

    observation: Observation
    reward: float | None
    """None after a reset, and where the step could not be scored: leave such an episode out of an update."""
    done: bool
    metadata: dict[str, Any]
    """How the step was scored: `rewards` by part, `score`, `solved`, `changed`, `effects`. Not for the model's eyes."""

    @property
    def terminated(self) -> bool:
        """The agent died."""
        return bool(self.metadata.get("terminated"))

    @property
    def truncated(self) -> bool:
        """The time limit, or a fault of the sandbox, cut the episode."""
        return bool(self.metadata.get("truncated"))


class Client:
    """A session. It connects at its first `reset`, and again at a `reset` after its connection was lost.

    An episode is lost with its connection: `step` then raises an EpisodeLostError, and never goes on in another episode.
    A client may be used from several threads; each call is one question and its answer.

    Args:
        base_url: Of the server, with or without `/ws`; `http://any:TOKEN@host` carries a token. By default the variable
            AUTOAGENT_ENV, else http://127.0.0.1:8700.
        token: What the server asks for; by default the variable AUTOAGENT_TOKEN.
        timeout: Seconds to wait for an answer. A step ends by itself within the sandbox's limits.
    """

    def __init__(self, base_url: str | None = None, token: str | None = None, *, timeout: float = 180.0) -> None:
        self.base_url = base_url or os.environ.get("AUTOAGENT_ENV") or DEFAULT_URL
        self._ws_url = _ws_url(self.base_url)
        self._token = token or os.environ.get("AUTOAGENT_TOKEN") or None
        self._timeout = timeout
        self._lock = threading.RLock()
        self._socket: Connection | None = None

    def reset(self, seed: int | None = None, episode_id: str | None = None) -> StepResult:
        """Begins an episode. The same seed and programs give the same episode; without one the server draws it."""
        with self._lock:
            self.send_reset(seed, episode_id)
            return self.receive()

    def step(self, program: str) -> StepResult:
        """Runs one program on the agent, through the agent's own `execute_code`."""
        with self._lock:
            self.send_step(program)
            return self.receive()

    def state(self) -> dict[str, Any]:
        """The episode's id and how many steps it has had."""
        with self._lock:
            self._send({"type": "state"}, self._connected())
            return self._receive()

    def send_reset(self, seed: int | None = None, episode_id: str | None = None) -> None:
        """Asks for an episode without waiting for the answer, which the next `receive` gives."""
        data = {"seed": seed, "episode_id": episode_id}
        with self._lock:
            message = {"type": "reset", "data": {name: value for name, value in data.items() if value is not None}}
            try:
                self._send(message, self._connected())
            except EpisodeLostError:
                # The server closed the old session (idle, or gone for a while): nothing of this episode is lost yet.
                self._send(message, self._connected())

    def send_step(self, program: str) -> None:
        """Asks for a step without waiting for the answer."""
        if not isinstance(program, str):
            raise TypeError(f"Expected a program, which is a str, got {type(program).__name__}")
        with self._lock:
            if self._socket is None:
                raise EpisodeLostError("there is no episode: call reset() first")
            # That the connection is lost is seen soon enough by the answer that does not come: the episode is lost with it.
            self._send({"type": "step", "data": {"program": program}}, self._socket, heard=False)

    def receive(self) -> StepResult:
        """The answer to what was asked first and has not been answered."""
        with self._lock:
            data = self._receive()
        return StepResult(
            observation=observation_of(data),
            reward=data.get("reward"),
            done=bool(data.get("done")),
            metadata=data.get("metadata") or {},
        )

    def abandon(self) -> None:
        """Drops the connection, and with it the episode and every answer that is still to come; the next `reset` connects again."""
        with self._lock:
            self._drop()

    def close(self) -> None:
        """Gives the session back."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = None

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Who forgets `close` would keep a session of the server until something collects its socket.
        if getattr(self, "_socket", None) is not None:
            self._drop()

    def _connected(self) -> Connection:
        if self._socket is None:
            self._socket = self._connect()
        return self._socket

    def _connect(self) -> Connection:
        headers: dict[str, str] = {}
        if self._token is not None and "@" not in urlsplit(self._ws_url).netloc:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            return Connection(self._ws_url, headers=headers, proxied=not _is_loopback(self._ws_url))
        except (InvalidHandshake, OSError, InvalidURI) as error:
            shown, response = _shown(self.base_url), getattr(error, "response", None)
            # Who says nothing at all is no server, or one that is just ending.
            if response is None:
                raise NoServerError(
                    f"no environment server at {shown} ({error}): start one by "
                    "`npx autoagent env serve`, or name its address in AUTOAGENT_ENV"
                ) from error
            cure = "; here by `token=...`, or the variable AUTOAGENT_TOKEN" if response.status_code == 401 else ""
            raise NoServerError(f"the server at {shown} lets nobody in: {_reason(response)}{cure}") from error

    def _send(self, message: dict[str, Any], socket: Connection, *, heard: bool = True) -> None:
        try:
            socket.send(json.dumps(message), heard=heard)
        except ConnectionClosed as error:
            self._raise_refusal(socket)
            self._drop()
            raise EpisodeLostError(f"the connection is closed ({error}): call reset() for another episode") from error

    def _receive(self) -> dict[str, Any]:
        if self._socket is None:
            raise EpisodeLostError("there is no episode: call reset() first")
        try:
            answer = json.loads(self._socket.receive(self._timeout))
        except TimeoutError as error:
            # The answer may come yet, and would be taken for the next one's: the connection cannot be used any more.
            self._drop()
            raise EpisodeLostError(f"no answer within {self._timeout:g} s: call reset() for another episode") from error
        except ConnectionClosed as error:
            self._drop()
            raise EpisodeLostError(f"the connection was lost ({error}): call reset() for another episode") from error
        except BaseException:
            # An interrupt, say: the answer that is still to come would be taken for the next one's.
            self._drop()
            raise
        if answer["type"] != "error":
            return dict(answer["data"])
        self._raise(answer["data"])

    def _raise_refusal(self, socket: Connection) -> None:
        """A server without room says so before it is asked, and closes: that is what is to be told."""
        try:
            answer = json.loads(socket.receive(0))
        except (ConnectionClosed, TimeoutError):
            return
        if answer["type"] == "error":
            self._raise(answer["data"])

    def _raise(self, data: dict[str, Any]) -> NoReturn:
        code, message = str(data.get("code")), str(data.get("message"))
        if code in ("CAPACITY_REACHED", "FACTORY_ERROR"):
            self._drop()
        raise (CapacityError if code == "CAPACITY_REACHED" else ServerError)(message, code)

    def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.drop()


def _ws_url(base_url: str) -> str:
    scheme, netloc, path, _, _ = urlsplit(base_url if "://" in base_url else f"http://{base_url}")
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if scheme not in schemes or not netloc:
        raise ValueError(f"Expected an address such as {DEFAULT_URL}, got {base_url!r}")
    path = path.rstrip("/")
    return urlunsplit((schemes[scheme], netloc, path if path.endswith("/ws") else f"{path}/ws", "", ""))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    """Without the token that it may carry."""
    scheme, netloc, *rest = urlsplit(url)
    return urlunsplit((scheme, netloc.split("@")[-1], *rest))


def _reason(response: Response) -> str:
    try:
        return str(json.loads(response.body or b"")["detail"])
    except (TypeError, ValueError, KeyError):
        return f"{response.status_code} {response.reason_phrase}"
