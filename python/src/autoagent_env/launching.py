"""Starts an environment server from Python: `with launch() as server: Client(server.url)`. It needs Node, through npx."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from .errors import LaunchError

_CURE = (
    "install Node 18 or newer and, in this folder, the package autoagent-lab (`npm install autoagent-lab`); or start the "
    "server elsewhere by `npx autoagent env serve`, and name its address in AUTOAGENT_ENV"
)


@dataclass
class Server:
    """A server that runs as a child of this process, and ends with `close`."""

    url: str
    process: subprocess.Popen[str] = field(repr=False)

    def close(self) -> None:
        """Ends the server and waits until it is gone."""
        if self.process.poll() is None:
            _signal(self.process, signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                _signal(self.process, signal.SIGKILL)
                self.process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def launch(
    *options: str, command: Sequence[str] = ("npx", "--no-install", "autoagent"), timeout: float = 60.0
) -> Server:
    """Starts `autoagent env serve` on a free port of this machine, and returns when it serves.

    Args:
        options: Of the command: `launch("--max-steps", "8", "--sessions", "128")`.
        command: What runs `autoagent`. By default npx, which finds the package where it is installed in this folder or above.
        timeout: Seconds until it must serve.

    Raises:
        LaunchError: Node or the package is missing, or the server did not start; the text says what to do.
    """
    program = shutil.which(command[0])
    if program is None:
        raise LaunchError(f"{command[0]} is not on PATH: {_CURE}")
    # Of a group of its own: npx starts it through a shell, and a signal must reach all of them.
    process = subprocess.Popen(
        [program, *command[1:], "env", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    said: list[str] = []
    url: list[str] = []
    serves = threading.Event()

    def read(stream: object) -> None:
        for line in stream:  # type: ignore[attr-defined]
            said.append(line)
            found = re.match(r"Serving .* at (http\S+)", line)
            if found:
                url.append(found[1])
                serves.set()
        serves.set()

    for stream in (process.stdout, process.stderr):
        threading.Thread(target=read, args=(stream,), daemon=True).start()
    _wait(process, serves, url, timeout)
    server = Server(url[0] if url else "", process)
    if url:
        return server
    server.close()
    told = " ".join("".join(said).split())[-300:]
    raise LaunchError(f"the server did not start ({told or 'it said nothing'}): {_CURE}")


def _wait(process: subprocess.Popen[str], serves: threading.Event, url: list[str], timeout: float) -> None:
    """Until it serves, or is gone: the end of one of its streams alone says neither."""
    for _ in range(int(timeout * 10)):
        serves.wait(0.1)
        if url:
            return
        if process.poll() is not None:
            # What it said last may still be on its way.
            serves.wait(1)
            return


def _signal(process: subprocess.Popen[str], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
