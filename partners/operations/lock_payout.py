"""A payout, its partner and its attempts are ours until the transaction ends: always in this order."""

from __future__ import annotations

from partners.models import Partner, PartnerPayout, PayoutAttempt


def lock_payout(payout_id: int) -> tuple[PartnerPayout, list[PayoutAttempt]]:
    """The payout with its partner and destination, and its attempts, the first one first; all locked.

    Raises PartnerPayout.DoesNotExist.
    """
    partner_id = PartnerPayout.objects.values_list("partner_id", flat=True).get(pk=payout_id)
    Partner.objects.select_for_update().get(pk=partner_id)
    payouts = PartnerPayout.objects.select_for_update(of=("self",)).select_related("partner", "paid_to", "batch")
    payout = payouts.get(pk=payout_id)
    return payout, list(payout.attempts.select_for_update(of=("self",)).order_by("number"))


def alive(attempts: list[PayoutAttempt]) -> PayoutAttempt | None:
    """The one that is under way, if any."""
    return next((attempt for attempt in attempts if attempt.state in PartnerPayout.UNDER_WAY), None)
