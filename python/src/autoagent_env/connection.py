"""A WebSocket that is read by whoever asks: no thread stands between a question and its answer, which would cost more than both.

Source of the protocol: `websockets`, its part without input and output. What a server pings while nobody asks is answered by
one thread for all connections: a trainer that computes for minutes would else be taken for one that is gone.
"""

from __future__ import annotations

import http.client
import os
import selectors
import socket
import ssl
import threading
import time
import weakref
from collections import deque
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

_LONGEST_MESSAGE = 100 * 2**20
_OPEN_SECONDS = 30.0
_GOODBYE_SECONDS = 5.0
_ATTENDED_SECONDS = 10.0
"""How often pings are answered where nobody asks: far below what a server takes for silence."""

_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection:
    """A connection that is open: texts go out and come in. Several threads may use it, one at a time.

    Args:
        url: Where to connect, `ws://` or `wss://`; a name and a password in it are sent.
        headers: Sent besides.
        proxied: Whether the environment's proxies are asked for the way.

    Raises:
        InvalidHandshake: the server refuses.
        OSError: nobody is there.
    """

    def __init__(self, url: str, *, headers: dict[str, str], proxied: bool) -> None:
        uri = parse_uri(url)
        self._lock = threading.Lock()
        self._texts: deque[str] = deque()
        self._parts: list[bytes] = []
        self._answered = False
        self._protocol = ClientProtocol(uri, max_size=_LONGEST_MESSAGE)
        self._socket = _open(uri, _proxy_of(uri) if proxied else None)
        self._selector = _Selector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        try:
            self._shake_hands(headers)
        except BaseException:
            self.drop()
            raise
        _attendant.attend(self)

    def send(self, text: str, *, heard: bool = True) -> None:
        """Sends a text. Raises a ConnectionClosed where nobody is there any more, as far as is known.

        Args:
            text: What to send.
            heard: Whether all that has come is heard before, a goodbye perhaps.
        """
        with self._lock:
            if heard:
                self._take_in()
            if self._protocol.state is not State.OPEN:
                raise self._closed()
            self._protocol.send_text(text.encode())
            self._flush()

    def receive(self, timeout: float) -> str:
        """The next text. Raises a TimeoutError, or a ConnectionClosed when no other will come."""
        with self._lock:
            end = time.monotonic() + timeout
            # The answer is seldom there already. Of TLS something may be, that the system does not know of.
            waits = not self._texts and timeout > 0 and self._protocol.state is State.OPEN
            if waits and not isinstance(self._socket, ssl.SSLSocket):
                self._selector.select(timeout)
            while not self._texts:
                if self._protocol.state is State.CLOSED:
                    raise self._closed()
                self._pump(end - time.monotonic())
            return self._texts.popleft()

    def attend(self) -> None:
        """Answers pings that came while nobody asked; who asks answers them himself."""
        if self._lock.acquire(blocking=False):
            try:
                self._take_in()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Says goodbye, and waits a little for the other side's."""
        with self._lock:
            try:
                self._take_in()
                if self._protocol.state is State.OPEN:
                    self._protocol.send_close(1000)
                    self._flush()
                self._wait_for_end()
            finally:
                self.drop()

    def drop(self) -> None:
        """Ends without a goodbye: whoever is at the other end may be gone, and would be waited for."""
        self._selector.close()
        self._socket.close()

    def _shake_hands(self, headers: dict[str, str]) -> None:
        request = self._protocol.connect()
        request.headers.update(headers)
        self._protocol.send_request(request)
        self._flush()
        end = time.monotonic() + _OPEN_SECONDS
        while not self._answered and self._protocol.handshake_exc is None:
            self._pump(end - time.monotonic())
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc

    def _take_in(self) -> None:
        """All that has come, without waiting."""
        try:
            while self._protocol.state is not State.CLOSED:
                self._pump(0)
        except TimeoutError:
            pass

    def _wait_for_end(self) -> None:
        end = time.monotonic() + _GOODBYE_SECONDS
        try:
            while self._protocol.state is not State.CLOSED:
                self._pump(end - time.monotonic())
        except TimeoutError:
            pass

    def _closed(self) -> ConnectionClosed:
        """Why there is nobody any more; the other side may have said goodbye, and not ended yet."""
        self._wait_for_end()
        if self._protocol.state is State.CLOSED:
            return self._protocol.close_exc
        return ConnectionClosedError(self._protocol.close_rcvd, self._protocol.close_sent)

    def _pump(self, timeout: float) -> None:
        """Takes in what has come, or waits for something. Raises a TimeoutError where nothing comes."""
        try:
            data = self._socket.recv(65_536)
        except _NOT_YET:
            if timeout <= 0 or not self._selector.select(timeout):
                raise TimeoutError("nothing came") from None
            return
        except OSError:
            data = b""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._flush()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._hear(event)
            else:
                self._answered = True

    def _hear(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            self._texts.append(b"".join(self._parts).decode())
            self._parts.clear()

    def _flush(self) -> None:
        """Sends what is to be sent; that nobody takes it any more is seen when no answer comes."""
        for data in self._protocol.data_to_send():
            try:
                if data:
                    self._send_all(data)
                else:
                    self._socket.shutdown(socket.SHUT_WR)
            except OSError:
                return

    def _send_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except _NOT_YET:
                with _Selector() as selector:
                    selector.register(self._socket, selectors.EVENT_WRITE)
                    if not selector.select(_OPEN_SECONDS):
                        raise TimeoutError("nothing was taken") from None


def _open(uri: WebSocketURI, proxy: str | None) -> socket.socket:
    if proxy is None:
        plain = socket.create_connection((uri.host, uri.port), timeout=_OPEN_SECONDS)
    else:
        plain = _tunnel(uri, proxy)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if uri.secure:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=uri.host)
        plain.setblocking(False)
    except BaseException:
        plain.close()
        raise
    return plain


def _tunnel(uri: WebSocketURI, proxy: str) -> socket.socket:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    way = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_OPEN_SECONDS)
    way.set_tunnel(uri.host, uri.port)
    way.connect()
    tunnel: socket.socket = way.sock
    return tunnel


def _proxy_of(uri: WebSocketURI) -> str | None:
    """The environment's proxy for this server: tunnels are HTTPS's, where there is one."""
    proxies = getproxies()
    proxy = proxies.get("https") or (None if uri.secure else proxies.get("http"))
    return None if proxy is None or proxy_bypass(uri.host) else proxy


class _Attendant:
    """The thread that answers pings for all connections. It starts with the first, also in a process that was forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()

    def attend(self, connection: Connection) -> None:
        with self._lock:
            self._connections.add(connection)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="autoagent-env", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(_ATTENDED_SECONDS)
            self._attend_all()

    def _attend_all(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.attend()
            except (OSError, ValueError):
                pass  # It was dropped meanwhile.


_attendant = _Attendant()


def _forked() -> None:
    global _attendant
    _attendant = _Attendant()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
