"""Real connections meeting over one key, one account, one month."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.closing import call_in_transaction
from ledger.drafts import EntryDraft
from ledger.models import Account, Entry, Posting, Unsealed
from ledger.operations.post_entry import Conflict, Posted, post_entry
from ledger.queries import balance
from people.models import Organisation
from tests import asked
from tests.ledger.closing import approve_close, close, person
from tests.ledger.facts import NOW, accrual, gift, post, sale
from tests.ledger.raw import raw_entry

pytestmark = [pytest.mark.usefixtures("shared_books"), pytest.mark.django_db(transaction=True)]
THREADS = 8
KEYS = asked.times(1000)
OCTOBER = 202610


@pytest.fixture(autouse=True)
def organisation(shared_books: None) -> None:
    Organisation.objects.create(pk=1, display_name="T")
    person("ana")
    person("ben")


def with_own_connection(work: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        try:
            return work(*args)
        finally:
            connection.close()

    return run


@contextmanager
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


def wait_for_waiting() -> None:
    """Until another connection waits for a lock of this one."""
    deadline = monotonic() + 10
    while monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchone() is not None:
                return
        sleep(0.01)
    pytest.fail("nobody waits")


def wait_for_entries(count: int) -> None:
    wait_until(lambda: Entry.objects.count() >= count)


def wait_until(it_is_so: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not it_is_so():
        if monotonic() > deadline:
            pytest.fail("it does not come to that")
        sleep(0.005)


def test_one_fact_fifty_times_by_eight_threads_is_one_entry() -> None:
    start = threading.Barrier(THREADS)

    def deliver(times: int) -> list[Posted]:
        start.wait()
        return [post(sale())[0] for _ in range(times)]

    with crowd() as pool:
        shares = [7, 7, 6, 6, 6, 6, 6, 6]
        results = [posted for many in pool.map(with_own_connection(deliver), shares) for posted in many]

    assert Counter(posted.outcome.value for posted in results) == {"posted": 1, "already_posted": 49}
    assert len({posted.entry_id for posted in results}) == 1
    assert (Entry.objects.count(), Posting.objects.count(), Unsealed.objects.count()) == (1, 4, 1)
    assert balance("clearing") == 5186


def test_two_tellings_of_one_key_at_once_are_one_entry_and_one_conflict() -> None:
    start = threading.Barrier(2)

    def deliver(tax_minor: int) -> str:
        start.wait()
        try:
            return post(sale(tax_minor=tax_minor))[0].outcome.value
        except Conflict:
            return "conflict"

    with crowd() as pool:
        outcomes = list(pool.map(with_own_connection(deliver), [366, 367]))

    assert sorted(outcomes) == ["conflict", "posted"]
    assert Entry.objects.count() == 1


def test_second_caller_waits_for_the_first_and_gets_its_entry() -> None:
    with crowd() as pool:
        with transaction.atomic():
            mine = post_entry(sale(), now=NOW)
            rival: Future[list[Posted]] = pool.submit(with_own_connection(post), sale())
            wait_for_waiting()
        [theirs] = rival.result(timeout=10)

    assert (theirs.entry_id, theirs.outcome.value) == (mine.entry_id, "already_posted")


def test_second_caller_posts_when_the_first_gives_up() -> None:
    with crowd() as pool:
        with transaction.atomic():
            post_entry(sale(), now=NOW)
            rival: Future[list[Posted]] = pool.submit(with_own_connection(post), sale())
            wait_for_waiting()
            transaction.set_rollback(True)
        [theirs] = rival.result(timeout=10)

    assert theirs.outcome.value == "posted"
    assert list(Entry.objects.values_list("pk", flat=True)) == [theirs.entry_id]


def test_rival_with_other_facts_makes_the_waiting_one_a_conflict_that_writes_nothing() -> None:
    def conflicting() -> str:
        with pytest.raises(Conflict), transaction.atomic():
            post_entry(gift("ch_early"), now=NOW)
            post_entry(sale(tax_minor=1), now=NOW)
        return "conflict"

    with crowd() as pool:
        with transaction.atomic():
            post_entry(sale(), now=NOW)
            rival = pool.submit(with_own_connection(conflicting))
            wait_for_waiting()
        assert rival.result(timeout=10) == "conflict"

    assert list(Entry.objects.values_list("idempotency_key", flat=True)) == ["stripe:charge:ch_1:sale"]


def test_batches_with_the_same_keys_in_other_orders_do_not_block_each_other() -> None:
    drafts = [sale(f"ch_{i:02}") for i in range(40)]
    start = threading.Barrier(4)

    def deliver(order: list[EntryDraft]) -> int:
        start.wait()
        return sum(posted.outcome.value == "posted" for posted in post(*order))

    with crowd() as pool:
        orders = [drafts, drafts[::-1], drafts[20:] + drafts[:20], drafts[::2] + drafts[1::2]]
        written = list(pool.map(with_own_connection(deliver), orders))

    assert sum(written) == Entry.objects.count() == 40


def test_sixteen_threads_with_the_same_keys_write_each_once() -> None:
    drafts = [sale(f"ch_{i:05}") for i in range(KEYS)]
    start = threading.Barrier(16)

    def deliver(worker: int) -> int:
        start.wait()
        first = worker * 61
        order = drafts[first:] + drafts[:first]
        return sum(posted.outcome.value == "posted" for i in range(0, KEYS, 50) for posted in post(*order[i : i + 50]))

    with ThreadPoolExecutor(16) as pool:
        written = list(pool.map(with_own_connection(deliver), range(16)))

    assert sum(written) == Entry.objects.count() == Unsealed.objects.count() == KEYS
    assert balance("clearing") == KEYS * 5186
    asked.tell(f"16 threads posted the same {KEYS} keys: {KEYS} entries")


def test_one_new_account_is_made_by_many_at_once() -> None:
    start = threading.Barrier(THREADS)

    def deliver(number: int) -> None:
        start.wait()
        post(accrual(f"allocation:{number}"))

    with crowd() as pool:
        list(pool.map(with_own_connection(deliver), range(THREADS)))

    assert Account.objects.filter(purpose="payable").count() == 1
    assert balance("payable", "partner:1") == -864 * THREADS


def test_closer_waits_for_those_who_are_posting_into_the_month() -> None:
    with crowd() as pool:
        with transaction.atomic():
            mine = post_entry(sale(), now=NOW)
            closer = pool.submit(with_own_connection(close), OCTOBER)
            wait_for_waiting()
            assert not closer.done()
        assert closer.result(timeout=20).through_seq == 1

    assert mine.effective_on == date(2026, 10, 20)
    assert post(sale("ch_late"))[0].effective_on == date(2026, 11, 1)


def test_poster_who_waited_for_the_closer_goes_to_the_next_month() -> None:
    with crowd() as pool:
        approve_close(OCTOBER)
        with transaction.atomic():
            call_in_transaction("ledger_begin_close", OCTOBER, NOW)
            poster: Future[list[Posted]] = pool.submit(with_own_connection(post), sale())
            wait_for_waiting()
        [posted] = poster.result(timeout=10)

    assert posted.effective_on == date(2026, 11, 1)
    assert balance("clearing", as_of=date(2026, 10, 31)) == 0


def test_row_written_by_hand_waits_for_the_closer_too_and_is_refused() -> None:
    def by_hand() -> str:
        with pytest.raises(DatabaseError, match="202610 is closing"), transaction.atomic():
            raw_entry()
        return "refused"

    with crowd() as pool:
        approve_close(OCTOBER)
        with transaction.atomic():
            call_in_transaction("ledger_begin_close", OCTOBER, NOW)
            writer = pool.submit(with_own_connection(by_hand))
            wait_for_waiting()
        assert writer.result(timeout=10) == "refused"


def test_month_stays_as_it_was_closed_while_others_post() -> None:
    stop = threading.Event()

    def keep_posting(worker: int) -> int:
        number = 0
        while not stop.is_set():
            post(sale(f"ch_{worker}_{number}"))
            number += 1
        return number

    with crowd() as pool:
        posters = [pool.submit(with_own_connection(keep_posting), worker) for worker in range(4)]
        wait_for_entries(20)
        close(OCTOBER)
        at_close = balance("clearing", as_of=date(2026, 10, 31))
        wait_for_entries(Entry.objects.count() + 20)
        stop.set()
        numbers = [poster.result(timeout=10) for poster in posters]

    assert balance("clearing", as_of=date(2026, 10, 31)) == at_close > 0
    assert balance("clearing") == 5186 * sum(numbers)
