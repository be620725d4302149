"""What is told to somebody outside about the chain, so that not even its owner can change anything unnoticed."""

from __future__ import annotations

from datetime import date, datetime

import structlog

from ledger import chain
from ledger.contact import tell_contact
from ledger.models import Anchor, PeriodEvent

log = structlog.get_logger(__name__)


def tell_close(yyyymm: int, event_id: int, through_seq: int, closing_hash: bytes, *, now: datetime) -> None:
    """A month was closed with this hash: in the log and in a mail to the organisation's contact."""
    log.info("month_closed", month=yyyymm, seq=through_seq, hash=closing_hash.hex())
    month = date(yyyymm // 100, yyyymm % 100, 1)
    tell_contact(
        key=f"ledger:closed:{event_id}",
        subject=f"{month:%B %Y} is closed",
        template="ledger/mail/month_closed",
        context={"month": month, "seq": through_seq, "hash": closing_hash.hex()},
        now=now,
    )


def tell_head(day: date, seq: int, head: bytes, *, now: datetime) -> None:
    """The chain's head of a day: in the log and in a mail to the organisation's contact."""
    log.info("chain_anchored", day=day.isoformat(), seq=seq, hash=head.hex())
    tell_contact(
        key=f"ledger:anchor:{day.isoformat()}",
        subject=f"The books on {day:%d %B %Y}",
        template="ledger/mail/anchor",
        context={"day": day, "seq": seq, "hash": head.hex()},
        now=now,
    )


def tell_mismatch(entry_id: int, what: str, *, now: datetime) -> None:
    """An entry was changed past the guards and cannot be sealed: once by mail; the log has it at each attempt."""
    tell_contact(
        key=f"ledger:changed:{entry_id}",
        subject="An entry of the books was changed",
        template="ledger/mail/entry_changed",
        context={"entry_id": entry_id, "what": what},
        now=now,
    )


def known_anchors() -> list[chain.Anchor]:
    """The anchors that this database keeps, one for each seal; copies outside it are what they are worth.

    Empty months that closed along stand on the same seal as the month that was meant, which comes last.
    """
    anchors: dict[tuple[int, bytes], chain.Anchor] = {}
    for day, seq, head in Anchor.objects.order_by("anchored_on").values_list("anchored_on", "seq", "hash"):
        anchors[seq, bytes(head)] = chain.Anchor(seq, bytes(head), f"the anchor of {day.isoformat()}")
    for event in PeriodEvent.objects.filter(kind=PeriodEvent.Kind.CLOSED, through_seq__gte=1).order_by("id"):
        seq, closing_hash = event.through_seq or 0, bytes(event.closing_hash or b"")
        month = f"{event.period_id // 100}-{event.period_id % 100:02}"
        anchors[seq, closing_hash] = chain.Anchor(seq, closing_hash, f"the close of {month}")
    return sorted(anchors.values(), key=lambda anchor: anchor.seq)
