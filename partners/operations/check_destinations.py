"""What is to be paid goes where the partner is paid now, and nothing keeps the partner back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from partners.models import PartnerPayout, PayoutDestination, PayoutHold
from partners.queries.stripe_accounts import trouble_with

TAKE_OUT: Final = "take its payout out"
HERE: Final = "say below that it did not leave"
NOT_SENT: Final = "say on the page of its payout that it did not leave"


class NotPayable(Exception):
    """A partner is on hold, or is paid elsewhere by now; `str(error)` says which and what to do."""


def check_destinations(payouts: Sequence[PartnerPayout], way_out: str = TAKE_OUT) -> None:
    """Look at payouts with their partner and destination loaded; under the partners' locks it stays true.

    It is asked before each step that lets money go, so that a hold stops also what is sent but has not left yet;
    `way_out` says what to do with what is stopped. Two queries at most. Raises NotPayable.
    """
    held = set(
        PayoutHold.objects.filter(
            lifted_at__isnull=True, partner__in=[payout.partner_id for payout in payouts]
        ).values_list("partner_id", flat=True)
    )
    trouble = trouble_with(payout.paid_to for payout in payouts if payout.paid_to is not None)
    for payout in payouts:
        if payout.partner_id in held:
            raise NotPayable(f"{payout.partner} is on hold: {way_out}, or see to the hold first.")
        if payout.paid_to is None or payout.paid_to.state != PayoutDestination.State.ACTIVE:
            raise NotPayable(f"{payout.partner} is paid elsewhere than {payout.destination} by now: {way_out}.")
        if payout.paid_to_id in trouble:
            raise NotPayable(f"{payout.partner}: {trouble[payout.paid_to_id]}. {way_out[0].upper()}{way_out[1:]}.")
