"""Random lives of months against naive lists: B(account, day, seq) is a pure function, and closes change nothing.

Entries come on any day, are sealed in batches of any size, months are closed and reopened; after every step the
balances as of any (day, sequence number) are what adding up says, and L3 and L4 hold (rules/sealing.md "As of").
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ledger import seal_checks
from ledger.accounts import CHART, label
from ledger.closing import ContentChanged, LaterMonthClosed, NotApproved, WrongState
from ledger.drafts import AccountRef, EntryDraft, PostingDraft
from ledger.models import Period, Seal
from ledger.operations.close_month import close_month
from ledger.operations.open_months import open_months
from ledger.operations.post_entry import post_entries
from ledger.operations.seal_entries import seal_entries
from ledger.queries import balances_by_owner, sealed_through, statement_lines, trial_balance
from people.models import Organisation
from tests import asked
from tests.ledger.closing import approve_close, close, person, reopen

LIVES, STEPS = asked.times(12), 30
NOW = datetime(2027, 1, 1, tzinfo=UTC)
MONTHS = (202609, 202610, 202611, 202612)
FIRST_DAY, LAST_DAY = date(2026, 9, 1), date(2026, 12, 31)
EDGES = st.sampled_from([date(2026, month, day) for month, day in ((9, 30), (10, 1), (10, 31), (11, 1), (11, 30))])
DAYS = st.one_of(EDGES, st.dates(FIRST_DAY, LAST_DAY))
AMOUNTS = st.one_of(st.integers(1, 2), st.integers(1, 999))
ACCOUNTS = st.sampled_from(("bank", "clearing", "suspense", "payable/partner:1", "payable/partner:2"))
LINES = st.lists(st.tuples(ACCOUNTS, ACCOUNTS, AMOUNTS).filter(lambda line: line[0] != line[1]), min_size=1, max_size=4)

Line = tuple[str, str, int]


def month_of(day: date) -> int:
    return day.year * 100 + day.month


def last_of(month: int) -> date:
    return date(month // 100, month % 100, monthrange(month // 100, month % 100)[1])


def ref(text: str) -> AccountRef:
    purpose, _, owner = text.partition("/")
    return AccountRef(purpose, owner)


def shown(text: str) -> str:
    purpose, _, owner = text.partition("/")
    return label(CHART[purpose].code, owner)


class SealedBooks(RuleBasedStateMachine):
    """The books beside a list of (day, lines) by key, and the order in which keys were sealed."""

    entries: dict[str, tuple[date, list[Line]]]
    states: dict[int, str]
    promised: list[tuple[date, int, dict[str, int]]]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo._from_testcase = True  # a life counts as a test: what has its own transaction may run in it
        self.undo.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        Organisation.objects.update_or_create(pk=1, defaults={"display_name": "T"})
        open_months(around=NOW, back=6)
        self.entries, self.promised = {}, []
        self.states = dict.fromkeys(MONTHS, "open")

    # -- What happens

    @rule(day=DAYS, lines=LINES, by_hand=st.booleans())
    def post(self, day: date, lines: list[Line], by_hand: bool) -> None:
        key = f"n:{len(self.entries)}"
        draft = EntryDraft(
            kind="manual" if by_hand else "bank_line",
            key=key,
            source="test",
            event_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
            effective_on=day,
            currency="usd",
            postings=tuple(PostingDraft(ref(debit), ref(credit), amount) for debit, credit, amount in lines),
        )
        with transaction.atomic():
            [posted] = post_entries([draft], now=NOW)
        assert posted.effective_on == self._day_that_takes(day, by_hand)
        self.entries[key] = posted.effective_on, lines

    @rule(size=st.integers(1, 5))
    def seal(self, size: int) -> None:
        before = sealed_through()
        waiting = len(self.entries) - before
        assert seal_entries(limit=size).entries == min(size, waiting)

    @rule(month=st.sampled_from(MONTHS))
    def close(self, month: int) -> None:
        if self.states[month] == "closed" or not self._may_close(month):
            return
        close(month)
        for other in MONTHS:
            if other <= month:
                self.states[other] = "closed"
        self.promised.append((last_of(month), sealed_through(), self._balances(last_of(month), sealed_through())))

    @rule(month=st.sampled_from(MONTHS), day=DAYS, amount=st.integers(1, 999))
    def change_what_was_approved(self, month: int, day: date, amount: int) -> None:
        """An entry by hand between the approval and the close: nothing is closed."""
        if self.states[month] == "closed" or not self._may_close(month):
            return
        approve_close(month)
        self.states[month] = "soft_closed"
        day = min(day, last_of(month)).replace(month=month % 100, day=min(day.day, 28))
        self.post(day=day, lines=[("bank", "suspense", amount)], by_hand=True)
        with pytest.raises(ContentChanged):
            close_month(yyyymm=month, now=NOW)

    @rule(month=st.sampled_from(MONTHS))
    def reopen(self, month: int) -> None:
        closed = [each for each in MONTHS if self.states[each] == "closed"]
        if closed and month == closed[-1]:
            reopen(month)
            self.states[month] = "soft_closed"
            return
        with pytest.raises((LaterMonthClosed, WrongState, NotApproved)):
            reopen(month)

    # -- What holds after each step

    @invariant()
    def months_stand_as_they_should(self) -> None:
        rows = Period.objects.filter(pk__in=MONTHS).values_list("pk", "state")
        assert dict(rows) == getattr(self, "states", {}) or not rows

    @rule(day=DAYS, part=st.integers(0, 100))
    def balances_are_what_adding_up_says(self, day: date, part: int) -> None:
        through = sealed_through() * part // 100
        for seq in (None, through, sealed_through()):
            wanted = self._balances(day, seq)
            assert self._read(day, seq) == wanted
            assert {
                f"2110/{owner}": amount
                for owner, amount in balances_by_owner("payable", day, through_seq=seq).items()
                if amount
            } == {account: amount for account, amount in wanted.items() if account.startswith("2110")}

    @rule(first=DAYS, days=st.integers(0, 40), part=st.integers(0, 100))
    def statement_ends_at_the_balance(self, first: date, days: int, part: int) -> None:
        last = first + timedelta(days=days)
        through = sealed_through() * part // 100
        lines = statement_lines("payable", "partner:1", first, last, through_seq=through)
        before = self._balances(first - timedelta(days=1), through).get("2110/partner:1", 0)
        after = self._balances(last, through).get("2110/partner:1", 0)
        assert sum(line.change_minor for line in lines) == after - before
        if lines:
            assert (lines[0].balance_minor - lines[0].change_minor, lines[-1].balance_minor) == (before, after)

    @invariant()
    def what_was_true_at_a_close_is_true_for_ever(self) -> None:
        for day, seq, balances in getattr(self, "promised", []):
            assert self._read(day, seq) == balances

    @invariant()
    def l3_and_l4_hold(self) -> None:
        assert list(self._findings()) == []

    # -- Naively

    def _balances(self, day: date, seq: int | None) -> dict[str, int]:
        counted: Counter[str] = Counter()
        for key in self.entries if seq is None else self._sealed()[:seq]:
            effective_on, lines = self.entries[key]
            if effective_on <= day:
                for debit, credit, amount in lines:
                    counted[shown(debit)] += amount
                    counted[shown(credit)] -= amount
        return {account: amount for account, amount in counted.items() if amount}

    def _sealed(self) -> list[str]:
        return list(Seal.objects.order_by("seq").values_list("entry__idempotency_key", flat=True))

    def _day_that_takes(self, day: date, by_hand: bool) -> date:
        for month in (each for each in (*MONTHS, 202701) if each >= month_of(day)):
            state = self.states.get(month, "open")
            if state == "open" or (state == "soft_closed" and by_hand):
                return day if month == month_of(day) else date(month // 100, month % 100, 1)
        raise AssertionError("January takes everything")

    def _may_close(self, month: int) -> bool:
        """Earlier months are closed or hold nothing."""
        used = {month_of(day) for day, _ in self.entries.values()}
        return all(self.states[each] == "closed" or each not in used for each in MONTHS if each < month)

    def _read(self, day: date, seq: int | None) -> dict[str, int]:
        lines = trial_balance(day, through_seq=seq)
        return {label(line.code, line.owner): line.balance_minor for line in lines if line.balance_minor}

    def _findings(self) -> Iterator[str]:
        for check in (
            seal_checks.chain_holds,
            seal_checks.queue_is_whole,
            seal_checks.seals_are_over_their_entries,
            seal_checks.closes_add_up,
            seal_checks.closed_months_took_nothing,
            seal_checks.months_are_as_their_events_say,
        ):
            yield from check()


def test_sealed_books_agree_with_naive_ones(db: Any) -> None:
    person("ana")
    person("ben")
    life = settings(
        max_examples=LIVES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(SealedBooks, settings=life)
    asked.tell(f"{LIVES} sealed lives of up to {STEPS} steps")
