"""What must always be true between partners' rows and the books; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from ledger import queries as ledger
from ledger.models import Posting
from partners.models import Allocation, Partner, PartnerPayout
from partners.queries.account import OWED


def accounts_add_up() -> Iterable[str]:
    """L9: what the ledger says we owe a partner is what was allocated to it less what reached its bank."""
    currencies = set(Allocation.objects.order_by().values_list("currency", flat=True).distinct())
    currencies |= set(PartnerPayout.objects.order_by().values_list("currency", flat=True).distinct())
    for currency in sorted(currencies):
        owed = _owed_by_owner(currency)
        allocated = _sums(Allocation.objects.filter(currency=currency), "agreement__partner")
        settled = PartnerPayout.objects.filter(currency=currency, state=PartnerPayout.State.SETTLED)
        paid = _sums(settled, "partner")
        for partner in Partner.objects.order_by("pk"):
            expected = allocated.get(partner.pk, 0) - paid.get(partner.pk, 0)
            booked = owed.get(partner.owner, 0)
            if booked != expected:
                yield f"{partner.owner} {currency}: the ledger owes {booked}, allocations less payouts are {expected}"


def allocations_booked() -> Iterable[str]:
    """Each share is the sum of its lines and stands in its entry, to the cent and on the partner's own account."""
    by_line = Allocation.objects.annotate(lines_minor=Coalesce(Sum("lines__amount_minor"), 0))
    for row in by_line.exclude(lines_minor=F("amount_minor")).order_by("pk").iterator():
        yield f"allocation {row.pk} ({row.source}) is {row.amount_minor}, its lines are {row.lines_minor}"
    postings = Posting.objects.filter(
        entry=OuterRef("entry"),
        credit__owner=Concat(Value("partner:"), Cast(OuterRef("agreement__partner"), CharField())),
    )
    booked_minor = Subquery(postings.order_by().values("entry").annotate(total=Sum("amount_minor")).values("total"))
    by_entry = Allocation.objects.filter(entry__isnull=False).annotate(booked_minor=Coalesce(booked_minor, 0))
    for found in by_entry.exclude(booked_minor=F("amount_minor")).order_by("pk").iterator():
        yield f"allocation {found.pk} ({found.source}) is {found.amount_minor}, its entry says {found.booked_minor}"


def payouts_explained() -> Iterable[str]:
    """L11: the items of a payout that was not taken out add up to its amount."""
    live = PartnerPayout.objects.exclude(state=PartnerPayout.State.RELEASED)
    rows = live.annotate(items_minor=Coalesce(Sum("items__amount_minor"), 0))
    for row in rows.exclude(items_minor=F("amount_minor")).order_by("pk"):
        yield f"payout {row.pk} ({row.reference}) is {row.amount_minor}, its items are {row.items_minor}"


CHECKS: dict[str, Callable[[], Iterable[str]]] = {
    "each partner is owed what was allocated less what was paid": accounts_add_up,
    "each allocation is the sum of its lines and stands in its entry": allocations_booked,
    "each payout is the sum of its items": payouts_explained,
}


def _owed_by_owner(currency: str) -> dict[str, int]:
    owed: dict[str, int] = {}
    for purpose in OWED:
        for owner, balance in ledger.balances_by_owner(purpose, None, currency).items():
            owed[owner] = owed.get(owner, 0) - balance
    return owed


def _sums(rows: QuerySet[Any, Any], partner: str) -> dict[int, int]:
    """{partner id: sum}, where `partner` is the path to the partner."""
    return dict(rows.order_by().values_list(partner).annotate(Sum("amount_minor")))
