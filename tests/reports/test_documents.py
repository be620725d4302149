"""A document's life: asked for once, made once, kept for ever, whatever storage, workers and people do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from ledger import books
from ledger.models import Seal
from ledger.operations.seal_entries import ContentMismatch, seal_all
from partners.models import Agreement, Partner
from people import clock
from people.models import Mail, User
from people.operations.send_mail import Outcome as MailOutcome
from people.operations.send_mail import send_next_mail
from reports import figures, stored_files
from reports.desk_tasks import waiting
from reports.models import Document
from reports.operations import render_document
from reports.operations.publish_document import NotFinal, NotReady, publish_document
from reports.operations.render_document import ATTEMPTS_MAX, Outcome, render_next_document
from reports.operations.request_document import MonthNotBegun, request_statement
from reports.operations.request_document import Outcome as Request
from reports.queries import attachment, content
from reports.tasks import render_documents
from tests.ledger.closing import close
from tests.ledger.raw import as_owner
from tests.reports.conftest import NOVEMBER_3, OCTOBER, SEPTEMBER, adjust, october, pay

pytestmark = pytest.mark.django_db
State = Document.State


def ask(partner: Partner, month: str = OCTOBER, by: User | None = None) -> tuple[Document, Request]:
    return request_statement(partner=partner, month=month, by=by, now=NOVEMBER_3)


def make_due() -> None:
    Document.objects.update(next_attempt_at=clock.wall_now())


def lose_the_worker() -> None:
    """As after kill -9 in the middle of it: the lease runs out."""
    Document.objects.filter(state=State.RENDERING).update(lease_until=clock.wall_now() - timedelta(seconds=1))


def findings() -> list[str]:
    return [finding for result in books.run() for finding in result.findings if "document" in finding]


# Asking


def test_asking_twice_with_the_same_figures_gives_one_document(busy_october: Partner, ana: User) -> None:
    first, new = ask(busy_october, by=ana)
    again, unchanged = request_statement(
        partner=busy_october, month=OCTOBER, by=ana, now=NOVEMBER_3 + timedelta(days=2)
    )

    assert (new, unchanged) == (Request.NEW, Request.UNCHANGED)
    assert first == again == Document.objects.get()
    assert (first.version, first.final, first.requested_by) == (1, False, ana)
    assert (first.as_of, first.through_seq) == (date(2026, 10, 31), Seal.objects.count())


def test_changed_figures_make_a_version_that_supersedes(
    busy_october: Partner, valor: Agreement, make: Callable[..., Document]
) -> None:
    first = make(busy_october)
    before = content(first)
    pay(valor, 9, october(29), ("Valor tassel earrings", 1, 2400))

    second = make(busy_october)

    first.refresh_from_db()
    assert (second.version, second.supersedes) == (2, first)
    assert second.inputs["accrued_minor"] == first.inputs["accrued_minor"] + 480
    assert second.sha256 != first.sha256
    assert content(first) == before


def test_a_site_that_moves_makes_no_new_version(busy_october: Partner, settings: Any) -> None:
    ask(busy_october)
    settings.BASE_URL = "https://elsewhere.example.org"

    assert ask(busy_october)[1] is Request.UNCHANGED


def test_a_month_asked_again_when_it_is_over_and_when_it_is_closed_is_new(valor: Agreement) -> None:
    running, _ = request_statement(partner=valor.partner, month=OCTOBER, by=None, now=october(15))
    over, outcome = ask(valor.partner)
    close(202610)

    closed, again = ask(valor.partner)

    assert (outcome, again) == (Request.NEW, Request.NEW)
    assert [(row.version, row.final) for row in (running, over, closed)] == [(1, False), (2, False), (3, True)]


def test_entries_that_do_not_touch_it_make_no_new_version_of_an_open_month(busy_october: Partner) -> None:
    first, _ = ask(busy_october)
    adjust(busy_october, 500, day=1, month=11)

    again, outcome = ask(busy_october)

    assert (again, outcome) == (first, Request.UNCHANGED)


def test_nothing_is_stated_from_books_that_cannot_be_sealed(busy_october: Partner) -> None:
    as_owner("UPDATE ledger_entry SET source = 'order:9' WHERE source = 'order:2'")

    with pytest.raises(ContentMismatch):
        ask(busy_october)
    assert not Document.objects.exists()


@pytest.mark.parametrize("month", ["2026-12", "2027-01"])
def test_a_month_ahead_is_refused(valor: Agreement, month: str) -> None:
    with pytest.raises(MonthNotBegun, match=f"{month} has not begun yet"):
        ask(valor.partner, month)
    assert not Document.objects.exists()


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-1", "October 2026", "2026-10-01", "../../etc"])
def test_a_word_that_is_no_month_is_refused(valor: Agreement, month: str) -> None:
    with pytest.raises(ValueError):
        ask(valor.partner, month)
    assert not Document.objects.exists()


def test_asking_for_a_failed_one_tries_it_afresh(valor: Agreement, monkeypatch: pytest.MonkeyPatch) -> None:
    document, _ = ask(valor.partner)
    Document.objects.update(state=State.FAILED, attempts=ATTEMPTS_MAX, last_error="OSError")

    again, outcome = ask(valor.partner)

    assert (again, outcome, again.attempts) == (document, Request.TRIED_AFRESH, 0)
    assert render_next_document(now=NOVEMBER_3) is Outcome.READY


def test_a_caller_with_a_transaction_of_its_own_is_refused(valor: Agreement) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        ask(valor.partner)


# Making


def test_a_made_document_has_its_bytes_hash_and_size(busy_october: Partner, make: Callable[..., Document]) -> None:
    document = make(busy_october)

    data = content(document)
    assert data.startswith(b"%PDF-1.7")
    assert hashlib.sha256(data).hexdigest() == document.sha256
    assert (document.state, document.size_bytes, document.ready_at) == (State.READY, len(data), NOVEMBER_3)
    assert (document.attempts, document.lease_until, document.last_error) == (1, None, "")
    assert render_next_document(now=NOVEMBER_3) is Outcome.NOTHING_DUE


def test_made_again_it_is_the_same_byte_for_byte(busy_october: Partner, make: Callable[..., Document]) -> None:
    document = make(busy_october)

    made_later = render_document._render(Document.objects.get(pk=document.pk))

    assert made_later.content == content(document)


class Broken(Exception):
    """The storage's own trouble."""


def break_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(*_: Any, **__: Any) -> str:
        raise Broken

    monkeypatch.setattr(default_storage._wrapped, "save", save)  # type: ignore[attr-defined]


def test_failing_storage_is_tried_again_then_given_up(
    busy_october: Partner, monkeypatch: pytest.MonkeyPatch, org: Any
) -> None:
    document, _ = ask(busy_october)
    with monkeypatch.context() as patch:
        break_storage(patch)
        outcomes = []
        for attempt in range(1, ATTEMPTS_MAX + 1):
            outcomes.append(render_next_document(now=NOVEMBER_3))
            document.refresh_from_db()
            assert (document.attempts, document.last_error, document.lease_until) == (attempt, "Broken", None)
            assert render_next_document(now=NOVEMBER_3) is Outcome.NOTHING_DUE, "it waits before the next attempt"
            make_due()
    assert outcomes == [Outcome.TRIED_AGAIN_LATER] * (ATTEMPTS_MAX - 1) + [Outcome.FAILED]
    assert (document.state, document.sha256, document.storage_key) == (State.FAILED, "", "")
    assert [task.title for task in waiting(NOVEMBER_3)] == ["Look after 1 statement of 2026-10"]


def test_storage_that_comes_back_gets_the_document(busy_october: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    document, _ = ask(busy_october)
    with monkeypatch.context() as patch:
        break_storage(patch)
        render_documents()
    make_due()

    assert render_documents() == 1
    document.refresh_from_db()
    assert (document.state, document.attempts) == (State.READY, 2)


def test_one_document_in_trouble_does_not_stop_the_others(
    busy_october: Partner, restoration_house: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(busy_october)
    ask(restoration_house)
    render = render_document._render

    def stumble(document: Document) -> Any:
        if document.subject == busy_october.owner:
            raise Broken
        return render(document)

    monkeypatch.setattr(render_document, "_render", stumble)

    assert render_documents() == 1
    assert Document.objects.get(state=State.READY).subject == restoration_house.owner


def test_a_killed_workers_document_is_made_by_the_next(busy_october: Partner) -> None:
    document, _ = ask(busy_october)
    render_document._lease()

    assert render_documents() == 0, "its lease still runs"
    lose_the_worker()

    assert render_documents() == 1
    document.refresh_from_db()
    assert (document.state, document.attempts) == (State.READY, 2)


def test_a_document_that_kills_its_workers_is_given_up(busy_october: Partner) -> None:
    document, _ = ask(busy_october)
    for _ in range(ATTEMPTS_MAX):
        assert render_document._lease() == document
        lose_the_worker()

    assert render_next_document(now=NOVEMBER_3) is Outcome.FAILED
    document.refresh_from_db()
    assert (document.state, document.last_error) == (State.FAILED, "no worker came back from it")


def test_a_worker_that_was_taken_for_dead_changes_nothing(
    closed_october: Partner, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, _ = ask(closed_october)
    render = render_document._render

    def overtaken(leased: Document) -> Any:
        monkeypatch.setattr(render_document, "_render", render)
        lose_the_worker()
        assert render_next_document(now=NOVEMBER_3) is Outcome.READY
        publish_document(document_id=leased.pk, by=ana, now=NOVEMBER_3)
        return render(leased)

    monkeypatch.setattr(render_document, "_render", overtaken)

    assert render_next_document(now=NOVEMBER_3 + timedelta(hours=1)) is Outcome.LEASE_LOST
    document.refresh_from_db()
    assert (document.ready_at, document.published_by, document.attempts) == (NOVEMBER_3, ana, 2)


def test_a_late_worker_leaves_the_one_who_took_over_alone(
    busy_october: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, _ = ask(busy_october)
    render = render_document._render

    def overtaken(leased: Document) -> Any:
        lose_the_worker()
        render_document._lease()
        return render(leased)

    monkeypatch.setattr(render_document, "_render", overtaken)

    assert render_next_document(now=NOVEMBER_3) is Outcome.LEASE_LOST
    document.refresh_from_db()
    assert (document.state, document.attempts, document.lease_until is None) == (State.RENDERING, 2, False)


def test_a_half_written_file_is_written_again(busy_october: Partner, make: Callable[..., Document]) -> None:
    document = make(busy_october)
    whole = content(document)
    Path(default_storage.path(document.storage_key)).write_bytes(whole[:1000])

    assert stored_files.store(whole) == (document.sha256, document.storage_key)

    assert content(document) == whole


def test_one_call_leaves_the_rest_to_the_next_when_time_is_up(
    busy_october: Partner, restoration_house: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(busy_october)
    ask(restoration_house)
    monkeypatch.setattr("reports.tasks.WORK_FOR_S", -1)

    assert [render_documents(), render_documents(), render_documents()] == [1, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one(busy_october: Partner, restoration_house: Partner) -> None:
    ask(busy_october)
    ask(restoration_house)
    gate = threading.Barrier(4)

    def work(_: int) -> int:
        try:
            gate.wait(timeout=20)
            return render_documents()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        made = sum(threads.map(work, range(4)))

    assert made == 2
    assert sorted(Document.objects.values_list("state", "attempts")) == [("ready", 1), ("ready", 1)]


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_at_once_get_one_document(busy_october: Partner) -> None:
    gate = threading.Barrier(6)

    def work(_: int) -> int:
        try:
            gate.wait(timeout=20)
            return ask(busy_october)[0].pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        asked = set(threads.map(work, range(6)))

    assert asked == {Document.objects.get().pk}


@pytest.mark.django_db(transaction=True)
def test_the_figures_are_of_one_moment(
    busy_october: Partner, valor: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sale that is booked and sealed while the statement is figured is in all of it or in none of it."""
    earned = figures.earned

    def sale_in_between(*arguments: Any, **more: Any) -> Any:
        found = earned(*arguments, **more)
        with ThreadPoolExecutor(1) as other:
            other.submit(book_a_sale, valor).result()
        return found

    monkeypatch.setattr(figures, "earned", sale_in_between)

    statement = ask(busy_october)[0].inputs

    by_day = sum(day["goods_minor"] + day["gifts_minor"] for day in statement["days"])
    assert by_day == statement["accrued_minor"] == statement["closing_minor"] == 3440
    assert Seal.objects.count() == statement["through_seq"] + 1


def book_a_sale(agreement: Agreement) -> None:
    try:
        pay(agreement, 77, october(14), ("Valor tassel earrings", 1, 2400))
        seal_all()
    finally:
        connection.close()


# Keeping


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {}},
        {"inputs_hash": "0" * 64},
        {"period": SEPTEMBER},
        {"subject": "partner:999"},
        {"version": 7},
        {"sha256": "0" * 64},
        {"storage_key": "documents/other.pdf"},
        {"size_bytes": 1},
        {"ready_at": None},
        {"state": State.REQUESTED, "sha256": "", "storage_key": ""},
    ],
)
def test_the_database_lets_nobody_change_a_document(
    change: dict[str, Any], valor: Agreement, make: Callable[..., Document]
) -> None:
    document = make(valor.partner)

    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**change)


def test_the_database_lets_nobody_remove_a_document(valor: Agreement) -> None:
    ask(valor.partner)

    for statement in ("DELETE FROM reports_document", "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE reports_document"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Document.objects.count() == 1


def test_a_changed_or_lost_file_is_found_by_the_books_and_never_handed_out(
    busy_october: Partner, restoration_house: Partner, make: Callable[..., Document]
) -> None:
    changed, lost = make(busy_october), make(restoration_house)
    assert findings() == []
    path = Path(default_storage.path(changed.storage_key))
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    default_storage.delete(lost.storage_key)

    with pytest.raises(stored_files.FileDamaged):
        content(changed)
    assert findings() == [
        f"document {changed.pk}: the file {changed.storage_key} was changed",
        f"document {lost.pk}: the file {lost.storage_key} cannot be read",
    ]


# Publishing


def test_publishing_happens_once(valor: Agreement, ana: User, ben: User, make: Callable[..., Document]) -> None:
    close(202610)
    document = make(valor.partner)
    assert [task.title for task in waiting(NOVEMBER_3)] == ["Publish 1 statement of 2026-10"]

    publish_document(document_id=document.pk, by=ana, now=NOVEMBER_3)
    publish_document(document_id=document.pk, by=ben, now=NOVEMBER_3 + timedelta(days=1))

    document.refresh_from_db()
    assert (document.published_by, document.published_at) == (ana, NOVEMBER_3)
    assert waiting(NOVEMBER_3) == []


def test_what_is_not_made_or_not_closed_cannot_be_published(
    valor: Agreement, ana: User, make: Callable[..., Document]
) -> None:
    over = make(valor.partner, SEPTEMBER)
    unmade, _ = ask(valor.partner)

    with pytest.raises(NotReady):
        publish_document(document_id=unmade.pk, by=ana, now=NOVEMBER_3)
    with pytest.raises(NotFinal):
        publish_document(document_id=over.pk, by=ana, now=NOVEMBER_3)
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=over.pk).update(published_at=NOVEMBER_3, published_by=ana)
    assert not Document.objects.filter(published_at__isnull=False).exists()


# Sending


def test_a_mail_waits_for_its_document(busy_october: Partner) -> None:
    document, _ = ask(busy_october)
    Mail.objects.create(
        key="statement",
        to="partner@example.org",
        subject="Your statement",
        text="Attached.",
        attachment_ref=document.ref,
        attachment_name="statement.pdf",
        created_at=NOVEMBER_3,
        next_attempt_at=clock.wall_now(),
    )

    assert attachment(document.ref) is None
    assert send_next_mail() is MailOutcome.WAITS_FOR_FILE
    assert outbox.outbox == []
    render_documents()
    Mail.objects.update(next_attempt_at=clock.wall_now())

    assert send_next_mail() is MailOutcome.SENT
    name, data, kind = outbox.outbox[0].attachments[0]
    document.refresh_from_db()
    assert (name, kind) == ("statement.pdf", "application/pdf")
    assert hashlib.sha256(data).hexdigest() == document.sha256
