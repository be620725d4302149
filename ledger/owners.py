"""Who may own an account, asked of the packages that know them: ("partner:dahlias-hope") is ("partner:7")."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

Known = Callable[[Collection[str]], Mapping[str, str]]
Named = Callable[[], list[tuple[str, str]]]
_known: dict[str, Known] = {}
_named: dict[str, Named] = {}


def register(kind: str, known: Known, words: str, named: Named) -> None:
    """`known(refs)` answers references of one kind ("partner") with the owner that accounts carry; unknown ones not.

    `words` calls all of a kind ("Partners"), `named()` lists each owner with its name.
    """
    _known[kind] = known
    _named[words] = named


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Everybody who may own an account, in groups, to be chosen from; a query for each kind."""
    return [(words, found) for words, named in _named.items() if (found := named())]


def owners_of(refs: Collection[str]) -> dict[str, str]:
    """Each reference that somebody knows, with the owner as accounts have it; a query for each kind."""
    by_kind: dict[str, list[str]] = {}
    for ref in dict.fromkeys(refs):
        by_kind.setdefault(ref.partition(":")[0], []).append(ref)
    return {
        ref: owner for kind, group in by_kind.items() if kind in _known for ref, owner in _known[kind](group).items()
    }
