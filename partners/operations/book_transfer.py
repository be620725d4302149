"""What Stripe booked of a payout by transfer is in the books under the key of its balance transaction, and on its rows.

These are told by `payments` (`config/stripe_events.py`), at least once, by whichever way the news came.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from django.db.models import Sum

from ledger import builders
from ledger.drafts import EntryDraft
from ledger.models import Posting
from ledger.operations.post_entry import post_entry
from partners.models import PartnerPayout, PayoutAttempt
from partners.operations.fail_attempt import fail_attempt
from partners.operations.lock_payout import lock_payout
from partners.operations.return_payout import let_go
from partners.operations.send_transfers import mark
from partners.operations.settle_payout import finish_batches, mark_settled
from partners.operations.tell_partner import tell_of_payout
from payments.facts import Booked, TransferMade, TransferRefused, TransferReversed
from people.queries import local_day

State = PayoutAttempt.State


class Outcome(StrEnum):
    SETTLED = "settled"
    RESTORED = "restored"
    TAKEN_BACK = "taken_back"
    PARTLY_TAKEN_BACK = "partly_taken_back"
    KNOWN = "known"


class UnexpectedTransfer(Exception):
    """A transfer of a payout that no attempt of it waits for: nothing is booked, and the exception stays open."""


def settle_by_transfer(fact: TransferMade, *, now: datetime) -> Outcome:
    """The transfer left our balance at Stripe: 2120x/1050. In the caller's transaction. Raises UnexpectedTransfer."""
    payout, attempts = lock_payout(_payout_id(fact.subject))
    known = next((one for one in attempts if one.external_id == fact.transfer_ref), None)
    attempt = known or next((one for one in attempts if one.state in PartnerPayout.UNDER_WAY), None)
    if attempt is None or attempt.external_id not in ("", fact.transfer_ref):
        raise UnexpectedTransfer(f"{fact.transfer_ref} of {fact.subject}")
    if (attempt.amount_minor, payout.currency) != (fact.amount_minor, fact.currency):
        raise UnexpectedTransfer(f"{fact.transfer_ref} of {fact.subject} has another amount")
    if attempt.state not in PartnerPayout.UNDER_WAY:
        return Outcome.KNOWN
    if attempt.state != State.IN_FLIGHT:
        mark(payout, attempt, State.IN_FLIGHT, fact.transfer_ref)
        tell_of_payout(payout, attempt.number, now)
    posted = post_entry(_draft(builders.transfer, fact, payout), now=now)
    mark_settled(payout, attempt, posted, now)
    finish_batches([payout.batch_id], now)
    return Outcome.SETTLED


def restore_payable(fact: TransferRefused, *, now: datetime) -> Outcome:
    """Stripe will never make it: the partner is owed it again. In the caller's transaction."""
    payout, attempts = lock_payout(_payout_id(fact.subject))
    attempt = next(one for one in attempts if one.key == fact.attempt_key)
    if attempt.state not in PartnerPayout.UNDER_WAY:
        return Outcome.KNOWN
    fail_attempt(payout, attempt, code=fact.code, now=now)
    return Outcome.RESTORED


def take_transfer_back(fact: TransferReversed, *, now: datetime) -> Outcome:
    """All or a part is back in our balance at Stripe: 1050/2110x. In the caller's transaction.

    A part is owed again and the payout stays paid; once all of it is back the payout came back, and its shares can be
    proposed again.
    """
    payout, attempts = lock_payout(_payout_id(fact.subject))
    posted = post_entry(_draft(builders.transfer_reversed, fact, payout), now=now)
    attempt = next((one for one in attempts if one.external_id == fact.transfer_ref), None)
    if attempt is None:
        raise UnexpectedTransfer(f"{fact.reversal_ref} of {fact.subject}")
    if attempt.state != State.SETTLED:
        return Outcome.KNOWN
    if _taken_back_minor(payout) < payout.amount_minor:
        return Outcome.PARTLY_TAKEN_BACK
    let_go(payout, attempt, posted, code="reversed", now=now)
    return Outcome.TAKEN_BACK


def _draft(build: Callable[..., EntryDraft], fact: Booked, payout: PartnerPayout) -> EntryDraft:
    return build(
        bt_ref=fact.bt_ref,
        source=payout.ref,
        event_at=fact.at,
        effective_on=local_day(fact.at),
        currency=fact.currency,
        partner=payout.partner.owner,
        amount_minor=fact.amount_minor,
    )


def _taken_back_minor(payout: PartnerPayout) -> int:
    entries = Posting.objects.filter(entry__kind="transfer_reversed", entry__source=payout.ref)
    return int(entries.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def _payout_id(subject: str) -> int:
    return int(subject.removeprefix("payout:"))
