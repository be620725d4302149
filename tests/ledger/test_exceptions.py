"""What does not add up is named once, grows old, and ends by itself or by a person."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from ledger.discrepancies import Discrepancy, Found
from ledger.models import Entry, ExceptionEvent, ReconciliationException
from ledger.operations.assign_exception import Outcome as Assigned
from ledger.operations.assign_exception import assign_exception
from ledger.operations.open_exception import Kept, Outcome, close_exceptions, keep_exceptions, open_exception
from ledger.operations.resolve_exception import EntryMissing, ReasonMissing, UnknownResolution, resolve_exception
from ledger.operations.resolve_exception import Outcome as Resolved
from ledger.operations.tell_overdue_exceptions import Outcome as Overdue
from ledger.operations.tell_overdue_exceptions import tell_overdue_exceptions
from people.models import Mail, Note, Organisation, User
from tests.ledger.facts import NOW, post, sale
from tests.ledger.kinds import made_up
from tests.ledger.raw import check_at_commit, sql

pytestmark = pytest.mark.django_db
LOST = made_up("booking_lost", limit=timedelta(hours=1))
OTHER = made_up("payout_differs", limit=timedelta(days=2))
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.org")


def found(subject: str = "stripe:bt:txn_1", amount_minor: int = -4800) -> Found:
    return Found(subject, amount_minor, "usd", "category new_thing")


def opened(one: Found | None = None, kind: Discrepancy = LOST) -> ReconciliationException:
    open_exception(kind, one or found(), now=NOW)
    return ReconciliationException.objects.latest("id")


def settle(row: ReconciliationException, by: User, **changes: Any) -> Resolved:
    how: dict[str, Any] = {"resolution": "explained", "reason": "The bank was closed", "now": NOW}
    return resolve_exception(exception_id=row.pk, by=by, **{**how, **changes})


def assign(row: ReconciliationException, owner: User | None, by: User) -> Assigned:
    return assign_exception(exception_id=row.pk, owner=owner, by=by, now=NOW)


def still_open() -> list[tuple[str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).order_by("id")
    return list(rows.values_list("subject", "amount_minor"))


def test_it_is_open_once_while_it_is_open() -> None:
    assert open_exception(LOST, found(), now=NOW) is Outcome.OPENED
    assert open_exception(LOST, found(amount_minor=-4700), now=NOW + HOUR) is Outcome.ALREADY_OPEN
    assert open_exception(OTHER, found(), now=NOW) is Outcome.OPENED

    row = ReconciliationException.objects.get(kind="booking_lost")
    assert (row.amount_minor, row.opened_at, row.due_at, row.owner) == (-4700, NOW, NOW + HOUR, None)


def test_its_cause_gone_it_closes_and_may_open_again() -> None:
    opened()

    assert close_exceptions(LOST, ["stripe:bt:txn_1", "stripe:bt:txn_2"], now=NOW + HOUR) == 1
    assert close_exceptions(LOST, ["stripe:bt:txn_1"], now=NOW + HOUR) == 0
    assert open_exception(LOST, found(), now=NOW + 2 * HOUR) is Outcome.OPENED

    first = ReconciliationException.objects.earliest("id")
    assert (first.resolution, first.resolved_at, first.resolved_by) == ("gone", NOW + HOUR, None)


def test_a_finder_that_hands_in_all_it_found_opens_and_closes() -> None:
    opened(kind=OTHER)
    assert keep_exceptions(LOST, [found("a"), found("b")], now=NOW) == Kept(opened=2, closed=0)

    assert keep_exceptions(LOST, [found("b", 7), found("c")], now=NOW + HOUR) == Kept(opened=1, closed=1)

    assert still_open() == [("stripe:bt:txn_1", -4800), ("b", 7), ("c", -4800)]


def test_what_is_known_already_costs_no_more_queries(django_assert_num_queries: Any) -> None:
    everything = [found(f"stripe:bt:txn_{n}") for n in range(200)]
    keep_exceptions(LOST, everything, now=NOW)

    with django_assert_num_queries(6):  # what stands, read twice, and the savepoints around each
        keep_exceptions(LOST, everything, now=NOW)


def test_what_a_person_settled_stays_settled_at_its_amount(ada: User) -> None:
    row = opened()
    outcome = settle(row, ada)
    assert outcome is Resolved.RESOLVED

    assert open_exception(LOST, found(), now=NOW) is Outcome.SETTLED_BEFORE
    assert keep_exceptions(LOST, [found()], now=NOW) == Kept(opened=0, closed=0)
    assert still_open() == []
    assert open_exception(LOST, found(amount_minor=-4801), now=NOW) is Outcome.OPENED


@pytest.mark.usefixtures("books")
def test_a_correction_names_its_entry(ada: User) -> None:
    post(sale("ch_1", goods_minor=4800, tax_minor=0))
    row, key = opened(), Entry.objects.get().idempotency_key

    for resolution, entry_key in (("corrected", ""), ("written_off", "sale:9"), ("explained", "sale:9")):
        with pytest.raises(EntryMissing):
            settle(row, ada, resolution=resolution, entry_key=entry_key)
    settle(row, ada, resolution="corrected", entry_key=key)

    row.refresh_from_db()
    assert (row.resolution, row.resolution_entry_id, row.resolved_by) == ("corrected", Entry.objects.get().pk, ada)


def test_only_a_gone_cause_is_gone_and_the_first_to_settle_counts(ada: User) -> None:
    row = opened()
    with pytest.raises(UnknownResolution):
        settle(row, ada, resolution="gone")
    settle(row, ada)

    late = settle(row, ada, now=NOW + HOUR)

    assert late is Resolved.ALREADY_RESOLVED
    assert ReconciliationException.objects.get().resolved_at == NOW
    assert assign(row, ada, by=ada) is Assigned.ALREADY_RESOLVED


def test_it_can_be_somebodys_and_anybodys_again(ada: User) -> None:
    row, bea = opened(), User.objects.create_user("bea@example.org")

    assert [assign(row, ada, by=bea) for _ in range(2)] == [Assigned.ASSIGNED, Assigned.THEIRS_ALREADY]
    assert ReconciliationException.objects.get().owner == ada
    assign(row, None, by=ada)

    assert ReconciliationException.objects.get().owner is None
    events = row.events.order_by("id").values_list("kind", "owner", "by")
    assert list(events) == [("assigned", ada.pk, bea.pk), ("let_go", None, ada.pk)]


def test_whoever_settles_it_says_why_and_that_stays(ada: User) -> None:
    row = opened()
    with pytest.raises(ReasonMissing):
        settle(row, ada, reason=" ")
    assert not row.events.exists()

    settle(row, ada, reason="Two days at the bank")

    [event] = row.events.all()
    assert (event.kind, event.by, event.at, event.note.words) == ("resolved", ada, NOW, "Two days at the bank")
    assert (event.note.subject, event.note.by) == (f"exception:{row.pk}", ada)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE ledger_exceptionevent SET at = now()", "append-only"),
        ("DELETE FROM ledger_exceptionevent", "append-only"),
        ("TRUNCATE ledger_exceptionevent", "append-only"),
        ("UPDATE people_note SET words = 'Another story'", "stays"),
        ("UPDATE people_note SET at = now()", "stays"),
        ("DELETE FROM people_note", "stays"),
        ("TRUNCATE people_note CASCADE", "stays|append-only"),
    ],
)
def test_the_history_of_an_exception_stays(ada: User, change: str, why: str) -> None:
    settle(opened(), ada)
    check_at_commit()

    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        sql(change)


def test_the_words_of_a_reason_can_be_erased(ada: User) -> None:
    settle(opened(), ada)

    Note.objects.update(words="")

    assert ExceptionEvent.objects.get().note.words == ""


def test_an_event_without_what_it_tells_is_refused(ada: User) -> None:
    row = opened()

    for fields in ({"kind": "assigned"}, {"kind": "let_go", "owner": ada}, {"kind": "resolved"}, {"kind": "told"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ExceptionEvent.objects.create(exception=row, by=ada, at=NOW, **fields)


@pytest.mark.parametrize(
    "change",
    [
        {"resolution": "gone"},
        {"resolved_at": NOW},
        {"resolution": "explained", "resolved_at": NOW},
        {"resolution": "corrected", "resolved_at": NOW},
    ],
)
def test_the_database_wants_an_end_to_say_how(change: dict[str, Any]) -> None:
    opened()

    with pytest.raises(IntegrityError):
        ReconciliationException.objects.update(**change)


def test_finance_hears_once_a_day_of_what_is_overdue() -> None:
    Organisation.objects.create(display_name="Tassel", zone_name="America/Chicago", contact_email="fin@example.org")
    for number in range(22):
        opened(found(f"stripe:bt:txn_{number}"))
    assert tell_overdue_exceptions(now=NOW + HOUR) is Overdue.NOTHING_OVERDUE

    for hours in (2, 3, 27):
        assert tell_overdue_exceptions(now=NOW + hours * HOUR) is Overdue.TOLD

    first, second = Mail.objects.order_by("id")
    assert (first.to, first.subject) == ("fin@example.org", "22 exceptions are overdue")
    assert "- Booking lost: stripe:bt:txn_0, -$48.00, since" in first.text
    assert "and 2 more" in first.text and "txn_20" not in first.text
    assert first.key != second.key


def test_without_an_address_nobody_is_told() -> None:
    Organisation.objects.create(display_name="Tassel", zone_name="America/Chicago")
    opened()

    assert tell_overdue_exceptions(now=NOW + 2 * HOUR) is Overdue.NOBODY_TO_TELL
    assert not Mail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_eight_finders_at_once_open_it_once() -> None:
    start = threading.Barrier(8)

    def find() -> Outcome:
        start.wait(timeout=20)
        try:
            return open_exception(LOST, found(), now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = [future.result(timeout=30) for future in [pool.submit(find) for _ in range(8)]]

    assert (outcomes.count(Outcome.OPENED), outcomes.count(Outcome.ALREADY_OPEN)) == (1, 7)
    assert ReconciliationException.objects.count() == 1
