"""The Python client's own connection, with a server of the `websockets` package at the other end; see `common.py`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import autoagent_env as lab
import autoagent_env.connection
from common import URL, check, run_checks, version
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

WEBSOCKETS = version("websockets")
# Before the first connection, with which the thread begins that reads it.
autoagent_env.connection._ATTENDED_SECONDS = 0.05


def answer(step: int) -> str:
    return json.dumps({"type": "observation", "data": {"observation": {"step": step, "response": "é" * 9}, "reward": 1.0}})


@contextmanager
def serving(
    handler: Callable[[ServerConnection], None], context: ssl.SSLContext | None = None, **options: Any
) -> Iterator[str]:
    """A server of that package, whose own compression this client does not ask for."""
    with serve(handler, "127.0.0.1", 0, ssl=context, **options) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


@check(WEBSOCKETS, "answers in fragments, long ones, several at once, and pings between them")
def _() -> str:
    def handler(connection: ServerConnection) -> None:
        for step, _ in enumerate(connection):
            connection.ping()
            text = answer(step) + " " * (3 * 2**20 if step == 1 else 0)
            connection.send(iter([text[:20], text[20:25], text[25:]]) if step % 2 == 0 else text)

    with serving(handler) as url, lab.Client(url) as client:
        for step in range(4):
            result = client.reset() if step == 0 else client.step("1")
            assert (result.observation.step, result.observation.response) == (step, "é" * 9), result
        for _ in range(20):
            client.send_step("1")
        steps = [client.receive().observation.step for _ in range(20)]
    assert steps == list(range(4, 24)), steps
    return "24 answers"


@check(WEBSOCKETS, "pings are answered while nobody asks, and no client is kept by that")
def _() -> str:
    heard: list[bool] = []
    gone = threading.Event()

    def handler(connection: ServerConnection) -> None:
        connection.send(answer(len(connection.recv()) * 0))
        for _ in range(3):
            heard.append(connection.ping().wait(10))
        try:
            connection.recv()
        except ConnectionClosed:
            gone.set()

    with serving(handler) as url:
        client: lab.Client | None = lab.Client(url)
        client.reset()
        while len(heard) < 3:
            threading.Event().wait(0.01)
        del client
        assert gone.wait(10), "a client that nobody has any more keeps its session"
    assert heard == [True] * 3, heard
    return "3 of 3"


@check(WEBSOCKETS, "a server that goes between two questions: a step is lost, a reset goes to a new connection")
def _() -> None:
    opened: list[int] = []
    closed = threading.Semaphore(0)

    def handler(connection: ServerConnection) -> None:
        opened.append(1)
        connection.recv()
        connection.send(answer(0))
        if len(opened) < 3:
            connection.close(1001, "idle")
            closed.release()
        else:
            connection.recv()

    with serving(handler) as url, lab.Client(url, timeout=5) as client:
        client.reset()
        assert closed.acquire(timeout=10)
        try:
            client.step("1")
            raise AssertionError("the step went on in another episode")
        except lab.EpisodeLostError as error:
            assert "idle" in str(error) and "call reset()" in str(error), error
        client.reset()
        assert closed.acquire(timeout=10)
        assert client.reset().observation.step == 0 and len(opened) == 3, opened


@check(WEBSOCKETS, "who lets nobody in says why, with the cure here; who says nothing is no server, and may be one again")
def _() -> str:
    def refuse(connection: ServerConnection, _: object) -> Response:
        return connection.respond(401, json.dumps({"detail": "The token is missing"}))

    def failure(url: str) -> str:
        try:
            lab.Client(url).reset()
        except lab.NoServerError as error:
            return str(error)
        raise AssertionError("it has answered")

    with serving(lambda _: None, process_request=refuse) as url:
        told = failure(url)
        assert told.endswith("lets nobody in: The token is missing; here by `token=...`, or the variable AUTOAGENT_TOKEN"), told
    with serving(lambda _: None, process_request=lambda connection, _: connection.respond(503, "busy")) as url:
        assert failure(url).endswith("lets nobody in: 503 Service Unavailable"), failure(url)
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=lambda: door.accept()[0].close(), daemon=True).start()
        told = failure(f"http://127.0.0.1:{door.getsockname()[1]}")
    assert told.startswith("no environment server at ") and "start one by" in told, told
    return ""


@check(WEBSOCKETS, "an answer that does not come: the connection is not used again")
def _() -> None:
    def handler(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    with serving(handler) as url, lab.Client(url, timeout=0.2) as client:
        for _ in range(2):
            try:
                client.reset()
                raise AssertionError("there was an answer")
            except lab.EpisodeLostError as error:
                assert str(error) == "no answer within 0.2 s: call reset() for another episode", error


@check(WEBSOCKETS, "an interrupt while an answer is waited for: no later question is given that answer")
def _() -> None:
    go_on = threading.Event()

    def handler(connection: ServerConnection) -> None:
        for step, _ in enumerate(connection):
            if step == 1:
                go_on.wait(10)
            connection.send(answer(step))

    with serving(handler) as url, lab.Client(url) as client:
        client.reset()
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            client.step("1")
            raise AssertionError("the step was not interrupted")
        except KeyboardInterrupt:
            go_on.set()
        try:
            client.step("1")
            raise AssertionError("a step was played without an episode")
        except lab.EpisodeLostError:
            pass
        assert client.reset().observation.step == 0


@check("autoagent-env", "a server elsewhere is asked through the environment's proxy, this machine's is not")
def _() -> str:
    target = urlsplit(URL)
    door = socket.create_server(("127.0.0.1", 0))
    asked: list[str] = []

    def proxy() -> None:
        one, _ = door.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += one.recv(4096)
        asked.append(head.split(b"\r\n")[0].decode())
        other = socket.create_connection((target.hostname, target.port))
        one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        other.sendall(one.recv(4096))
        one.sendall(other.recv(4096))
        one.close()
        other.close()

    threading.Thread(target=proxy, daemon=True).start()
    os.environ["http_proxy"] = f"http://127.0.0.1:{door.getsockname()[1]}"
    try:
        with lab.Client(URL) as client:
            client.reset(seed=1)
        assert asked == [], asked
        try:
            lab.Client("http://trainer.invalid:8700").reset()
            raise AssertionError("a name of another machine was let in")
        except lab.NoServerError as error:
            assert "trainer.invalid" in str(error) and "is not this machine" in str(error), error
    finally:
        del os.environ["http_proxy"]
        door.close()
    assert [one[:-1] for one in asked] == ["CONNECT trainer.invalid:8700 HTTP/1."], asked
    return asked[0]


@check(WEBSOCKETS, "TLS: a certificate that is trusted, one that is not, and a server that has none")
def _() -> str:
    if shutil.which("openssl") is None:
        return "left out but for the last: there is no openssl to make a certificate with"

    def handler(connection: ServerConnection) -> None:
        for step, _ in enumerate(connection):
            connection.send(answer(step) + " " * (step * 2**20))

    def refused(url: str) -> str:
        try:
            lab.Client(url).reset()
        except lab.NoServerError as error:
            return str(error)
        raise AssertionError("it was let in")

    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
        subprocess.run([*new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with serving(handler, context) as url:
            address = url.replace("http", "https")
            assert "certificate verify failed" in refused(address)
            os.environ["SSL_CERT_FILE"] = certificate
            try:
                with lab.Client(address) as client:
                    steps = [client.reset().observation.step, *[client.step("1").observation.step for _ in range(3)]]
            finally:
                del os.environ["SSL_CERT_FILE"]
    assert steps == [0, 1, 2, 3], steps
    assert "SSL" in refused(URL.replace("http", "https"))
    return "4 answers, the longest of 3 MiB"


run_checks()
