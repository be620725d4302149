"""What is told to somebody outside about the chain, so that not even its owner can write it again unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import structlog

from ledger import chain
from ledger.models import Anchor, PeriodEvent
from people.operations.queue_mail import queue_mail
from people.queries import organisation

log = structlog.get_logger(__name__)


def tell_close(yyyymm: int, event_id: int, through_seq: int, closing_hash: bytes, *, now: datetime) -> None:
    """A month was closed with this hash: in the log and in a mail to the organisation's contact."""
    log.info("month_closed", month=yyyymm, seq=through_seq, hash=closing_hash.hex())
    month = date(yyyymm // 100, yyyymm % 100, 1)
    _mail(
        key=f"ledger:closed:{event_id}",
        subject=f"{month:%B %Y} is closed",
        template="ledger/mail/month_closed",
        context={"month": month, "seq": through_seq, "hash": closing_hash.hex()},
        now=now,
    )


def tell_head(day: date, seq: int, head: bytes, *, now: datetime) -> None:
    """The chain's head of a day: in the log and in a mail to the organisation's contact."""
    log.info("chain_anchored", day=day.isoformat(), seq=seq, hash=head.hex())
    _mail(
        key=f"ledger:anchor:{day.isoformat()}",
        subject=f"The books on {day:%d %B %Y}",
        template="ledger/mail/anchor",
        context={"day": day, "seq": seq, "hash": head.hex()},
        now=now,
    )


def known_anchors() -> Iterator[chain.Anchor]:
    """The anchors that this database keeps; copies outside it are what they are worth."""
    for event in PeriodEvent.objects.filter(kind=PeriodEvent.Kind.CLOSED, through_seq__gte=1).order_by("id"):
        month = f"{event.period_id // 100}-{event.period_id % 100:02}"
        yield chain.Anchor(event.through_seq or 0, bytes(event.closing_hash or b""), f"the close of {month}")
    for day, seq, head in Anchor.objects.order_by("anchored_on").values_list("anchored_on", "seq", "hash"):
        yield chain.Anchor(seq, bytes(head), f"the anchor of {day.isoformat()}")


def _mail(*, key: str, subject: str, template: str, context: dict[str, object], now: datetime) -> None:
    to = organisation().contact_email
    if not to:
        log.warning("anchor_not_mailed", key=key, why="the organisation has no contact address")
        return
    queue_mail(key=key, to=to, subject=subject, template=template, context=context, now=now)
