"""A cheque is in the register and on its way, or is void: then the partner is owed it again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from partners.models import BankAccount, Cheque, Method, PartnerPayout, PayoutAttempt, PayoutEvent, PayoutHold
from partners.operations.check_destinations import NOT_SENT, NotPayable, check_destinations
from partners.operations.fail_attempt import fail_attempt
from partners.operations.hold_partner import hold_partner
from partners.operations.lock_payout import alive, lock_payout
from partners.operations.send_transfers import mark
from partners.operations.tell_partner import tell_of_payout
from people.models import User
from people.queries import local_day

__all__ = ["NotACheque", "NotPayable", "NotStale", "NumberUsed", "issue_cheque", "void_cheque"]
STALE_AFTER = timedelta(days=180)


class NotACheque(Exception):
    """The payout is not waiting for a cheque, or has none that is out."""


class NumberUsed(ValueError):
    """A cheque of this number is in the register."""


class NotStale(ValueError):
    """A cheque is stale 180 days after it was issued; before that it is voided."""


@transaction.atomic
def issue_cheque(*, payout_id: int, account: BankAccount, number: int, by: User, now: datetime) -> Cheque:
    """Enter the printed cheque; it is on its way. A reissue is a new attempt with a new number.

    Raises NotACheque, NotPayable, NumberUsed; then nothing has changed.
    """
    payout, attempts = lock_payout(payout_id)
    attempt = alive(attempts)
    if attempt is None or attempt.method != Method.CHEQUE or attempt.state != PayoutAttempt.State.SUBMITTING:
        raise NotACheque("This payout does not wait for a cheque.")
    check_destinations([payout], NOT_SENT)
    try:
        with transaction.atomic():
            cheque = Cheque.objects.create(
                account=account, number=number, attempt=attempt, issued_by=by, issued_on=local_day(now)
            )
    except IntegrityError as error:
        raise NumberUsed(f"Cheque {number} of {account} is in the register already.") from error
    mark(payout, attempt, PayoutAttempt.State.IN_FLIGHT, f"cheque:{account.pk}:{number}")
    tell_of_payout(payout, attempt.number, now)
    return cheque


@transaction.atomic
def void_cheque(*, payout_id: int, stale: bool, by: User, now: datetime) -> PartnerPayout:
    """A cheque that is out will not be cashed: 2120x/2110x, and the payout waits to be reissued or taken out.

    The partner is on hold until another person has seen that the bank stopped the cheque: a second one beside a first
    that clears pays twice. Unclaimed property stays owed. Raises NotACheque, NotStale.
    """
    payout, attempts = lock_payout(payout_id)
    attempt = alive(attempts)
    cheque = Cheque.objects.filter(attempt=attempt).first() if attempt else None
    if attempt is None or cheque is None:
        raise NotACheque("No cheque of this payout is out.")
    if stale and local_day(now) < cheque.issued_on + STALE_AFTER:
        raise NotStale(f"Issued on {cheque.issued_on:%-d %B %Y}: it is stale 180 days later. Void it instead.")
    word = PayoutEvent.Word.STALE if stale else PayoutEvent.Word.VOIDED
    fail_attempt(payout, attempt, code=word, by=by, now=now, voided=True)
    PayoutEvent.objects.create(batch=payout.batch, payout=payout, word=word, by=by, at=now)
    hold_partner(
        partner_id=payout.partner_id,
        by=by,
        reason=f"Cheque {cheque.number} of {payout.reference} is {'stale' if stale else 'void'}.",
        now=now,
        kind=PayoutHold.Reason.VOIDED,
        cause=f"{payout.ref}:voided:{attempt.number}",
    )
    return payout
