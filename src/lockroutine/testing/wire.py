"""A connection that fails as it is told to: between a plugin and the system that it speaks to.

>>> import socketserver
>>> class Echo(socketserver.BaseRequestHandler):
...     def handle(self):
...         self.request.sendall(self.request.recv(100))
>>> with socketserver.TCPServer(("127.0.0.1", 0), Echo) as server:
...     threading.Thread(target=server.serve_forever, daemon=True).start()
...     with LossyProxy(server.server_address[1]) as wire:
...         with socket.create_connection(("127.0.0.1", wire.port)) as connection:
...             _ = connection.sendall(b"hello")
...             answer = connection.recv(100)
...     server.shutdown()
>>> answer
b'hello'
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
import time
import typing
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Literal, Protocol

__all__ = ["FAULTS", "Fault", "LossyProxy", "Wire"]

Fault = Literal["refuse", "drop", "cut", "garble", "delay", "repeat", "reorder"]
"""What goes wrong.

``refuse``: nobody answers. ``drop``: the request is lost on its way there. ``cut``: the other
system acts, and half of its reply arrives. ``garble``: it acts, and something else's error page
arrives. ``delay``: it acts, and its reply is kept back. ``repeat``: the request arrives twice.
``reorder``: the request is held back until another one, sent later, has been answered. One that
nobody overtakes goes on after a while, and one whose sender gives up meanwhile is lost.
"""

FAULTS: tuple[Fault, ...] = typing.get_args(Fault)

_PAGE = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\n"
    b"Connection: close\r\n\r\n<h1>Sorry.</h1>"
)


class Wire(Protocol):
    """What a contract needs to break a connection. `LossyProxy` does, for whatever speaks TCP."""

    @property
    def faults(self) -> Iterable[Fault]:
        """What can be made to go wrong here."""
        ...

    def spoil(self, fault: Fault, at: int = 1) -> None:
        """Let one exchange fail.

        Args:
            fault: How.
            at: Which one: the first request and its reply from now on, the second, ...
        """

    def mend(self) -> bool:
        """Work again; and tell whether the fault has struck."""
        ...


class LossyProxy:
    """A TCP proxy on 127.0.0.1; use it in a ``with``, and let the plugin connect to its port.

    An exchange is a request and its reply: what the plugin sends before it is answered.

    Args:
        target: The port of the system itself, on 127.0.0.1.
        listen: The port that it listens on; one that is free, if left out.
        rate: Let this part of all exchanges fail by chance, too.
        by_chance: In which ways.
        seed: What chance is made of.
        patience: For how many seconds a request or a reply is kept back at most.
    """

    faults: Iterable[Fault] = FAULTS

    def __init__(
        self,
        target: int,
        *,
        listen: int = 0,
        rate: float = 0.0,
        by_chance: Sequence[Fault] = ("drop", "cut", "garble"),
        seed: int = 0,
        patience: float = 5.0,
    ) -> None:
        self.target = target
        self.port: int = listen
        self.rate = rate
        self.patience = patience
        self.struck: int = 0
        self._by_chance = by_chance
        self._chance = random.Random(seed)
        self._left = 0
        self._fault: Fault | None = None
        self._lock = threading.Lock()
        self._mended = threading.Event()
        self._held: list[threading.Event] = []
        self._connections: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._listen()

    @property
    def url(self) -> str:
        """Where it is reached, for what speaks HTTP."""
        return f"http://127.0.0.1:{self.port}/"

    def spoil(self, fault: Fault, at: int = 1) -> None:
        """Let one exchange fail: the next, or the one after ``at - 1`` others."""
        with self._lock:
            self._fault, self._left, self.struck = fault, at, 0
            self._mended.clear()
        if fault == "refuse":
            self.struck = 1
            self._shut()

    def mend(self) -> bool:
        """Work again; and tell whether the fault has struck."""
        with self._lock:
            self._fault = None
            self._mended.set()
        self._let_go()
        if self._listener is None:
            self._listen()
        return self.struck > 0

    def close(self) -> None:
        """Let go of everything."""
        self._mended.set()
        self._let_go()
        self._shut()

    def __enter__(self) -> LossyProxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- inside --------------------------------------------------------------------------------

    def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.settimeout(0.1)
        self.port = int(listener.getsockname()[1])
        self._listener = listener
        self._accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self._accepting.start()

    def _shut(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None and self._accepting is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            self._accepting.join()
            listener.close()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while self._listener is listener or self._listener is None:
            try:
                near, _ = listener.accept()
            except TimeoutError:
                if self._listener is not listener:
                    return
                continue
            except OSError:
                return
            near.settimeout(30)
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            self._connections.add(near)
            try:
                with socket.create_connection(("127.0.0.1", self.target), timeout=30) as far:
                    self._relay(near, far)
            finally:
                self._connections.discard(near)

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        fault: Fault | None = None
        request: bytes | None = None  # what is not answered yet
        while True:
            ready, _, _ = select.select([near, far], [], [])
            if near in ready:
                data = near.recv(65536)
                if request is None and data:
                    request, fault = b"", self._next()
                if not data or fault == "drop":
                    return
                if fault == "reorder" and not request:
                    data = self._overtaken(near, data)
                    if not data:
                        return
                request = (request or b"") + data
                far.sendall(data)
                continue
            data = far.recv(65536)
            if not data:
                return
            if request is not None:
                self._let_go()
                match fault:
                    case "cut":
                        near.sendall(data[: len(data) // 2])
                        return
                    case "garble":
                        near.sendall(_PAGE)
                        return
                    case "delay":
                        self._mended.wait(self.patience)
                    case "repeat":
                        self._again(request)
                    case _:
                        pass
            request = None
            near.sendall(data)

    def _next(self) -> Fault | None:
        """What becomes of the exchange that begins."""
        with self._lock:
            if self._fault is not None:
                self._left -= 1
                if self._left == 0:
                    self.struck += 1
                    return self._fault
            elif self._chance.random() < self.rate:
                self.struck += 1
                return self._chance.choice(self._by_chance)
            return None

    def _overtaken(self, near: socket.socket, data: bytes) -> bytes:
        """All of a request, once another one was answered; nothing, if its sender has given up."""
        passed = threading.Event()
        with self._lock:
            self._held.append(passed)
        until = time.monotonic() + self.patience
        while True:
            over = passed.is_set() or time.monotonic() >= until
            if select.select([near], [], [], 0 if over else 0.01)[0]:
                more = near.recv(65536)
                if not more:
                    return b""
                data += more
            elif over:
                return data

    def _let_go(self) -> None:
        """Let the requests go on that were held back until now."""
        with self._lock:
            held, self._held = self._held, []
        for one in held:
            one.set()

    def _again(self, request: bytes) -> None:
        with contextlib.suppress(OSError):
            again = socket.create_connection(("127.0.0.1", self.target), timeout=2)
            with again:
                again.sendall(request)
                again.recv(65536)
