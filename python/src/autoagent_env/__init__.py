"""Lives of a self-modifying agent, in a locked sandbox, for reinforcement learning from Python.

`Client` is a session on an environment server (`npx autoagent env serve`, or `launch()`). For trainers there are modules, each
of which needs that trainer's package: `autoagent_env.trl`, `autoagent_env.gymnasium`, `autoagent_env.verifiers` and
`autoagent_env.openenv`.
"""

from .client import DEFAULT_URL, Client, Observation, StepResult
from .errors import (
    AutoAgentError,
    CapacityError,
    EpisodeLostError,
    LaunchError,
    NoServerError,
    ServerError,
)
from .launching import Server, launch

__all__ = [
    "DEFAULT_URL",
    "AutoAgentError",
    "CapacityError",
    "Client",
    "EpisodeLostError",
    "LaunchError",
    "NoServerError",
    "Observation",
    "Server",
    "ServerError",
    "StepResult",
    "launch",
]
__version__ = "0.1.0"
