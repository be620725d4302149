"""A year of payouts, Stripe's and partners', and the bank's statement with its usual noise (issue 5, "Must show").

What is right is matched by itself, what is wrong is an exception, and nothing wrong is matched.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from django.test import TestCase

from ledger.models import ReconciliationException
from ledger.operations.open_months import open_months
from partners import bank_checks
from partners import books as books_of_partners
from partners.bank.bank_days import after, is_bank_day
from partners.models import BankAccount, BankLine, Match, MatchItem, PartnerPayout
from partners.operations.accept_statement import NotImportable
from partners.operations.import_statement import import_statement
from partners.operations.match_lines import match_lines
from payments.models import StripePayout
from people.models import User
from tests.partners.bank.files import Line, csv_of, ofx_of
from tests.partners.bank.partner_year import a_year_of_partners
from tests.partners.bank.stripe import paid_out
from tests.partners.conftest import NOW

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2025, 8, 15), date(2026, 8, 14)  # what comes late comes before today


@dataclass
class Truth:
    """What really happened: for each line the payouts that it is, and how it should end."""

    lines: list[Line] = field(default_factory=list)
    payouts: dict[str, int] = field(default_factory=dict)
    certain: dict[str, set[str]] = field(default_factory=dict)
    proposed: dict[str, set[str]] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)

    def add(self, day: date, amount_minor: int, text: str) -> str:
        """A line under an id of the bank's own, by which the test finds it again."""
        ref = f"B{len(self.lines):05}"
        self.lines.append(Line(day, amount_minor, text, ref))
        return ref


def a_year(luck: random.Random) -> Truth:
    """A payout on each bank day; each day one of the things that happen to payouts at a bank."""
    truth, day, number = Truth(), FIRST, 0
    while day <= LAST:
        if is_bank_day(day):
            number += 1
            _one_day(truth, day, number, luck)
        day += timedelta(days=1)
    for month in range(1, 13):
        truth.unknown.add(truth.add(after(FIRST, 20 * month), -1200 - month, f"Monthly fee {month}"))
    truth.lines.sort(key=lambda line: line.booked_on)
    return truth


def _one_day(truth: Truth, day: date, number: int, luck: random.Random) -> None:
    name = f"po_{number:04}"
    # Twenty cents apart and more, so that a sum of some is rarely another one, and never nearly.
    amount = 100_000 + 997 * number + luck.randrange(20) * 20_011
    truth.payouts[name] = amount
    arrived, trace = after(day, luck.randrange(3)), f"TRACE{number:06}"
    paid_out(name, amount, day, trace=trace)
    match number % 20:
        case 3:  # the bank shows no id: amount, day and word are enough
            truth.certain[truth.add(arrived, amount, "STRIPE TRANSFER")] = {name}
        case 5:  # one cent off, by its id
            truth.differing[truth.add(arrived, amount - 1, f"STRIPE {trace}")] = -1
        case 7:  # late, but named
            truth.certain[truth.add(after(day, 9), amount, f"STRIPE {trace}")] = {name}
        case 9:  # split in two, both named
            for part in (amount - 5000, 5000):
                truth.certain[truth.add(arrived, part, f"STRIPE PART {trace}")] = {name}
        case 11:  # merged with another payout of this day, both named
            other, more = f"{name}b", 40_000 + number
            truth.payouts[other] = more
            paid_out(other, more, day, trace=f"{trace}B")
            truth.certain[truth.add(arrived, amount + more, f"STRIPE {trace} {trace}B")] = {name, other}
        case 13:  # never arrives
            truth.late.add(name)
        case 15:  # a deposit of somebody else
            truth.certain[truth.add(arrived, amount, f"STRIPE {trace}")] = {name}
            truth.unknown.add(truth.add(arrived, 55_500 + number, "DEPOSIT BRANCH 12"))
        case 17:  # two payouts of one amount, lines without an id: nobody can tell them apart
            twin = f"{name}b"
            truth.payouts[twin] = amount
            paid_out(twin, amount, day)
            truth.unknown |= {truth.add(arrived, amount, "STRIPE TRANSFER") for _ in range(2)}
            truth.late |= {name, twin}
        case 19:  # too late, and nothing names it
            truth.unknown.add(truth.add(after(day, 40), amount, "WIRE IN"))
            truth.late.add(name)
        case _:
            truth.certain[truth.add(arrived, amount, f"STRIPE TRANSFER {trace}")] = {name}


@pytest.fixture
def truth(checking: BankAccount, ana: User, ben: User) -> Truth:
    """Both sides' year, the bank's lines by day."""
    open_months(around=NOW)
    truth = a_year(random.Random(2026))
    a_year_of_partners(truth, ana, ben)
    truth.lines.sort(key=lambda line: line.booked_on)
    return truth


def test_what_is_right_is_matched_and_what_is_wrong_is_named(truth: Truth, checking: BankAccount, ana: User) -> None:
    _import_with_noise(truth, checking, ana)
    match_lines(now=NOW)

    # Every pair that its rule confirmed is one that really happened, and every one that is certain was confirmed.
    confirmed = _matched(Match.State.CONFIRMED)
    assert confirmed == truth.certain
    assert set(Match.objects.filter(state="confirmed").values_list("decided_by", "kind")) == {
        (None, "arrived"), (None, "paid")
    }  # fmt: skip
    proposed = _matched(Match.State.PROPOSED)
    assert not set(proposed) & (set(truth.differing) | set(truth.certain))
    assert truth.proposed.items() <= proposed.items()
    # What is proposed adds up on both sides, holds nothing that is elsewhere, and nothing of it is booked.
    assert _sums(Match.State.PROPOSED, truth) == _sums(Match.State.CONFIRMED, truth) == []
    assert not {name for names in proposed.values() for name in names} & {
        name for names in truth.certain.values() for name in names
    }
    assert _open("bank_amount_differs") == truth.differing
    unknown = set(_open("bank_line_unknown"))
    assert unknown == truth.unknown - set(proposed)
    waiting = {name for names in proposed.values() for name in names}
    assert _late() == truth.late - waiting
    for check in (*bank_checks.CHECKS, *books_of_partners.CHECKS):
        assert list(check.find()) == []


def _import_with_noise(truth: Truth, checking: BankAccount, ana: User) -> None:
    """Month by month, each with some days of the last one; one month twice, one as CSV, one under new ids."""
    begin = FIRST
    months = 0
    while begin <= truth.lines[-1].booked_on:
        end = begin + timedelta(days=30)
        some = [line for line in truth.lines if begin - timedelta(days=6) <= line.booked_on < end]
        months += 1
        _import(checking, ana, ofx_of(some), f"{months}.ofx")
        if months == 3:
            _import(checking, ana, ofx_of(some) + b"\n", "again.ofx")
            _import(checking, ana, csv_of(some), "again.csv")
        if months == 5:
            inner = [line for line in some if begin <= line.booked_on < end - timedelta(days=7)]
            renamed = [Line(line.booked_on, line.amount_minor, line.text, f"X{line.bank_ref}") for line in inner]
            _import(checking, ana, ofx_of(renamed), "renamed.ofx")
        begin = end
    assert BankLine.objects.count() == len(truth.lines)


def _import(checking: BankAccount, ana: User, content: bytes, name: str) -> None:
    try:
        with TestCase.captureOnCommitCallbacks():
            import_statement(account=checking, file_name=name, content=content, by=ana, now=NOW)
    except NotImportable as error:
        assert "known already" in str(error)


def _sums(state: str, truth: Truth) -> list[tuple[int, int, int]]:
    """Matches whose lines, by the bank's file, come to another sum than their payouts, by what was sent."""
    lines = {line.bank_ref: line.amount_minor for line in truth.lines}
    sides: dict[int, tuple[set[str], set[str]]] = {}
    for match, refs, names in _whole(state):
        sides[match] = (refs, names)
    sums = [
        (match, sum(lines[ref] for ref in refs), sum(truth.payouts[name] for name in names))
        for match, (refs, names) in sides.items()
    ]
    return [one for one in sums if one[1] != one[2]]


def _matched(state: str) -> dict[str, set[str]]:
    """{the bank's id of a line: the payouts that its match holds}"""
    return {ref: names for _, refs, names in _whole(state) for ref in refs}


def _whole(state: str) -> list[tuple[int, set[str], set[str]]]:
    """Each match with its lines and its payouts; one that came back is "TP00001N001:back"."""
    items = MatchItem.objects.filter(match__state=state)
    lines: dict[int, set[str]] = {}
    for match, ref in items.filter(side="bank").values_list("match", "line__bank_ref"):
        lines.setdefault(match, set()).add(ref)
    names: dict[int, set[str]] = {}
    for match, name in items.filter(side="processor").values_list("match", "stripe_payout__payout_id"):
        names.setdefault(match, set()).add(name)
    partner = items.filter(side="partner").values_list("match", "payout__reference", "is_return")
    for match, reference, is_return in partner:
        names.setdefault(match, set()).add(f"{reference}:back" if is_return else reference)
    return [(match, refs, names[match]) for match, refs in lines.items()]


def _open(kind: str) -> dict[str, int | None]:
    rows = ReconciliationException.objects.filter(kind=kind, resolved_at__isnull=True)
    refs = {line.ref: line.bank_ref for line in BankLine.objects.all()}
    return {refs[row.subject]: row.amount_minor for row in rows}


def _late() -> set[str]:
    rows = ReconciliationException.objects.filter(kind="payout_not_at_bank", resolved_at__isnull=True)
    partner = {one.ref: one.reference for one in PartnerPayout.objects.all()}
    return {partner.get(ref, ref.rpartition(":")[2]) for ref in rows.values_list("subject", flat=True)}


def test_every_payout_is_held_once(truth: Truth, checking: BankAccount, ana: User) -> None:
    """The same year read in one file says the same."""
    _import(checking, ana, ofx_of(truth.lines), "year.ofx")

    assert _matched(Match.State.CONFIRMED) == truth.certain
    sent = StripePayout.objects.count() + PartnerPayout.objects.count()
    assert sent == len([name for name in truth.payouts if not name.endswith(":back")])
