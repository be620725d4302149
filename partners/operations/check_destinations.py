"""What is to be paid goes where the partner is paid now, and nothing keeps the partner back."""

from __future__ import annotations

from collections.abc import Sequence

from partners.models import PartnerPayout, PayoutDestination, PayoutHold


class NotPayable(Exception):
    """A partner is on hold, or is paid elsewhere by now; `str(error)` says which and what to do."""


def check_destinations(payouts: Sequence[PartnerPayout]) -> None:
    """Look at payouts with their partner and destination loaded; under the partners' locks it stays true. One query.

    Raises NotPayable.
    """
    held = set(
        PayoutHold.objects.filter(
            lifted_at__isnull=True, partner__in=[payout.partner_id for payout in payouts]
        ).values_list("partner_id", flat=True)
    )
    for payout in payouts:
        if payout.partner_id in held:
            raise NotPayable(f"{payout.partner} is on hold: take its payout out, or see to the hold first.")
        if payout.paid_to is None or payout.paid_to.state != PayoutDestination.State.ACTIVE:
            raise NotPayable(
                f"{payout.partner} is paid elsewhere than {payout.destination} by now: take its payout out."
            )
