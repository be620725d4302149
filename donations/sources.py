"""What `gift:7`, `plan:3` and `fund:seed` mean to staff who follow money back to its payment: no donor's name."""

from __future__ import annotations

from django.urls import reverse

from donations.models import Fund, Gift, Plan
from people.sources import Source


def describe_gifts(refs: list[str]) -> dict[str, Source]:
    """References of gifts in words, with the desk's page of each."""
    gifts = Gift.objects.filter(pk__in=_ids(refs)).select_related("fund")
    return {
        gift.ref: Source(
            f"{'Monthly gift' if gift.plan_id else 'Gift'} {gift.pk} to {gift.fund.name}",
            reverse("donations:desk_gift", args=[gift.pk]),
        )
        for gift in gifts
    }


def describe_plans(refs: list[str]) -> dict[str, Source]:
    """References of monthly plans in words, with their record."""
    plans = Plan.objects.filter(pk__in=_ids(refs)).select_related("fund")
    return {
        plan.ref: Source(
            f"Monthly plan {plan.pk} to {plan.fund.name}", reverse("admin:donations_plan_change", args=[plan.pk])
        )
        for plan in plans
    }


def describe_funds(refs: list[str]) -> dict[str, Source]:
    """The owners of contribution accounts by their funds' names."""
    slugs = [ref.partition(":")[2] for ref in refs]
    return {f"fund:{fund.slug}": Source(fund.name) for fund in Fund.objects.filter(slug__in=slugs)}


def _ids(refs: list[str]) -> list[int]:
    return [int(number) for ref in refs if (number := ref.partition(":")[2]).isdecimal()]
