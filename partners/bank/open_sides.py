"""What is open on both sides, read for matching: lines that nothing explains, payouts that no line brought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Abs, JSONObject

from ledger.models import ReconciliationException
from partners.bank.bank_days import after
from partners.bank.cheque_numbers import cheque_id, cheque_ids
from partners.bank.confirmers import hands_on
from partners.bank.discrepancies import DUPLICATE
from partners.bank.learning import words_of
from partners.bank.matching import Line, Payout
from partners.models import BankLine, MatchItem, Method, PartnerPayout, PayoutAttempt
from payments.models import StripePayout
from people.queries import local_day, organisation

BANK_DAYS: Final = 5
RETURN_DAYS: Final = timedelta(days=60)
CHEQUE_DAYS: Final = timedelta(days=180)  # after which a cheque is stale
STRIPE: Final = "STRIPE"
_DAY: Final = timedelta(days=1)
_NAME_MIN: Final = 4


@dataclass(frozen=True, slots=True)
class OpenSides:
    """`importers` says who brought each line in (uploaded its file, or had it imported), `hands` who had each payout to
    a partner leave."""

    lines: list[Line]
    payouts: list[Payout]
    importers: dict[int, set[int]]
    hands: dict[int, set[int]]


def open_sides() -> OpenSides:
    """Six queries, however much is open."""
    lines, importers = _lines()
    partner = _partner_payouts()
    return OpenSides(
        lines, [*_stripe_payouts(), *partner, *_returns()], importers, hands_on([one.pk for one in partner])
    )


def open_payouts() -> list[Payout]:
    """The side of the payouts alone."""
    return [*_stripe_payouts(), *_partner_payouts(), *_returns()]


def open_payouts_near(amount_minor: int, currency: str, number: int) -> list[Payout]:
    """Open payouts of this direction, those of Stripe's nearest in amount only; three queries at most."""
    stripe = _stripe_payouts(near_minor=amount_minor, number=number)
    partner = _returns() if amount_minor > 0 else _partner_payouts()
    found = [one for one in [*stripe, *partner] if one.currency == currency]
    return [one for one in found if (one.amount_minor > 0) == (amount_minor > 0)]


def unexplained_lines() -> list[BankLine]:
    """Lines in no match that is not undone, the oldest first."""
    taken = MatchItem.objects.filter(line=OuterRef("pk"), is_active=True, side=MatchItem.Side.BANK)
    return list(BankLine.objects.filter(~Exists(taken)).order_by("booked_on", "pk"))


def doubtful_refs() -> set[str]:
    """Lines that may be duplicates: what a person has not decided is matched with nothing."""
    rows = ReconciliationException.objects.filter(kind=DUPLICATE.word, resolved_at__isnull=True)
    return set(rows.values_list("subject", flat=True))


def _lines() -> tuple[list[Line], dict[int, set[int]]]:
    taken = MatchItem.objects.filter(line=OuterRef("pk"), is_active=True, side=MatchItem.Side.BANK)
    doubtful = doubtful_refs()
    rows = (
        BankLine.objects.filter(~Exists(taken))
        .order_by("booked_on", "pk")
        .values_list(
            "pk", "account", "booked_on", "amount_minor", "currency", "description", "reference",
            "statement__imported_by", "statement__file__uploaded_by",
        )
    )  # fmt: skip
    lines, importers = [], {}
    for pk, account, booked_on, amount_minor, currency, description, reference, *by in rows:
        if f"bank:line:{pk}" not in doubtful:
            ids = cheque_ids(account, amount_minor, description, reference)
            lines.append(Line(pk, account, booked_on, amount_minor, currency, words_of(description, reference), ids))
            importers[pk] = {user for user in by if user is not None}
    return lines, importers


def arriving() -> QuerySet[StripePayout]:
    """Stripe's payouts that are on their way to the bank or there, as far as Stripe says: none that failed."""
    status = StripePayout.Status
    return StripePayout.objects.filter(status__in=[status.PENDING, status.IN_TRANSIT, status.PAID], failure_bt_id="")


def _stripe_payouts(near_minor: int | None = None, number: int | None = None) -> list[Payout]:
    """All of them, or so many whose amount is nearest to one."""
    taken = MatchItem.objects.filter(stripe_payout=OuterRef("pk"), is_active=True)
    rows = arriving().filter(~Exists(taken)).exclude(amount_minor=0).order_by("arrival_on", "pk")
    if near_minor is not None:
        rows = rows.filter(amount_minor__gt=0) if near_minor > 0 else rows.filter(amount_minor__lt=0)
        rows = rows.order_by(Abs(F("amount_minor") - near_minor), "arrival_on", "pk")[:number]
    found = rows.values_list("pk", "payout_id", "trace_id", "amount_minor", "currency", "arrival_on")
    return [
        Payout(
            kind="processor",
            pk=pk,
            ref=f"stripe:payout:{payout_id}",
            amount_minor=amount_minor,
            currency=currency,
            ids=tuple(name.upper() for name in (payout_id, trace_id) if name),
            word=STRIPE,
            first_on=arrival_on,
            last_on=after(arrival_on, BANK_DAYS),
        )
        for pk, payout_id, trace_id, amount_minor, currency, arrival_on in found
    ]


def _partner_payouts() -> list[Payout]:
    """From a day before its attempt was sent, because the bank's day and ours may differ; a cheque until it is stale.

    Transfers do not pass the bank.
    """
    taken = MatchItem.objects.filter(payout=OuterRef("pk"), is_active=True, is_return=False)
    attempts = PayoutAttempt.objects.filter(payout=OuterRef("pk"), state=PayoutAttempt.State.IN_FLIGHT)
    rows = PartnerPayout.objects.filter(~Exists(taken), state=PartnerPayout.State.IN_FLIGHT)
    cheque = JSONObject(account="cheque__account", number="cheque__number")
    rows = rows.exclude(method=Method.CONNECT).annotate(
        sent_at=Subquery(attempts.values("started_at")[:1]),
        cheque=Subquery(attempts.filter(cheque__isnull=False).values(said=cheque)[:1]),
    )
    found: list[Payout] = []
    on_their_way = list(rows.select_related("partner").order_by("pk"))
    zone = organisation() if on_their_way else None
    for payout in on_their_way:
        if payout.sent_at is None:
            continue
        sent_on = local_day(payout.sent_at, zone)
        last_on = sent_on + CHEQUE_DAYS if payout.method == Method.CHEQUE else after(sent_on, BANK_DAYS)
        found.append(_partner_payout(payout, -payout.amount_minor, sent_on - _DAY, last_on))
    return found


def _partner_payout(payout: Any, amount_minor: int, first_on: date, last_on: date) -> Payout:
    name = payout.partner.name.upper()
    return Payout(
        kind="partner",
        pk=payout.pk,
        ref=f"payout:{payout.pk}",
        amount_minor=amount_minor,
        currency=payout.currency,
        ids=(payout.reference.upper(), *_cheque(payout)),
        word=name if len(name) >= _NAME_MIN else "",
        first_on=first_on,
        last_on=last_on,
    )


def _cheque(payout: Any) -> Iterator[str]:
    """The cheque that is out for a payout, if it is paid by one."""
    if payout.cheque:
        yield cheque_id(payout.cheque["account"], payout.cheque["number"])


def _returns() -> list[Payout]:
    """What had arrived may come back, or somebody entered that it did; it is then known by our reference only."""
    taken = MatchItem.objects.filter(payout=OuterRef("pk"), is_active=True, is_return=True)
    states = [PartnerPayout.State.SETTLED, PartnerPayout.State.RETURNED]
    rows = PartnerPayout.objects.filter(~Exists(taken), state__in=states, settled_on__isnull=False)
    rows = rows.exclude(method=Method.CONNECT)
    found = rows.order_by("pk").values_list("pk", "reference", "amount_minor", "currency", "settled_on")
    return [
        Payout("returned", pk, f"payout:{pk}", amount, currency, (reference.upper(),), "", day, day + RETURN_DAYS)
        for pk, reference, amount, currency, day in found
        if day is not None
    ]
