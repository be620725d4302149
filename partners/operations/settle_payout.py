"""A payout has arrived: what was in flight has left our bank (rules/ledger.md E7, phase 2), or that was an error."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from ledger import builders
from ledger.models import Entry
from ledger.operations.post_entry import Posted, post_entry
from partners.models import PartnerPayout, PayoutAttempt, PayoutBatch


class NotOnItsWay(Exception):
    """No attempt of this payout is on its way."""


@transaction.atomic
def settle_payout(payout: PartnerPayout, *, on: date, at: datetime, bank: str, now: datetime) -> PayoutAttempt:
    """Book phase 2 of the attempt that is on its way out of the account `bank` ("bank:1").

    `payout` is locked, with its partner loaded; `on` is the day of the bank's line and `at` its moment. Call
    `finish_batches` once all of a batch's payouts are settled. Raises NotOnItsWay; then nothing has changed.
    """
    attempt = on_its_way(payout)
    posted = post_entry(
        builders.payout_settled(
            payout_ref=payout.ref,
            source=payout.ref,
            event_at=at,
            effective_on=on,
            currency=payout.currency,
            partner=payout.partner.owner,
            amount_minor=payout.amount_minor,
            attempt=attempt.number,
            time=_time(payout, attempt),
            bank=bank,
        ),
        now=now,
    )
    mark_settled(payout, attempt, posted, now)
    return attempt


def on_its_way(payout: PartnerPayout) -> PayoutAttempt:
    """The attempt of a locked payout that is on its way. Raises NotOnItsWay."""
    attempt = payout.attempts.select_for_update(of=("self",)).filter(state=PayoutAttempt.State.IN_FLIGHT).first()
    if attempt is None:
        raise NotOnItsWay(f"{payout.reference} is not on its way.")
    return attempt


def mark_settled(payout: PartnerPayout, attempt: PayoutAttempt, posted: Posted, now: datetime) -> None:
    """Say on both rows what the entry says."""
    attempt.state, attempt.settled_entry_id, attempt.ended_at = PayoutAttempt.State.SETTLED, posted.entry_id, now
    attempt.save(update_fields=["state", "settled_entry", "ended_at"])
    payout.state, payout.settled_on = PartnerPayout.State.SETTLED, posted.effective_on
    payout.save(update_fields=["state", "settled_on"])


def back_in_flight(payout: PartnerPayout) -> None:
    """The line that settled this locked payout was another: it is on its way still, and so is its batch.

    What settled it is taken back in the books before: the attempt names its entry no more.
    """
    for attempt in payout.attempts.select_for_update(of=("self",)).filter(state=PayoutAttempt.State.SETTLED):
        attempt.state, attempt.settled_entry_id, attempt.ended_at = PayoutAttempt.State.IN_FLIGHT, None, None
        attempt.save(update_fields=["state", "settled_entry", "ended_at"])
    payout.state, payout.settled_on = PartnerPayout.State.IN_FLIGHT, None
    payout.save(update_fields=["state", "settled_on"])
    batches = PayoutBatch.objects.filter(pk=payout.batch_id, state=PayoutBatch.State.SETTLED)
    batches.update(state=PayoutBatch.State.SENT, settled_at=None)


def _time(payout: PartnerPayout, attempt: PayoutAttempt) -> int:
    """Which time an attempt is thought to arrive: once more after each time that this was taken back."""
    keys = f"{payout.ref}:settled:{attempt.number}:"
    return 1 + Entry.objects.filter(kind="payout_unsettled", idempotency_key__startswith=keys).count()


def finish_batches(batch_ids: Iterable[int], now: datetime) -> None:
    """A batch is settled when nothing of it is under way or waits for a decision. Locks the batches."""
    open_states = [*PartnerPayout.UNDER_WAY, PartnerPayout.State.FAILED]
    sent = PayoutBatch.objects.select_for_update().filter(pk__in=set(batch_ids), state=PayoutBatch.State.SENT)
    for batch in sent.order_by("id"):
        if not batch.payouts.filter(state__in=open_states).exists():
            batch.state, batch.settled_at = PayoutBatch.State.SETTLED, now
            batch.save(update_fields=["state", "settled_at"])
