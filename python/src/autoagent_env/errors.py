"""What can go wrong between a client and the environment server; each text names the cure."""

from __future__ import annotations


class AutoAgentError(Exception):
    """Anything that this package raises by itself."""


class ServerError(AutoAgentError):
    """The server refused a message. `code` is OpenEnv's name of the reason, such as `VALIDATION_ERROR`."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code


class CapacityError(ServerError):
    """All sessions of the server are taken."""


class NoServerError(AutoAgentError, ConnectionError):
    """Nobody answers at the server's address, or who answers lets nobody in."""


class EpisodeLostError(AutoAgentError, ConnectionError):
    """The connection broke within an episode, which is over with it. It says nothing about the agent: give it no reward."""


class LaunchError(AutoAgentError):
    """The server could not be started from here."""
