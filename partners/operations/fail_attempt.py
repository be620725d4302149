"""An attempt that moved no money is over: the partner is owed it again (rules/ledger.md section 5, "Other rules")."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.models import PartnerPayout, PayoutAttempt
from people.models import User
from people.queries import local_day


class Over(Exception):
    """The attempt is over already, or has arrived."""


@transaction.atomic
def fail_attempt(
    payout: PartnerPayout,
    attempt: PayoutAttempt,
    *,
    code: str,
    now: datetime,
    by: User | None = None,
    voided: bool = False,
) -> PayoutAttempt:
    """Book the attempt back to what the partner is owed; the payout waits for a new try, or to be taken out.

    Both rows are locked and the payout has its partner loaded. `code` is the outside's word for why; `by`
    is the person who says so, if one does; `voided`: it was a cheque. Raises Over; then nothing has changed.
    """
    if attempt.state not in PartnerPayout.UNDER_WAY:
        raise Over(f"{payout.reference} is not under way any more.")
    build = builders.cheque_voided if voided else builders.payout_failed
    posted = post_entry(
        build(
            payout_ref=payout.ref,
            source=payout.ref,
            event_at=now,
            effective_on=local_day(now),
            currency=payout.currency,
            partner=payout.partner.owner,
            amount_minor=attempt.amount_minor,
            attempt=attempt.number,
            actor=f"user:{by.pk}" if by else "system",
        ),
        now=now,
    )
    attempt.state = PayoutAttempt.State.VOIDED if voided else PayoutAttempt.State.FAILED
    attempt.failure_code, attempt.back_entry_id, attempt.ended_at = code[:60], posted.entry_id, now
    attempt.save(update_fields=["state", "failure_code", "back_entry", "ended_at"])
    payout.state = PartnerPayout.State.FAILED
    payout.save(update_fields=["state"])
    return attempt
