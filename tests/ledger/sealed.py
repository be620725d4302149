"""Entries as the sealer leaves them, made without a database."""

from __future__ import annotations

from ledger.accounts import chart_line, label
from ledger.drafts import AccountRef, EntryDraft
from ledger.exports.journals import SealedEntry, unseal
from ledger.hashing import canonical


def sealed(*drafts: EntryDraft) -> list[SealedEntry]:
    """The drafts in this order, numbered from 1, read back from their canonical bytes."""
    return [unseal(seq, _canonical(draft)) for seq, draft in enumerate(drafts, start=1)]


def _canonical(draft: EntryDraft) -> bytes:
    return canonical(
        key=draft.key,
        kind=draft.kind,
        source=draft.source,
        effective_on=draft.effective_on,
        event_at=draft.event_at,
        reverses_key=draft.reverses_key,
        postings=[(_label(p.debit), _label(p.credit), draft.currency, p.amount_minor) for p in draft.postings],
    )


def _label(ref: AccountRef) -> str:
    return label(chart_line(ref.purpose, ref.owner).code, ref.owner)
