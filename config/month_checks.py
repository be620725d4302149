"""What is wanted of a month's sales and gifts before it is closed; each needs more than one package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When
from django.db.models.functions import Concat

from donations.models import Gift
from donations.queries import gift_line, promises_of_fund
from ledger import month_checks
from ledger.books import in_words
from ledger.models import Entry
from ledger.month_checks import Figures
from partners.models import Agreement, Allocation
from partners.models.allocations import ACCRUAL
from partners.sharing import ShareLine, shares_of_payment
from partners.terms import Terms
from partners.waiting import with_fees
from payments.queries import fees_of
from people.queries import days_of
from shop.giving import share_line
from shop.models import Order

AT_ONCE: Final = 500  # sources
Agreements = Mapping[int, Agreement]


def register() -> None:
    """Called once, at start-up."""
    name = "each paid source has brought each agreement its share"
    month_checks.register(month_checks.MonthCheck(name, every_source_allocated, "partners:desk_agreements"))


def every_source_allocated(yyyymm: int) -> Iterator[str | Figures]:
    """What the month's sales and gifts owe by the agreements that bound them is what was allocated, to the cent.

    Beside it, by agreement: how many sources owe it and how much, and how many have brought it how much.
    """
    agreements = Agreement.objects.exclude(state=Agreement.State.DRAFT).select_related("partner").in_bulk()
    tallies: dict[tuple[int, str], _Tally] = defaultdict(_Tally)
    for source, owed, allocated in _compared(yyyymm, agreements):
        for pk in sorted(owed.keys() | allocated.keys()):
            is_owed, has = owed.get(pk), allocated.get(pk)
            tallies[pk, source.currency].add(is_owed, has)
            if is_owed != has:
                words = ["nothing" if amount is None else amount for amount in (is_owed, has)]
                yield f"{source.ref} owes {words[0]} by {agreements[pk]}, allocated is {words[1]}"
    rows = (tallies[key].row(agreements[key[0]], key[1]) for key in sorted(tallies))
    yield Figures(
        ("Agreement", "Paid sources", "Owed, before caps", "Allocated for", "Allocated, before caps"), tuple(rows)
    )


@dataclass(slots=True)
class _Tally:
    """Count and sum of one agreement, in one currency."""

    owing: int = 0
    owed_minor: int = 0
    brought: int = 0
    allocated_minor: int = 0

    def add(self, owed: int | None, allocated: int | None) -> None:
        self.owing += owed is not None
        self.owed_minor += owed or 0
        self.brought += allocated is not None
        self.allocated_minor += allocated or 0

    def row(self, agreement: Agreement, currency: str) -> tuple[str, ...]:
        owed, allocated = (in_words(amount, currency) for amount in (self.owed_minor, self.allocated_minor))
        promise = f"{agreement.terms.rate_text} of {agreement.scope_label}, version {agreement.version}"
        return (f"{agreement.partner}: {promise}", str(self.owing), owed, str(self.brought), allocated)


def _compared(yyyymm: int, agreements: Agreements) -> Iterator[tuple[Order | Gift, dict[int, int], dict[int, int]]]:
    """Each source of the month with what it owes and what was allocated, by agreement, as if without caps."""
    orders = _booked(Order.objects.filter(state=Order.State.PAID), yyyymm, kind="sale")
    for some_orders in _some(orders.prefetch_related("lines__agreements")):
        allocated = _allocated(some_orders)
        for order in some_orders:
            yield order, _owed(order, _order_lines(order), agreements), allocated.get(order.ref, {})
    gifts = _booked(Gift.objects.filter(state=Gift.State.PAID), yyyymm, kind="gift")
    for some_gifts in _some(gifts.select_related("fund")):
        allocated = _allocated(some_gifts)
        for gift in some_gifts:
            shares = allocated.get(gift.ref, {})
            yield gift, _owed(gift, [_gift_line(gift, shares, agreements)], agreements), shares


def _booked(rows: QuerySet[Any], yyyymm: int, *, kind: str) -> QuerySet[Any]:
    """Those whose sale or gift entry lies in the month."""
    key = Concat(OuterRef("charge_ref"), Value(f":{kind}"))
    entry = Entry.objects.filter(idempotency_key=key, effective_date__range=days_of(yyyymm))
    return rows.filter(Exists(entry)).order_by("pk")


def _some(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The rows in lists of AT_ONCE, in order of their id."""
    some = list(rows[:AT_ONCE])
    while some:
        yield some
        some = list(rows.filter(pk__gt=some[-1].pk)[:AT_ONCE])


def _allocated(sources: Sequence[Any]) -> dict[str, dict[int, int]]:
    """{source: {agreement id: amount}} of these orders or gifts, of the charge that paid them, as if without caps."""
    found: dict[str, dict[int, int]] = {}
    charges = {source.ref: source.charge_ref for source in sources}
    rows = Allocation.objects.filter(source__in=charges, cause=ACCRUAL)
    without_cap = Case(When(agreement__cap_minor__isnull=False, then="uncapped_minor"), default="amount_minor")
    for source, charge_ref, agreement_id, amount_minor in rows.values_list(
        "source", "charge_ref", "agreement", without_cap
    ):
        if charge_ref == charges[source]:
            found.setdefault(source, {})[agreement_id] = amount_minor
    return found


def _order_lines(order: Order) -> list[ShareLine]:
    """Its lines with the agreements that checkout froze on them."""
    return [share_line(line) for line in order.lines.all()]


def _gift_line(gift: Gift, allocated: Mapping[int, int], agreements: Agreements) -> ShareLine:
    """The gift with the promises that bound it at its charge.

    They are not frozen on it. Those of the day are asked again, without what was approved later; where a share was
    allocated by a promise that has been ended since, only what is allocated can be figured again.
    """
    assert gift.paid_at is not None
    of_the_day = {promise.agreement_id for promise in promises_of_fund(gift.fund, gift.paid_at)}
    bound = set(allocated)
    if bound <= of_the_day:
        bound |= {pk for pk in of_the_day if (agreements[pk].approved_at or gift.paid_at) <= gift.paid_at}
    return gift_line(gift, sorted(bound))


def _owed(source: Order | Gift, lines: Sequence[ShareLine], agreements: Agreements) -> dict[int, int]:
    terms = {pk: agreements[pk].terms for line in lines for pk in line.agreement_ids}
    shares = shares_of_payment(_with_fees(source, lines, terms), terms)
    return {share.agreement_id: share.amount_minor for share in shares}


def _with_fees(source: Order | Gift, lines: Sequence[ShareLine], terms: Mapping[int, Terms]) -> Sequence[ShareLine]:
    """The lines with what the card fee took of each, where it matters; while nobody knows it, nothing is owed yet."""
    if not any(one.is_estimate for one in terms.values()):
        return lines
    fee = fees_of([source.charge_ref or ""]).get(source.charge_ref or "")
    if fee is None or fee.currency != source.currency:
        return lines
    return with_fees(lines, source.other_parts_minor, fee.fee_minor)
