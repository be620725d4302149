"""Each night the books check themselves once; what was found is kept, and somebody hears of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from ledger import books, tasks
from ledger.books import Check
from ledger.models import BooksRun
from ledger.operations.check_books import Outcome, check_books
from people import clock
from people.models import Mail, Organisation
from tests.ledger.facts import NOW, post, sale
from tests.ledger.raw import as_owner, check_at_commit

NIGHT = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)  # three o'clock in Chicago
TODAY = date(2026, 10, 20)
Add = Callable[..., None]


@pytest.fixture(autouse=True)
def organisation(books: None) -> Organisation:
    return Organisation.objects.create(
        display_name="Tassel Collective", zone_name="America/Chicago", contact_email="finance@example.org"
    )


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Add:
    """`add("name", "finding", ...)`: from then on the books have only the checks that were added."""
    monkeypatch.setattr(books, "_checks", {})

    def add(name: str, *findings: str, code: str = "L9") -> None:
        books.register(Check(code, name, lambda: findings))

    return add


def test_night_without_a_finding_is_on_record_and_nobody_is_woken(add: Add) -> None:
    add("one")
    add("two")

    assert check_books(now=NIGHT) is Outcome.GREEN

    run = BooksRun.objects.get()
    assert (run.checked_on, run.checks, run.failed, run.found) == (TODAY, 2, 0, [])
    assert not Mail.objects.exists()


def test_what_is_wrong_is_kept_and_told_in_one_mail(add: Add) -> None:
    add("each share stands in its entry", *(f"allocation {n} is <gone>" for n in range(25)))
    add("stock is explained", code="")
    add("guards stand", "a guard is missing", code="")

    assert check_books(now=NIGHT) is Outcome.WRONG

    run, mail = BooksRun.objects.get(), Mail.objects.get()
    assert (run.checks, run.failed, run.found[0]["count"], len(run.found[0]["findings"])) == (3, 2, 25, 20)
    assert (mail.to, mail.subject) == ("finance@example.org", "The books do not add up: 2 of 3 checks failed")
    assert "on 20 October 2026" in mail.text
    assert "L9 each share stands in its entry: 25 found\n- allocation 0 is <gone>\n" in mail.text
    assert "- allocation 4 is <gone>\n… and 20 more\n" in mail.text
    assert "guards stand: 1 found\n- a guard is missing\n" in mail.text
    assert "stock" not in mail.text
    assert "<li>allocation 0 is &lt;gone&gt;</li>" in mail.html


def test_each_night_has_one_check_and_at_most_one_mail(add: Add) -> None:
    runs: list[str] = []
    add("one", "wrong")
    books.register(Check("L2", "two", lambda: runs.append("run") or ()))

    outcomes = [check_books(now=NIGHT + timedelta(hours=hours)) for hours in (0, 1, 14, 20, 21, 24, 25)]

    assert outcomes == ["wrong", "done_before", "done_before", "done_before", "too_early", "wrong", "done_before"]
    assert len(runs) == 2
    assert list(Mail.objects.order_by("key").values_list("key", flat=True)) == [
        "ledger:books:2026-10-20",
        "ledger:books:2026-10-21",
    ]


@pytest.mark.parametrize(
    ("minutes", "outcome"), [(-1, Outcome.TOO_EARLY), (0, Outcome.GREEN), (60 * 20, Outcome.GREEN)]
)
def test_night_begins_at_three_local_and_a_missed_hour_is_made_up_for(add: Add, minutes: int, outcome: Outcome) -> None:
    add("one")

    assert check_books(now=NIGHT + timedelta(minutes=minutes)) is outcome


def test_books_that_were_tampered_with_wake_somebody() -> None:
    [posted] = post(sale())
    check_at_commit()
    as_owner("UPDATE ledger_posting SET amount_minor = 4321 WHERE entry_id = %s AND ordinal = 1", posted.entry_id)

    assert check_books(now=NOW) is Outcome.WRONG

    assert f"(entry {posted.entry_id}) was changed after it was posted" in Mail.objects.get().text


def test_check_that_cannot_be_run_wakes_somebody(add: Add) -> None:
    def broken() -> Iterator[str]:
        raise RuntimeError("no disk")
        yield

    add("one")
    books.register(Check("L2", "two", broken))

    assert check_books(now=NIGHT) is Outcome.WRONG
    assert "this check could not be run: RuntimeError: no disk" in Mail.objects.get().text


def test_without_a_contact_the_night_is_still_on_record(add: Add, organisation: Organisation) -> None:
    Organisation.objects.update(contact_email="")
    add("one", "wrong")

    assert check_books(now=NIGHT) is Outcome.WRONG
    assert (BooksRun.objects.get().failed, Mail.objects.count()) == (1, 0)


@pytest.mark.parametrize("change", ["UPDATE ledger_booksrun SET failed = 0", "DELETE FROM ledger_booksrun"])
def test_a_bad_night_stays(add: Add, change: str) -> None:
    add("one", "wrong")
    check_books(now=NIGHT)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_report_says_when_the_last_night_was(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("books")
    add("one")
    add("two", "wrong")
    check_books(now=NIGHT)
    books._checks.pop("two")
    call_command("books")

    said = capsys.readouterr().out
    assert "No night's check is on record." in said
    assert "The last night's check was on 2026-10-20: 1 failed." in said


def test_task_asks_the_clock(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add("one")
    monkeypatch.setattr(clock, "now", lambda: NIGHT - timedelta(hours=1))

    assert tasks.check_books() == "too_early"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_checks_and_the_other_leaves_it(add: Add) -> None:
    met = threading.Event()
    outcomes: list[Outcome] = []

    def meet() -> Iterator[str]:
        beside = threading.Thread(target=lambda: (outcomes.append(check_books(now=NIGHT)), connection.close()))
        if not met.is_set():
            met.set()
            beside.start()
            beside.join()
        yield from ()

    books.register(Check("L1", "slow", meet))

    assert check_books(now=NIGHT) is Outcome.GREEN
    assert outcomes == [Outcome.RUNNING]
    assert BooksRun.objects.count() == 1
