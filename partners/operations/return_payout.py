"""A payout that had arrived came back: the partner is owed it again and is on hold (rules/ledger.md E8)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from ledger import builders
from ledger.operations.post_entry import Posted, post_entry
from partners.models import PartnerPayout, PayoutAttempt, PayoutHold, PayoutItem
from partners.operations.hold_partner import hold_partner
from partners.operations.lock_payout import lock_payout
from people.models import User


class NotArrived(Exception):
    """No attempt of this payout has arrived, so none can come back."""


@transaction.atomic
def return_payout(
    *, payout_id: int, bank: str, on: date, at: datetime, code: str, by: User, now: datetime
) -> PayoutAttempt:
    """Book a settled payout back into the account `bank` ("bank:1") on the day `on`, and hold the partner.

    `code` is the bank's (R03) or empty. The payout's shares can be proposed again once the hold is lifted or a new
    destination is confirmed. A second call gives the first one's attempt. Raises NotArrived.
    """
    payout, attempts = lock_payout(payout_id)
    if payout.state == PartnerPayout.State.RETURNED:
        return attempts[-1]
    attempt = next((one for one in attempts if one.state == PayoutAttempt.State.SETTLED), None)
    if attempt is None:
        raise NotArrived("This payout has not arrived, so it cannot have come back.")
    posted = post_entry(
        builders.payout_returned(
            payout_ref=payout.ref,
            source=payout.ref,
            event_at=at,
            effective_on=on,
            currency=payout.currency,
            partner=payout.partner.owner,
            amount_minor=payout.amount_minor,
            attempt=attempt.number,
            bank=bank,
            actor=f"user:{by.pk}",
        ),
        now=now,
    )
    let_go(payout, attempt, posted, code=code, now=now)
    hold_partner(
        partner_id=payout.partner_id,
        by=by,
        reason=f"{payout.reference} came back{f' with {code}' if code else ''}.",
        now=now,
        kind=PayoutHold.Reason.RETURNED,
        cause=f"{payout.ref}:returned:{attempt.number}",
    )
    return attempt


def let_go(payout: PartnerPayout, attempt: PayoutAttempt, posted: Posted, *, code: str, now: datetime) -> None:
    """Say on the locked rows that it came back; what it paid can be proposed again."""
    attempt.state, attempt.failure_code, attempt.back_entry_id = PayoutAttempt.State.RETURNED, code, posted.entry_id
    attempt.save(update_fields=["state", "failure_code", "back_entry"])
    payout.state, payout.returned_on = PartnerPayout.State.RETURNED, posted.effective_on
    payout.save(update_fields=["state", "returned_on"])
    PayoutItem.objects.filter(payout=payout, released_at__isnull=True).update(released_at=now)
