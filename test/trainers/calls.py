"""OpenEnv's client, Gymnasium, and this project's Python package, on a server of this project; see `common.py`."""

from __future__ import annotations

import asyncio
import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

from common import EXPECTED, URL, check, compare, run_checks, version


def refused(kind: type[BaseException], text: str, work: Callable[[], Any]) -> None:
    """What must fail, and with which text."""
    try:
        work()
    except kind as error:
        assert text in str(error), error
        return
    raise AssertionError(f"nothing was refused: expected {text}")


def generic_client() -> Any:
    from openenv.core import GenericEnvClient

    return GenericEnvClient(base_url=URL).sync()


OPENENV = version("openenv")


@check(OPENENV, "GenericEnvClient: lives as in process")
def _() -> str:
    with generic_client() as env:
        for life in EXPECTED:
            first = env.reset(seed=life["seed"])
            assert first.observation["task"] == life["task"], first.observation
            assert first.reward is None and not first.done
            for step, program in enumerate(life["programs"]):
                result = env.step({"program": program})
                compare(life, step, result.observation, result.reward, result.done)
                assert result.metadata["rewards"] is not None
        return f"{len(EXPECTED)} lives, {sum(len(life['steps']) for life in EXPECTED)} steps"


@check(OPENENV, "GenericEnvClient: state, bad actions, the end, a bad seed")
def _() -> None:
    with generic_client() as env:
        refused(RuntimeError, "step() before reset()", lambda: env.step({"program": "1"}))
        env.reset(seed=1, episode_id="named")
        env.step({"program": "self.a = 1"})
        state = env.state()
        assert state["episode_id"] == "named" and state["step_count"] == 1, state
        for bad in ({"code": "x"}, {}, {"program": "1", "extra": 1}):
            refused(RuntimeError, "VALIDATION_ERROR", lambda bad=bad: env.step(bad))
        env.step({"program": "self.execute_code = 0"})
        refused(RuntimeError, "after the end of the episode", lambda: env.step({"program": "1"}))
        refused(RuntimeError, "Expected `seed` to be an integer", lambda: env.reset(seed="one"))


@check(OPENENV, "70 clients on 64 places")
def _() -> str:
    from openenv.core import GenericEnvClient

    async def many() -> list[Any]:
        clients = [GenericEnvClient(base_url=URL) for _ in range(70)]
        for client in clients:
            await client.connect()
        resets = [client.reset(seed=i) for i, client in enumerate(clients)]
        results = await asyncio.gather(*resets, return_exceptions=True)
        await asyncio.gather(*[client.close() for client in clients])
        return results

    results = asyncio.run(many())
    failed = [str(one) for one in results if isinstance(one, BaseException)]
    assert len(failed) == 6 and all("CAPACITY_REACHED" in one for one in failed), failed
    return "64 played, 6 were told CAPACITY_REACHED"


@check(OPENENV, "autoagent_env.openenv: the typed client")
def _() -> None:
    from autoagent_env.openenv import AutoAgentOpenEnv

    with AutoAgentOpenEnv(URL).sync() as env:
        life = EXPECTED[0]
        assert env.reset(seed=life["seed"]).observation.task == life["task"]
        result = env.step(life["programs"][0])
        compare(life, 0, vars(result.observation), result.reward, result.done)


@check("autoagent-env", "Client: lives as in process, an address in any form, errors that name the cure")
def _() -> None:
    import autoagent_env as lab

    for url in (URL, f"{URL}/", f"{URL}/ws", URL.replace("http", "ws"), URL.replace("http://", "")):
        with lab.Client(url) as client:
            life = EXPECTED[0]
            first = client.reset(life["seed"])
            assert first.observation.task == life["task"] and first.metadata["seed"] == life["seed"]
            result = client.step(life["programs"][0])
            compare(life, 0, vars(result.observation), result.reward, result.done)
            assert result.observation.text().startswith("step 1\nlast step: survived"), result.observation.text()
    refused(lab.EpisodeLostError, "call reset() first", lambda: lab.Client(URL).step("1"))
    refused(lab.NoServerError, "start one by `npx autoagent env serve`", lambda: lab.Client("127.0.0.1:9").reset())
    refused(lab.ServerError, "VALIDATION_ERROR", lambda: lab.Client(URL).reset("one"))  # type: ignore[arg-type]
    refused(TypeError, "Expected a program", lambda: client.step(3))  # type: ignore[arg-type]


@check("autoagent-env", "Client: one that is too many is told so, and plays when there is room")
def _() -> None:
    import autoagent_env as lab

    clients = [lab.Client(URL) for _ in range(64)]
    for i, client in enumerate(clients):
        client.reset(i)
    late = lab.Client(URL)
    refused(lab.CapacityError, "64/64 sessions active", late.reset)
    clients[0].close()
    for _ in range(100):
        try:
            late.reset(1)
            break
        except lab.CapacityError:
            pass
    assert late.step("self.a = 1").reward == 1
    for client in [late, *clients]:
        client.close()


def gymnasium_env(**options: Any) -> Any:
    import gymnasium

    import autoagent_env.gymnasium  # noqa: F401

    return gymnasium.make("AutoAgent/Survival-v0", base_url=URL, disable_env_checker=True, **options)


@check(version("gymnasium"), "check_env")
def _() -> str:
    from gymnasium.utils.env_checker import check_env

    env = gymnasium_env(render_mode="ansi").unwrapped
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env)
    env.close()
    told = [str(one.message) for one in caught if "infinity" not in str(one.message)]
    assert told == [], told
    return "passed, without a warning but that energy has no bound"


@check(version("gymnasium"), "Sync-, AsyncVectorEnv and make_vec: equal seeds, equal lives")
def _() -> str:
    import gymnasium
    from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

    programs = ["self.a = 1", "self.health = 9", "require('fs').rmSync('/')", "console.log(3)", "self.end = null"]

    def play(env: Any, seed: int) -> str:
        seen: list[Any] = [env.reset(seed=seed)]
        seen += [env.step([programs[(i + j) % len(programs)] for j in range(4)]) for i in range(8)]
        env.close()
        return repr([[*one[:-1], sorted(one[-1])] for one in seen])

    def own() -> Any:
        return gymnasium.make_vec(
            "AutoAgent/Survival-v0", num_envs=4, vectorization_mode="vector_entry_point", base_url=URL
        )

    one = play(SyncVectorEnv([gymnasium_env] * 4), 7)
    assert one == play(AsyncVectorEnv([gymnasium_env] * 4, shared_memory=False), 7)
    assert one == play(own(), 7)
    assert one != play(own(), 8)
    return "4 environments, 8 steps with their resets"


@check("autoagent-env", "AutoAgentEnv for TRL, without TRL: one tool, a seed, no reward for a lost life")
def _() -> None:
    import inspect
    import pickle
    import socket
    import threading
    from urllib.parse import urlsplit

    from autoagent_env.trl import AutoAgentEnv, PythonAutoAgentEnv

    for kind, asked in [(AutoAgentEnv, "program: TypeScript or JavaScript"), (PythonAutoAgentEnv, "program: Python,")]:
        names = [name for name, _ in inspect.getmembers(kind, predicate=inspect.isfunction) if name[0] != "_"]
        assert names == ["get_reward", "reset", "run_program"], names
        assert asked in (kind.run_program.__doc__ or ""), kind.run_program.__doc__
    life = EXPECTED[0]
    env = pickle.loads(pickle.dumps(AutoAgentEnv(URL)))
    assert life["task"] in env.reset(seed=life["seed"], prompt=[{"role": "user", "content": "x"}])
    told = [env.run_program(program) for program in life["programs"]]
    assert env.get_reward() == sum(step["reward"] for step in life["steps"])
    assert told[-1].endswith("The life has ended.") and "has ended" in env.run_program("1")
    refused(ValueError, "AutoAgentEnv.dataset(lives=256)", env.reset)
    # A server that goes away within a life: a pipe to the real one, which is cut.
    door = socket.create_server(("127.0.0.1", 0))
    target = urlsplit(URL)
    pairs: list[socket.socket] = []

    def pipe(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass

    def serve() -> None:
        while True:
            try:
                one, _ = door.accept()
            except OSError:
                return
            other = socket.create_connection((target.hostname, target.port))
            pairs.extend([one, other])
            for a, b in ((one, other), (other, one)):
                threading.Thread(target=pipe, args=(a, b), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    env = AutoAgentEnv(f"http://127.0.0.1:{door.getsockname()[1]}")
    env.reset(seed=1)
    env.run_program("self.a = 1")
    for one in pairs:
        one.shutdown(socket.SHUT_RDWR)
    assert "lost" in env.run_program("self.b = 1") and env.get_reward() is None
    env.reset(seed=1)
    env.run_program("self.a = 1")
    assert env.get_reward() == 1
    door.close()


@check("autoagent-env", "the blocks of its README that need no model")
def _() -> str:
    import os
    import re
    from pathlib import Path

    os.environ["AUTOAGENT_ENV"] = URL
    text = (Path(__file__).resolve().parents[2] / "python" / "README.md").read_text("utf8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    run = [block for block in blocks if "trl" not in block and "verifiers" not in block]
    for block in run:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(block, {})
    del os.environ["AUTOAGENT_ENV"]
    assert len(run) == 2, run
    return f"{len(run)} blocks"


@check("autoagent-env", "launch(): a server through npx, and what is missing where there is none")
def _() -> None:
    import os
    import tempfile
    from pathlib import Path

    import autoagent_env as lab

    root = Path(__file__).resolve().parents[2]
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        # A project that has the package: npx looks for its command here.
        (Path(folder) / "node_modules" / ".bin").mkdir(parents=True)
        (Path(folder) / "node_modules" / ".bin" / "autoagent").symlink_to(root / "scripts" / "autoagent.mjs")
        os.chdir(folder)
        try:
            with lab.launch("--sessions", "2", "--max-steps", "1") as server, lab.Client(server.url) as client:
                client.reset(seed=1)
                assert client.step("self.a = 1").done
            assert server.process.poll() is not None
            refused(lab.LaunchError, "Expected --sessions to be an integer", lambda: lab.launch("--sessions", "x"))
        finally:
            os.chdir(before)
    refused(lab.LaunchError, "npm install autoagent-lab", lambda: lab.launch(command=["no-such-program"]))


# Gymnasium's worker processes may read this file as well.
if __name__ == "__main__":
    run_checks()
