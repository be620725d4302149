"""Which accounts a bank was asked about by a prenote, and when those may be paid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from partners.bank.bank_days import after
from partners.models import AchEntry, PayoutPolicy


def reached_the_bank(today: date) -> QuerySet[AchEntry]:
    """Lines of files that were fetched, or that their makers can still fetch before the day on which they take effect.

    What nobody fetched by then asked no bank anything.
    """
    fetched = Q(file__downloaded_at__isnull=False)
    return AchEntry.objects.filter(fetched | Q(file__effective_on__gte=today, file__made_by__is_active=True))


def prenotes(today: date) -> QuerySet[AchEntry]:
    """Those of them that ask, the last ones first."""
    return reached_the_bank(today).filter(attempt__isnull=True).order_by("-pk")


def waits_for_answers(destinations: Iterable[int], rules: PayoutPolicy, today: date) -> dict[int, date]:
    """The destinations whose banks may still answer, with the day from which each is paid. One query."""
    asked: dict[int, date] = {}
    for pk, effective_on in (
        prenotes(today).filter(paid_to__in=destinations).values_list("paid_to", "file__effective_on")
    ):
        asked.setdefault(pk, after(effective_on, rules.prenote_wait_days))
    return {pk: over_on for pk, over_on in asked.items() if today < over_on}
