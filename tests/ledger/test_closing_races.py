"""Writers, a sealer and a closer at once; and each race of rules/sealing.md, lost when its guard is taken away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger import closing, invariants, seal_checks
from ledger.closing import (
    AccountNotZero,
    AlreadyApproved,
    ContentChanged,
    EarlierMonthOpen,
    MonthBusy,
    NotApproved,
    NotSealed,
    NotWaiting,
    WrongState,
    close_account_subject,
)
from ledger.models import Account, BalanceSnapshot, Entry, Period, PeriodEvent, Seal
from ledger.operations import seal_entries as sealing
from ledger.operations.close_account import close_account
from ledger.operations.close_month import Closed, close_month
from ledger.operations.post_entry import post_entry
from ledger.operations.propose_account_closing import propose_account_closing
from ledger.operations.publish_proofs import NotClosed
from ledger.operations.seal_entries import seal_all, seal_entries
from ledger.operations.soft_close import soft_close
from people.models import Organisation
from tests import asked
from tests.ledger.closing import approve, approve_close, close, person, reopen
from tests.ledger.facts import NOW, balances, entry, gift, post, sale
from tests.ledger.raw import raw_entry, raw_posting, sql
from tests.ledger.test_races import wait_for_entries, wait_until, with_own_connection

pytestmark = [pytest.mark.usefixtures("shared_books"), pytest.mark.django_db(transaction=True)]
OCTOBER = 202610
LAST_DAY = date(2026, 10, 31)
WRITERS, BETWEEN = 8, asked.times(60)
# What one closer is told when another was faster; the unique key is that of the one question that waits.
RIVALS = (
    AlreadyApproved,
    ContentChanged,
    IntegrityError,
    LookupError,
    MonthBusy,
    NotApproved,
    NotClosed,
    NotWaiting,
    WrongState,
)


@pytest.fixture(autouse=True)
def organisation(shared_books: None) -> None:
    Organisation.objects.create(pk=1, display_name="T", contact_email="books@example.org")
    person("ana")
    person("ben")


@contextmanager
def weakened(function: str, *guards: tuple[str, str]) -> Iterator[None]:
    """A function of the database with each (guard, what stands in its place); put back afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [function])
        strong = weak = cursor.fetchone()[0]
        for guard, instead in guards:
            assert guard in weak, f"{function} has no {guard!r}"
            weak = weak.replace(guard, instead)
        cursor.execute(weak)
        try:
            yield
        finally:
            cursor.execute(strong)


def begin(pool: ThreadPoolExecutor, work: Any, *arguments: Any) -> Future[Any]:
    """`work` on a connection of its own, once it is done or waits for what this connection holds."""
    future = pool.submit(with_own_connection(work), *arguments)
    deadline = monotonic() + 10
    while not future.done() and not _somebody_waits_for_us() and monotonic() < deadline:
        sleep(0.01)
    return future


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def seal_until(stop: threading.Event) -> None:
    while not stop.is_set():
        seal_entries(limit=7)
        sleep(0.01)


def broken() -> list[str]:
    """What the books' own checks find of seals, closes and entries."""
    checks = (
        seal_checks.chain_holds,
        seal_checks.queue_is_whole,
        seal_checks.seals_are_over_their_entries,
        seal_checks.closes_add_up,
        seal_checks.closed_months_took_nothing,
        seal_checks.months_are_as_their_events_say,
        invariants.entries_are_as_posted,
        invariants.debits_equal_credits,
    )
    return [finding for check in checks for finding in check()]


# -- All at once


def test_eight_writers_a_sealer_and_a_closer() -> None:
    stop = threading.Event()

    def write(worker: int) -> int:
        """Each third entry is slow to commit; days of October and November by turns."""
        number = 0
        while not stop.is_set():
            day = (LAST_DAY, date(2026, 11, 1))[number % 2]
            with transaction.atomic():
                post_entry(sale(f"ch_{worker}_{number}", effective_on=day), now=NOW + timedelta(days=20))
                sleep(0.03 if number % 3 == 0 else 0)
            number += 1
        return number

    def seal() -> int:
        batches = 0
        while not stop.is_set():
            batches += seal_entries(limit=7).entries > 0
        return batches

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        writers = [pool.submit(with_own_connection(write), worker) for worker in range(WRITERS)]
        sealer = pool.submit(with_own_connection(seal))
        try:
            wait_for_entries(BETWEEN)
            closed = close(OCTOBER)
            at_close = balances(as_of=LAST_DAY)
            wait_for_entries(Entry.objects.count() + BETWEEN)
        finally:
            stop.set()
        written = sum(writer.result(timeout=20) for writer in writers)
        assert sealer.result(timeout=20) > 3

    through = seal_all()
    assert through == Entry.objects.count() == written
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, written + 1))
    assert broken() == []
    assert balances(as_of=LAST_DAY) == at_close
    kept = {str(row.account): row.debits_minor - row.credits_minor for row in _snapshots(closed)}
    assert {account: amount for account, amount in kept.items() if amount} == at_close
    assert Entry.objects.filter(effective_date=LAST_DAY).count() * 5186 == at_close["1040"]
    assert Entry.objects.filter(effective_date=date(2026, 11, 1)).count() > written // 2
    asked.tell(f"{WRITERS} writers, a sealer and a closer: {written} entries, one sequence without a gap")


def test_four_sealers_at_once_make_one_sequence() -> None:
    post(*(entry(f"n:{number}", ("bank", "suspense", 5)) for number in range(200)))

    def seal(_: int) -> int:
        total = 0
        while sealed := seal_entries(limit=9).entries:
            total += sealed
        return total

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(with_own_connection(seal), range(4))) == 200

    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 201))
    assert broken() == []


def test_two_closers_at_once_close_once() -> None:
    post(sale())
    approve_close(OCTOBER)
    start = threading.Barrier(3)

    def closer(_: int) -> Closed:
        start.wait()
        return close_month(yyyymm=OCTOBER, now=NOW)

    with ThreadPoolExecutor(3) as pool:
        results = set(pool.map(with_own_connection(closer), range(3)))

    assert len(results) == 1
    assert BalanceSnapshot.objects.filter(event_id=results.pop().event_id).count() == 5
    assert broken() == []


# -- 1. A slow writer and a closer: the month's lock

MONTH_LOCK = ("PERFORM pg_advisory_xact_lock_shared(7100, month);", "")


def test_closer_waits_for_the_slow_writer_and_counts_what_he_wrote() -> None:
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            post_entry(sale(), now=NOW)
            closer = begin(pool, close, OCTOBER)
            assert not closer.done()
        closed = closer.result(timeout=20)

    assert closed.through_seq == 1
    assert broken() == []


def test_without_the_month_lock_a_slow_writer_changes_the_closed_month() -> None:
    with (
        weakened("ledger_open_day", MONTH_LOCK),
        weakened("ledger_guard_new_entries", MONTH_LOCK),
        ThreadPoolExecutor(1) as pool,
        transaction.atomic(),
    ):
        post_entry(sale(), now=NOW)
        closed = begin(pool, close, OCTOBER).result(timeout=20)

    assert closed.through_seq == 0
    assert any("got into 202610 after it was closed" in finding for finding in broken())
    assert (balances(as_of=LAST_DAY), _added_up(LAST_DAY)) == ({}, 5186)


def test_closer_lets_the_writers_go_on_and_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "LOCK_TIMEOUT_MS", 50)
    tries: list[float] = []
    monkeypatch.setattr(closing, "sleep", tries.append)

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        post_entry(sale(), now=NOW)
        soft = pool.submit(with_own_connection(_soft_close))
        with pytest.raises(MonthBusy):
            soft.result(timeout=20)
        assert post_entry(gift(), now=NOW).effective_on == date(2026, 10, 20)

    assert tries == [closing.PAUSE_S] * (closing.ATTEMPTS_MAX - 1)
    assert Period.objects.get(pk=OCTOBER).state == "open"
    assert close(OCTOBER).through_seq == 2


def test_closer_that_ends_a_deadlock_lets_the_others_go_on_and_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """He holds the calendar and wants the month, somebody the other way round: the database ends it at his expense."""
    tries: list[float] = []
    monkeypatch.setattr(closing, "sleep", tries.append)
    post(sale())
    approve_close(OCTOBER)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            sql("SET LOCAL deadlock_timeout = '20s'")  # who looks first gives up
            sql(f"SELECT pg_advisory_xact_lock(7100, {OCTOBER})")
            closer = begin(pool, lambda: close_month(yyyymm=OCTOBER, now=NOW))
            sql("SELECT pg_advisory_xact_lock(7100, 0)")
        assert closer.result(timeout=20).through_seq == 1

    assert tries == [closing.PAUSE_S]


# -- Who posts into months in any order is never waited for in a circle


def nothing_owed() -> Any:
    """The closing of an account at zero, approved."""
    post(entry("a", ("bank", "suspense", 5)), entry("b", ("suspense", "bank", 5)))
    account_id = Account.objects.get(purpose="suspense").pk
    propose_account_closing(account_id=account_id, by=person("ana"), now=NOW)
    approve(close_account_subject(account_id))
    return lambda: close_account(account_id=account_id)


def november() -> Any:
    """The closing of a month, approved, before which an empty one closes along."""
    approve_close(202611)
    return lambda: closing.call("ledger_begin_close", 202611, NOW)


@pytest.mark.parametrize(("approved", "end"), [(nothing_owed, "closed"), (november, "202610 is not closed")])
def test_who_posts_into_november_and_then_october_is_in_nobodys_way(approved: Any, end: str) -> None:
    deed = approved()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            by_hand_on(date(2026, 11, 2))
            closer = begin(pool, ending, deed)
            by_hand_on(LAST_DAY)
            assert not closer.done()
        assert end in closer.result(timeout=20)

    assert balances()["1040"] == -2


def by_hand_on(day: date, key: str = "m") -> None:
    draft = entry(f"{key}:{day}", ("bank", "clearing", 1), kind="manual", effective_on=day)
    post_entry(draft, now=NOW + timedelta(days=30))


def ending(deed: Any) -> str:
    try:
        return str(deed())
    except EarlierMonthOpen as refusal:
        return str(refusal)


def test_two_closers_and_one_who_reopens_among_writers_slower_than_they_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "LOCK_TIMEOUT_MS", 100)
    monkeypatch.setattr(closing, "ATTEMPTS_MAX", 200)
    waits: list[float] = []
    monkeypatch.setattr(closing, "sleep", lambda _: [waits.append(1), sleep(0.01)])
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    stop = threading.Event()

    def write(worker: int) -> int:
        """The first by hand into October, while it takes that, and now and then for longer than a closer waits."""
        number = 0
        while not stop.is_set():
            with transaction.atomic():
                by_hand_on(date(2026, 11, 1) if worker else LAST_DAY, f"{worker}:{number}")
                sleep(0.01 if worker else 0.25)
            sleep(0 if worker else 0.4)
            number += 1
        return number

    def close_and_reopen(name: str) -> int:
        """Propose, approve and close what stands there, or reopen it; whatever a rival was faster with is refused."""
        done = 0
        while not stop.is_set():
            with suppress(*RIVALS):
                close(OCTOBER)
                done += 1
            if name == "reopener":
                with suppress(*RIVALS):
                    reopen(OCTOBER)
        return done

    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(with_own_connection(write), worker) for worker in range(4)]
        closers = [pool.submit(with_own_connection(close_and_reopen), name) for name in ("one", "two", "reopener")]
        sealer = pool.submit(with_own_connection(seal_until), stop)
        try:
            wait_until(lambda: PeriodEvent.objects.filter(period_id=OCTOBER, kind="reopened").count() >= 3)
        finally:
            stop.set()
        written = sum(writer.result(timeout=30) for writer in writers)
        for closer in closers:
            closer.result(timeout=30)
        sealer.result(timeout=30)

    assert waits
    assert seal_all() == Entry.objects.count() == written
    assert broken() == []


# -- 2. A writer with an old view of the world: read committed only

ISOLATION = ("current_setting('transaction_isolation') <> 'read committed'", "false")


def write_with_an_old_view(pool: ThreadPoolExecutor) -> None:
    with transaction.atomic():
        sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        sql("SELECT count(*) FROM ledger_period")
        begin(pool, close, OCTOBER).result(timeout=20)
        raw_posting(raw_entry(day="2026-10-20"))


def test_writer_with_an_old_view_is_refused() -> None:
    post(sale())

    with ThreadPoolExecutor(1) as pool, pytest.raises(DatabaseError, match="read committed only"):
        write_with_an_old_view(pool)

    assert broken() == []


def test_without_that_guard_he_gets_into_the_closed_month_in_spite_of_the_lock() -> None:
    post(sale())

    with weakened("ledger_guard_new_entries", ISOLATION), ThreadPoolExecutor(1) as pool:
        write_with_an_old_view(pool)

    assert any("test k (entry" in finding and "after it was closed" in finding for finding in broken())


# -- 3. A posting beside the sealed bytes: only the transaction that wrote an entry may write its postings

ANOTHER_TRANSACTION = ("e.created_xid IS DISTINCT FROM pg_current_xact_id()", "false")
NOT_AT_ONCE = ("f.rows <> f.all_rows", "false")


def add_a_posting_while_it_is_sealed(pool: ThreadPoolExecutor, entry_id: int) -> None:
    with transaction.atomic():
        raw_posting(entry_id, ordinal=9)
        assert begin(pool, seal_all).result(timeout=20) == 1


def test_posting_into_a_committed_entry_is_refused() -> None:
    [posted] = post(sale())

    with ThreadPoolExecutor(1) as pool, pytest.raises(IntegrityError, match="another transaction"):
        add_a_posting_while_it_is_sealed(pool, posted.entry_id)

    assert broken() == []


def test_asking_only_whether_it_is_sealed_lets_a_posting_in_beside_the_sealed_bytes() -> None:
    [posted] = post(sale())

    with weakened("ledger_guard_new_postings", ANOTHER_TRANSACTION, NOT_AT_ONCE), ThreadPoolExecutor(1) as pool:
        add_a_posting_while_it_is_sealed(pool, posted.entry_id)

    assert [finding for finding in broken() if f"(entry {posted.entry_id}) was changed" in finding]


# -- 4. Two sealers, and a cut through what is not sealed: the sealer's lock, and sealed before it is summed

SEALERS_LOCK = ("PERFORM pg_advisory_xact_lock(7101, 0);", "")
ALL_SEALED = ("WHERE e.effective_date <= ledger_month_end(month)", "WHERE false")


def seal_beside_a_slow_sealer(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> Future[Any]:
    """A sealer who has numbered and not committed; the rival has one entry more in sight."""
    begun, go_on = threading.Event(), threading.Event()
    append = sealing._append

    def slowly(*arguments: Any) -> None:
        append(*arguments)
        begun.set()
        go_on.wait(10)

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "_append", slowly)
        slow = pool.submit(with_own_connection(seal_entries))
        assert begun.wait(10)
    post(gift())
    fast = pool.submit(with_own_connection(seal_entries))
    sleep(0.3)
    assert not fast.done()
    go_on.set()
    assert slow.result(timeout=20).through_seq == 1
    return fast


def test_second_sealer_waits_and_goes_on_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    post(sale())

    with ThreadPoolExecutor(2) as pool:
        fast = seal_beside_a_slow_sealer(pool, monkeypatch)

        assert fast.result(timeout=20).through_seq == 2
    assert broken() == []


def test_without_the_sealers_lock_the_second_one_numbers_from_an_old_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the unique keys of the sequence keep it from forking then."""
    post(sale())
    monkeypatch.setattr(sealing, "_TAKE_TURN", "SELECT")

    with weakened("ledger_guard_seal_turn", SEALERS_LOCK), ThreadPoolExecutor(2) as pool:
        fast = seal_beside_a_slow_sealer(pool, monkeypatch)

        with pytest.raises(IntegrityError, match="duplicate key"):
            fast.result(timeout=20)


def cut_before_the_seal() -> None:
    post(sale())
    approve_close(OCTOBER)
    closing.call("ledger_begin_close", OCTOBER, NOW)
    closing.call("ledger_finish_close", OCTOBER, NOW)


def test_nothing_is_summed_before_it_is_sealed() -> None:
    with pytest.raises(NotSealed):
        cut_before_the_seal()

    assert close_month(yyyymm=OCTOBER, now=NOW).through_seq == 1
    assert broken() == []


def test_without_that_guard_an_entry_is_sealed_into_a_month_that_is_closed() -> None:
    with weakened("ledger_finish_close", ALL_SEALED):
        cut_before_the_seal()

    seal_all()

    assert any("sale stripe:charge:ch_1:sale" in finding and "after it was closed" in finding for finding in broken())


# -- An account that is closed while somebody posts to it: the locks of all open months

ALL_MONTHS = ("IF NOT pg_try_advisory_xact_lock(7100, each_month) THEN", "IF false THEN")
ITS_ROW = ("FOR UPDATE", "")


def close_account_beside_a_slow_writer(pool: ThreadPoolExecutor) -> Future[Any]:
    post(entry("a", ("bank", "suspense", 5)), entry("b", ("suspense", "bank", 5)))
    account_id = Account.objects.get(purpose="suspense").pk
    propose_account_closing(account_id=account_id, by=person("ana"), now=NOW)
    approve(close_account_subject(account_id))
    with transaction.atomic():
        post_entry(entry("c", ("bank", "suspense", 7)), now=NOW)
        return begin(pool, lambda: close_account(account_id=account_id))


def test_account_is_not_closed_beside_somebody_who_posts_to_it() -> None:
    with ThreadPoolExecutor(1) as pool:
        closer = close_account_beside_a_slow_writer(pool)

        with pytest.raises(AccountNotZero, match="at -7"):
            closer.result(timeout=20)
    assert Account.objects.get(purpose="suspense").is_open


def test_without_those_locks_a_closed_account_is_not_at_zero() -> None:
    with (
        weakened("ledger_lock_months", ALL_MONTHS),
        weakened("ledger_close_account", ITS_ROW),
        ThreadPoolExecutor(1) as pool,
    ):
        assert close_account_beside_a_slow_writer(pool).result(timeout=20) == "closed"

    assert not Account.objects.get(purpose="suspense").is_open
    assert balances()["1999"] == -7


def _soft_close() -> None:
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)


def _added_up(last_day: date) -> int:
    """What the postings say of the clearing account, past every snapshot."""
    [amount] = sql(
        f"""SELECT sum(l.amount_minor) FROM leg l JOIN ledger_account a ON a.id = l.account_id
             WHERE a.purpose = 'clearing' AND l.effective_date <= '{last_day}'"""
    )
    return int(amount)


def _snapshots(closed: Closed) -> list[BalanceSnapshot]:
    return list(BalanceSnapshot.objects.filter(event_id=closed.event_id).select_related("account"))
