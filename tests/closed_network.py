"""No test may leave this machine: Python's sockets reach it and nothing else."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class NetworkIsClosed(AssertionError):
    """A test tried to reach another machine; no `except OSError` may swallow that."""


def _own_names() -> set[str]:
    """What this machine calls itself, with the addresses of that name."""
    name = socket.gethostname()
    try:
        return {name} | {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
    except OSError:
        return {name}


def _is_here(host: Any, own_names: set[str]) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in ("", None, "localhost") or str(host) in own_names:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@contextmanager
def closed_network() -> Iterator[None]:
    """Refuse connections and name look-ups that lead away from this machine."""
    own_names = _own_names()
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse_strangers(sock: socket.socket, address: Any) -> None:
        if sock.family != socket.AF_UNIX and not _is_here(address[0], own_names):
            raise NetworkIsClosed(f"A test tried to connect to {address[0]}.")

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        refuse_strangers(sock, address)
        connect(sock, address)

    def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
        refuse_strangers(sock, address)
        return connect_ex(sock, address)

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_here(host, own_names):
            raise NetworkIsClosed(f"A test tried to look up {host!r}.")
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield
