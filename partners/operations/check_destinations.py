"""What is to be paid goes where the partner is paid now, and nothing keeps the partner back."""

from __future__ import annotations

from collections.abc import Sequence

from partners.models import PartnerPayout, PayoutDestination, PayoutHold
from partners.queries.stripe_accounts import trouble_with


class NotPayable(Exception):
    """A partner is on hold, or is paid elsewhere by now; `str(error)` says which and what to do."""


def check_destinations(payouts: Sequence[PartnerPayout]) -> None:
    """Look at payouts with their partner and destination loaded; under the partners' locks it stays true.

    Two queries at most. Raises NotPayable.
    """
    held = set(
        PayoutHold.objects.filter(
            lifted_at__isnull=True, partner__in=[payout.partner_id for payout in payouts]
        ).values_list("partner_id", flat=True)
    )
    trouble = trouble_with(payout.paid_to for payout in payouts if payout.paid_to is not None)
    for payout in payouts:
        if payout.partner_id in held:
            raise NotPayable(f"{payout.partner} is on hold: take its payout out, or see to the hold first.")
        if payout.paid_to is None or payout.paid_to.state != PayoutDestination.State.ACTIVE:
            raise NotPayable(
                f"{payout.partner} is paid elsewhere than {payout.destination} by now: take its payout out."
            )
        if payout.paid_to_id in trouble:
            raise NotPayable(f"{payout.partner}: {trouble[payout.paid_to_id]}. Take its payout out.")
