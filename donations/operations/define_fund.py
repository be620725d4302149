"""A fund with its offered amounts exists as described; doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from donations.models import Fund, Tier
from donations.operations.open_fund_accounts import RestrictionFixed, open_fund_accounts

__all__ = ["BadTier", "RestrictionFixed", "define_fund"]


class BadTier(ValueError):
    """An offered amount lies outside what the fund takes."""


def define_fund(
    *,
    slug: str,
    name: str,
    purpose: str,
    tiers_minor: Sequence[int],
    restriction: str = Fund.Restriction.PURPOSE,
    minimum_minor: int = 100,
    maximum_minor: int = 1_000_000,
    opens_on: date | None = None,
    closes_on: date | None = None,
    position: int = 0,
) -> Fund:
    """Make or bring up to date the fund with this slug; its tiers become exactly `tiers_minor` (minor units).

    `minimum_minor` and `maximum_minor` bound one gift. Its accounts are opened under its restriction. Raises BadTier
    for an amount outside the bounds, RestrictionFixed for another restriction than its accounts have.
    """
    if not all(minimum_minor <= amount <= maximum_minor for amount in tiers_minor):
        raise BadTier(slug)
    with transaction.atomic():
        fund, _ = Fund.objects.update_or_create(
            slug=slug,
            defaults={
                "name": name,
                "purpose": purpose,
                "restriction": restriction,
                "minimum_minor": minimum_minor,
                "maximum_minor": maximum_minor,
                "opens_on": opens_on,
                "closes_on": closes_on,
                "position": position,
            },
        )
        open_fund_accounts(fund)
        fund.tiers.exclude(amount_minor__in=tiers_minor).delete()
        Tier.objects.bulk_create(
            [Tier(fund=fund, amount_minor=amount) for amount in sorted(set(tiers_minor))], ignore_conflicts=True
        )
    return fund
