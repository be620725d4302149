"""A payout that was sent here has not left, for certain: the partner is owed it again (rules/ledger.md section 6)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import AchFile, Method, PartnerPayout, PayoutAttempt, PayoutEvent, PayoutHold
from partners.operations.fail_attempt import fail_attempt
from partners.operations.hold_partner import hold_partner
from partners.operations.lock_payout import alive, lock_payout
from partners.operations.send_transfers import request_of
from payments.operations.make_transfer import never_make_transfer
from people.models import User

State = PayoutAttempt.State


class MayHaveLeft(Exception):
    """Nobody can be certain that it did not leave, or it is over already; `str(error)` says what to do."""


@transaction.atomic
def say_not_sent(*, payout_id: int, by: User, now: datetime) -> PartnerPayout:
    """Book back what waits for its file, its cheque, its proof or its transfer; then it is tried again or taken out.

    A line of an ACH file that was never fetched has not left either, and that file is given out no more. A transfer
    is given up only when Stripe was never asked for it, and then it never will be. A cheque may be printed, and money
    sent by hand, before it is entered here: their partner is on hold until another person has seen that none is out.
    Raises MayHaveLeft; then nothing has changed.
    """
    payout, attempts = lock_payout(payout_id)
    attempt = alive(attempts)
    if attempt is None:
        raise MayHaveLeft("This payout is not under way any more.")
    if attempt.method == Method.CONNECT:
        certain = attempt.state == State.SUBMITTING and never_make_transfer(request=request_of(attempt), now=now)
    else:
        certain = attempt.state == State.SUBMITTING or _lies_in_a_file(attempt)
    if not certain:
        raise MayHaveLeft("It may have left. If the bank sent it back, enter the bank's code for it.")
    fail_attempt(payout, attempt, code="not_sent", by=by, now=now)
    PayoutEvent.objects.create(batch=payout.batch, payout=payout, word=PayoutEvent.Word.NOT_SENT, by=by, at=now)
    if Method(attempt.method).is_out_of_sight:
        hold_partner(
            partner_id=payout.partner_id,
            by=by,
            reason=f"{payout.reference} ({attempt.get_method_display().lower()}) is said not to have left.",
            now=now,
            kind=PayoutHold.Reason.VOIDED,
            cause=f"{payout.ref}:not_sent:{attempt.number}",
        )
    return payout


def _lies_in_a_file(attempt: PayoutAttempt) -> bool:
    """Whether it is on its way only in a file whose bytes nobody has; locked, so that nobody fetches it meanwhile."""
    file = AchFile.objects.select_for_update(of=("self",)).filter(entries__attempt=attempt).first()
    return attempt.state == State.IN_FLIGHT and file is not None and file.downloaded_at is None
