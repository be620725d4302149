"""The bytes an entry is known by: `content_hash` over all that is posted, `facts_hash` over what came from outside."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final

from ledger.accounts import chart_line, label
from ledger.drafts import AccountRef, EntryDraft

_VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def canonical(
    *,
    key: str,
    kind: str,
    source: str,
    effective_on: date,
    event_at: datetime,
    reverses_key: str | None,
    postings: Iterable[tuple[str, str, str, int]],
) -> bytes:
    """An entry as bytes that never change: no personal data, nothing that depends on when or by whom it was written.

    `postings` are (debit label, credit label, currency, amount_minor) in ordinal order (rules/sealing.md "Sealer").
    """
    return _bytes(
        [
            _VERSION,
            key,
            kind,
            source,
            effective_on.isoformat(),
            _microseconds(event_at),
            reverses_key,
            [list(posting) for posting in postings],
        ]
    )


def content_hash(draft: EntryDraft, effective_on: date) -> bytes:
    """SHA-256 of the canonical bytes of a draft as it is posted on `effective_on`."""
    postings = [(_label(p.debit), _label(p.credit), draft.currency, p.amount_minor) for p in draft.postings]
    return sha256(
        canonical(
            key=draft.key,
            kind=draft.kind,
            source=draft.source,
            effective_on=effective_on,
            event_at=draft.event_at,
            reverses_key=draft.reverses_key,
            postings=postings,
        )
    ).digest()


def facts_hash(draft: EntryDraft) -> bytes:
    """SHA-256 of what came from outside: the same in every delivery of one fact, whatever month it lands in."""
    facts: list[object] = [list(fact) for fact in draft.facts]
    if not facts:
        facts = [[_label(p.debit), _label(p.credit), p.amount_minor] for p in draft.postings]
    outside = [draft.key, draft.kind, draft.source, _microseconds(draft.event_at), draft.currency, draft.reverses_key]
    return sha256(_bytes([*outside, facts])).digest()


@lru_cache(maxsize=4096)  # an import names the same few accounts in every entry
def _label(account: AccountRef) -> str:
    return label(chart_line(account.purpose, account.owner).code, account.owner)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _bytes(value: list[object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
