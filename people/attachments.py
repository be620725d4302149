"""How a mail gets a file that a higher package makes: the reference is text, the resolver is registered by config."""

from __future__ import annotations

from collections.abc import Callable

Resolver = Callable[[str], bytes | None]
_resolvers: dict[str, Resolver] = {}


class UnknownAttachment(LookupError):
    """A mail names a kind of file that nobody can resolve."""


def register(kind: str, resolver: Resolver) -> None:
    """`resolver` answers references such as "document:7" of the kind "document": bytes, or None for not yet."""
    _resolvers[kind] = resolver


def resolve(ref: str) -> bytes | None:
    """The file's bytes, or None while it is still being made; raises UnknownAttachment for an unknown kind."""
    kind = ref.partition(":")[0]
    if kind not in _resolvers:
        raise UnknownAttachment(ref)
    return _resolvers[kind](ref)
