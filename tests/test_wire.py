"""The wire that fails as it is told to: what is overtaken, and that nothing waits for ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lockroutine.testing.wire import LossyProxy


class Listener:
    """Says back what it is told, and keeps the order in which it was told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while said := connection.recv(100):
                self.heard.append(said)
                connection.sendall(b"answer to " + said)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def saying(wire: LossyProxy, said: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", wire.port), timeout=20)
    connection.sendall(said)
    return connection


def until(holds: Callable[[], object]) -> None:
    """Wait for what other threads do."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)


def test_what_was_sent_first_arrives_last(listener: Listener) -> None:
    """A request that is reordered waits until the next one is answered; each gets its answer."""
    with LossyProxy(listener.port, patience=20) as wire:
        wire.spoil("reorder")
        with saying(wire, b"first") as first:
            until(lambda: wire.struck)
            with saying(wire, b"second") as second:
                assert second.recv(100) == b"answer to second"
                assert first.recv(100) == b"answer to first"
        assert listener.heard == [b"second", b"first"]
        assert wire.mend()


def test_what_nobody_overtakes_goes_on(listener: Listener) -> None:
    """A request that nobody overtakes is let go after the wire's patience."""
    with LossyProxy(listener.port, patience=0.05) as wire:
        wire.spoil("reorder")
        with saying(wire, b"alone") as alone:
            assert alone.recv(100) == b"answer to alone"
        assert listener.heard == [b"alone"]


def test_mending_lets_go_of_what_is_held(listener: Listener) -> None:
    """A wire that is mended holds nothing back any longer."""
    with LossyProxy(listener.port, patience=20) as wire:
        wire.spoil("reorder")
        with saying(wire, b"held") as held:
            until(lambda: wire.struck)
            assert wire.mend()
            assert held.recv(100) == b"answer to held"


def test_whoever_gives_up_is_not_heard_later(listener: Listener) -> None:
    """A request whose sender gives up while it is held is lost, and what it says later with it."""
    with LossyProxy(listener.port, patience=20) as wire:
        wire.spoil("reorder")
        with saying(wire, b"first") as first:
            until(lambda: wire.struck)
            first.sendall(b", and more")
        with saying(wire, b"second") as second:
            assert second.recv(100) == b"answer to second"
        until(lambda: not wire._connections)
        assert listener.heard == [b"second"]


def test_by_chance_too(listener: Listener) -> None:
    """Requests can be reordered by chance: all arrive, and not all in the order of sending."""
    with LossyProxy(listener.port, rate=0.5, by_chance=("reorder",), patience=0.2) as wire:
        sent = [str(number).encode() for number in range(12)]
        connections: list[socket.socket] = []
        for one in sent:
            connections.append(saying(wire, one))
            time.sleep(0.01)
        for connection, said in zip(connections, sent, strict=True):
            with connection:
                assert connection.recv(100) == b"answer to " + said
        assert sorted(listener.heard) == sorted(sent)
        assert listener.heard != sent
