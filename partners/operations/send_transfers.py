"""Payouts to connected accounts have gone, or are known not to have, or are looked for (rules/ledger.md section 6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db import transaction

from partners.models import Method, PartnerPayout, PayoutAttempt
from partners.operations.check_destinations import NotPayable, check_destinations
from partners.operations.lock_payout import lock_payout
from partners.operations.tell_partner import tell_of_payout
from payments.operations.make_transfer import (
    HeldBack,
    StripeRefused,
    StripeUnavailable,
    TransferRequest,
    make_transfer,
)

TASK = "partners.tasks.send_transfers"
KIND = "payout"
State = PayoutAttempt.State
log = structlog.get_logger(__name__)


def send_transfers(*, now: datetime) -> int:
    """Make the transfer of each attempt that waits for one; returns how many have an answer.

    Safe at any time and by any number of workers: an attempt's key sends once. One whose answer is lost is `unknown`
    from then on, and payments asks until it knows. Never inside a transaction (RuntimeError).
    """
    waiting = PayoutAttempt.objects.filter(state=State.SUBMITTING, method=Method.CONNECT).order_by("pk")
    return sum([send_transfer(attempt, now=now) for attempt in waiting.select_related("payout", "paid_to")])


def send_transfer(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Send one attempt with its stored key and its frozen amount and destination; whether there is an answer.

    While its partner is on hold, or is paid elsewhere, it waits; a person may say that it did not leave.
    """
    if not _may_leave(attempt.payout_id, attempt.key, (State.SUBMITTING,)):
        return False
    try:
        transfer_ref = make_transfer(request=request_of(attempt), now=now)
    except StripeRefused as refusal:
        log.warning("payout_refused", payout=attempt.payout_id, attempt=attempt.number, code=refusal.code)
        return True
    except HeldBack:  # by a hold that came since we looked
        return False
    except StripeUnavailable:
        _say(attempt, State.UNKNOWN, now)
        return False
    _say(attempt, State.IN_FLIGHT, now, transfer_ref)
    return True


def request_of(attempt: PayoutAttempt) -> TransferRequest:
    """What an attempt, with its payout and destination loaded, asks of Stripe."""
    assert attempt.paid_to is not None, "a transfer goes to a destination"
    return TransferRequest(
        kind=KIND,
        subject=attempt.payout.ref,
        destination=attempt.paid_to.stripe_account,
        amount_minor=attempt.amount_minor,
        currency=attempt.payout.currency,
        group=f"payout_batch:{attempt.payout.batch_id}",
        attempt_key=attempt.key,
    )


def may_still_leave(attempt_key: str) -> bool:
    """Whether an attempt that was intended, and perhaps sent without an answer, may be sent now, or once more."""
    attempt = PayoutAttempt.objects.only("payout_id").get(key=attempt_key)
    return _may_leave(attempt.payout_id, attempt_key, (State.SUBMITTING, State.UNKNOWN))


@transaction.atomic
def _may_leave(payout_id: int, attempt_key: str, states: Collection[str]) -> bool:
    payout, attempts = lock_payout(payout_id)
    if not any(row.key == attempt_key and row.state in states for row in attempts):
        return False
    try:
        check_destinations([payout])
    except NotPayable:
        log.info("payout_held_back", payout=payout.pk, attempt=attempt_key)
        return False
    return True


@transaction.atomic
def _say(attempt: PayoutAttempt, state: PayoutAttempt.State, now: datetime, transfer_ref: str = "") -> None:
    """Unless the booking was faster: then it has said more already."""
    payout, attempts = lock_payout(attempt.payout_id)
    row = next(one for one in attempts if one.pk == attempt.pk)
    from_states = (State.SUBMITTING,) if state == State.UNKNOWN else (State.SUBMITTING, State.UNKNOWN)
    if row.state in from_states:
        mark(payout, row, state, transfer_ref)
        if state == State.IN_FLIGHT:
            tell_of_payout(payout, row.number, now)


def mark(payout: PartnerPayout, attempt: PayoutAttempt, state: PayoutAttempt.State, external_id: str = "") -> None:
    """Say on both locked rows how far the attempt is."""
    attempt.state, attempt.external_id = state, external_id or attempt.external_id
    attempt.save(update_fields=["state", "external_id"])
    payout.state = PartnerPayout.State(state)
    payout.save(update_fields=["state"])
