"""The day's head of the chain is known outside: in a row, in the log, and in the mail of the organisation's contact."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from ledger.anchors import tell_head
from ledger.models import Anchor, Seal
from people.queries import local_day


class Outcome(StrEnum):
    ANCHORED = "anchored"
    NOTHING_NEW = "nothing_new"


@transaction.atomic
def anchor_head(*, now: datetime) -> Outcome:
    """Anchor the head of the chain once on each local day on which it has grown (rules/ledger.md section 9)."""
    head = Seal.objects.order_by("-seq").first()
    last = Anchor.objects.order_by("-seq").first()
    if head is None or (last is not None and last.seq == head.seq):
        return Outcome.NOTHING_NEW
    anchor, made = Anchor.objects.get_or_create(
        anchored_on=local_day(now), defaults={"seq": head.seq, "hash": bytes(head.hash)}
    )
    if not made:
        return Outcome.NOTHING_NEW
    tell_head(anchor.anchored_on, anchor.seq, bytes(anchor.hash), now=now)
    return Outcome.ANCHORED
