"""The books, Stripe and the bank side by side: every difference has a name, or is called unexplained (L8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum

from ledger import queries as books
from ledger.models import ReconciliationException
from partners.bank.continuity import chain_to
from partners.bank.discrepancies import BALANCE_DIFFERS
from partners.bank.hand_entries import Unmatched, unmatched
from partners.models import BankAccount, BankStatement, Match, MatchItem, PartnerPayout
from payments.models import BalanceComparison, StripePayout


@dataclass(frozen=True, slots=True)
class Difference:
    """Part of why two of them differ; `list` says which page opens it."""

    name: str
    amount_minor: int
    list: str = ""


@dataclass(frozen=True, slots=True)
class BankRow:
    """One bank account: the bank less the books is the sum of `differences` and what has no name.

    `bank_minor` is the latest closing balance with the lines since; None while no statement ever said a balance.
    """

    account: BankAccount
    currency: str
    books_minor: int
    bank_minor: int | None
    known_to: date | None
    differences: tuple[Difference, ...]
    unexplained_minor: int

    @property
    def difference_minor(self) -> int | None:
        """The bank less the books."""
        return None if self.bank_minor is None else self.bank_minor - self.books_minor


@dataclass(frozen=True, slots=True)
class TransitRow:
    """Money on its way: what the books hold for it, and the payouts that are in no confirmed match."""

    name: str
    books_minor: int
    payouts_minor: int
    number: int
    list: str

    @property
    def difference_minor(self) -> int:
        return self.payouts_minor - self.books_minor


@dataclass(frozen=True, slots=True)
class StripeRow:
    """Account 1050 as it was when Stripe was last asked, and what Stripe said then."""

    books_minor: int
    comparison: BalanceComparison | None

    @property
    def theirs_minor(self) -> int:
        """What Stripe said: available and on its way to become so."""
        return self.comparison.available_minor + self.comparison.pending_minor if self.comparison else 0


class Held:
    """What the books hold in one currency, read once."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._lines = books.trial_balance(None, currency)

    def of(self, purpose: str, owner: str | None = None) -> int:
        """The balance of an account, or of all of a purpose; debit-positive."""
        return sum(
            line.balance_minor
            for line in self._lines
            if line.purpose == purpose and (owner is None or line.owner == owner)
        )


def three_way(known: Held | None = None) -> list[BankRow]:
    """Every bank account that has a statement; four queries and two for each account, however many lines."""
    accounts = list(BankAccount.objects.all())
    statements: dict[int, list[BankStatement]] = {}
    for statement in BankStatement.objects.select_related("account").order_by("last_on", "pk"):
        statements.setdefault(statement.account_id, []).append(statement)
    named = _named_breaks()
    by_hand = unmatched()
    currencies = {one.currency for one in accounts}
    held = {one: known if known is not None and known.currency == one else Held(one) for one in currencies}
    rows = []
    for account in accounts:
        owners = [account.ref, ""] if len(accounts) == 1 else [account.ref]
        ours = sum(held[account.currency].of("bank", owner) for owner in owners)
        without_line = sum((by_hand.get((owner, account.currency), Unmatched()) for owner in owners), Unmatched())
        if mine := statements.get(account.pk):
            rows.append(_bank_row(account, ours, mine, without_line, named))
    return rows


def in_transit(held: Held) -> list[TransitRow]:
    """From Stripe to us (1060) and from us to partners (2120)."""
    status = StripePayout.Status
    confirmed = _confirmed(stripe_payout=OuterRef("pk"))
    stripe = StripePayout.objects.filter(
        ~Exists(confirmed), currency=held.currency, status__in=[status.PENDING, status.IN_TRANSIT, status.PAID]
    )
    partner = PartnerPayout.objects.filter(currency=held.currency, state=PartnerPayout.State.IN_FLIGHT)
    return [
        TransitRow("From Stripe to the bank", held.of("in_transit"), *_sum(stripe), "payouts"),
        TransitRow("From the bank to partners", -held.of("payout_in_flight"), *_sum(partner), "partners"),
    ]


def stripe_balance(held: Held) -> StripeRow:
    """What Stripe said last, beside what the books held then."""
    rows = BalanceComparison.objects.filter(currency=held.currency).order_by("-compared_at", "-pk")
    return StripeRow(held.of("stripe_balance"), rows.first())


def _bank_row(
    account: BankAccount, held: int, statements: list[BankStatement], without_line: Unmatched, named: dict[str, int]
) -> BankRow:
    """The bank less the books, and its reasons: each is read from the rows that it is about, never figured as what the
    others leave, so that whatever has no row is unexplained."""
    closing = next((one for one in reversed(statements) if one.closing_minor is not None), None)
    known_to = statements[-1].last_on
    if closing is None or closing.closing_minor is None:
        return BankRow(account, account.currency, held, None, known_to, (), 0)
    lines = _sums(account, closing.last_on)
    at_bank = closing.closing_minor + lines["later"]
    chain = chain_to(closing, statements)
    breaks = sum(off for ref, off in chain.off_minor.items() if named.get(ref) == off)
    differences = (
        Difference("Lines that nothing explains yet", lines["open"], "lines"),
        Difference("Before the first statement", chain.began_minor - without_line.opening_minor),
        Difference("Booked by hand, and no line yet", -without_line.manual_minor, "hand"),
        Difference("Come back by the bank's notice, and no line yet", -without_line.returned_minor),
        Difference("Balances between statements that do not meet", breaks, "statements"),
    )
    unexplained = at_bank - held - sum(difference.amount_minor for difference in differences)
    shown = tuple(difference for difference in differences if difference.amount_minor)
    return BankRow(account, account.currency, held, at_bank, known_to, shown, unexplained)


def _sums(account: BankAccount, until: date) -> dict[str, int]:
    """What lines come to that are no duplicates: since the closing balance of a day, and those that are in no match.

    A file that begins on that day has lines of it that the closing balance does not know.
    """
    confirmed = MatchItem.objects.filter(
        line=OuterRef("pk"), side=MatchItem.Side.BANK, is_active=True, match__state=Match.State.CONFIRMED
    )
    lines = account.lines.order_by().annotate(kind=Subquery(confirmed.values("match__kind")[:1]))
    counted = lines.filter(Q(kind__isnull=True) | ~Q(kind=Match.Kind.DUPLICATE))  # NULL is no duplicate either
    same_day = Q(booked_on=until, statement__first_on=until, statement__last_on__gt=until)
    found = counted.aggregate(
        later=Sum("amount_minor", filter=Q(booked_on__gt=until) | same_day),
        open=Sum("amount_minor", filter=Q(kind__isnull=True)),
    )
    return {name: int(amount or 0) for name, amount in found.items()}


def _named_breaks() -> dict[str, int]:
    """By how much statements do not follow, by their names: named while open, and where a person has explained it."""
    rows = ReconciliationException.objects.filter(kind=BALANCE_DIFFERS.word).exclude(
        resolution=ReconciliationException.Resolution.GONE
    )
    return {subject: amount or 0 for subject, amount in rows.order_by("id").values_list("subject", "amount_minor")}


def _confirmed(**what: object) -> QuerySet[MatchItem]:
    return MatchItem.objects.filter(is_active=True, match__state=Match.State.CONFIRMED, **what)


def _sum(payouts: QuerySet[StripePayout] | QuerySet[PartnerPayout]) -> tuple[int, int]:
    found = list(payouts.values_list("amount_minor", flat=True))
    return sum(found), len(found)
