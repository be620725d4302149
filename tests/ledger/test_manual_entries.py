"""What people put into the books by hand: proposed by one with a reason and a document, posted by another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from ledger import books
from ledger.accounts import UnknownAccount
from ledger.approval_checks import CHECKS as APPROVAL_CHECKS
from ledger.drafts import BadPosting, PostingDraft
from ledger.manual_entries import (
    AttachmentMissing,
    DayAhead,
    MonthClosed,
    NotByHand,
    NotWaiting,
    ReasonMissing,
    SamePerson,
    unapproved,
)
from ledger.models import Entry, ManualEntry, Period, Unsealed
from ledger.operations import approve_manual_entry as approval
from ledger.operations.approve_manual_entry import ContentChanged, WriteOffLimit, approve_manual_entry
from ledger.operations.edit_manual_entry import edit_manual_entry
from ledger.operations.post_entry import NoSuchMonth, Posted
from ledger.operations.propose_manual_entry import Content, File, propose_manual_entry
from ledger.operations.refuse_manual_entry import refuse_manual_entry
from people.models import Approval, Attachment, Organisation, User
from people.operations.attach_file import NotAttachable
from tests.ledger.facts import NOW, account, balances, entry, post
from tests.ledger.raw import as_owner, sql
from tests.roles import give

pytestmark = pytest.mark.usefixtures("books")
LETTER = File("letter.pdf", b"%PDF-1.7 the bank's letter")
Pair = tuple[str, str, int]


@pytest.fixture(autouse=True)
def organisation(db: None) -> Organisation:
    return Organisation.objects.create(display_name="Tassel Collective")


def approver(email: str) -> User:
    user = User.objects.create_user(email, is_staff=True)
    give(user, "finance approver")
    return user


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("ana@example.org", is_staff=True)


@pytest.fixture
def ben(db: None) -> User:
    return approver("ben@example.org")


@pytest.fixture
def cem(db: None) -> User:
    return approver("cem@example.org")


def content(*pairs: Pair, **changes: Any) -> Content:
    """Ten dollars that the bank booked as a fee and we had as cash, unless told otherwise."""
    lines = pairs or (("bank_fees", "bank", 1000),)
    postings = tuple(PostingDraft(account(debit), account(credit), amount) for debit, credit, amount in lines)
    usual = Content("bank_difference", "The bank took a fee.", date(2026, 10, 19), "usd", postings)
    return replace(usual, **changes)


def propose(by: User, *pairs: Pair, files: tuple[File, ...] = (LETTER,), **changes: Any) -> ManualEntry:
    return propose_manual_entry(content=content(*pairs, **changes), files=files, by=by, now=NOW)


def signed_hash(row: ManualEntry) -> str:
    return Approval.objects.get(subject=row.ref, decision="waiting").subject_hash


def approve(row: ManualEntry, by: User, content_hash: str = "") -> Posted:
    return approve_manual_entry(
        manual_entry_id=row.pk, by=by, content_hash=content_hash or signed_hash(row), now=NOW + timedelta(hours=1)
    )


def test_nothing_is_in_the_books_before_a_second_person_approved(ana: User) -> None:
    row = propose(ana)

    assert balances() == {}
    assert not Entry.objects.exists()
    asked = Approval.objects.get()
    assert (asked.subject, asked.reason, asked.requested_by) == (row.ref, "The bank took a fee.", ana)
    assert Attachment.objects.get().subject == row.ref


def test_approved_entry_is_posted_as_a_manual_one(ana: User, ben: User) -> None:
    row = propose(ana)

    posted = approve(row, ben)

    assert balances() == {"1010": -1000, "6130": 1000}
    row.refresh_from_db()
    made = Entry.objects.get()
    assert row.entry == made and made.pk == posted.entry_id
    assert (made.kind, made.idempotency_key, made.source, made.memo) == ("manual", row.ref, row.ref, "bank_difference")
    assert (made.effective_date, made.event_at.isoformat()) == (date(2026, 10, 19), "2026-10-19T17:00:00+00:00")
    assert made.actor == f"user:{ben.pk}"
    assert Approval.objects.get().decided_by == ben


def test_proposer_does_not_approve(ana: User) -> None:
    row = propose(ana)

    with pytest.raises(SamePerson):
        approve(row, ana)

    assert balances() == {}
    assert Approval.objects.get().decision == "waiting"


def test_editing_voids_what_was_signed_and_neither_of_its_authors_approves(ana: User, ben: User, cem: User) -> None:
    row = propose(ana)
    seen = signed_hash(row)

    edit_manual_entry(manual_entry_id=row.pk, content=content(("bank_fees", "bank", 1100)), by=ben, now=NOW)

    with pytest.raises(ContentChanged):
        approve(row, cem, seen)
    for author in (ana, ben):
        with pytest.raises(SamePerson):
            approve(row, author)
    assert balances() == {}
    approve(row, cem)
    assert balances() == {"1010": -1100, "6130": 1100}


def test_whoever_wrote_any_version_does_not_decide_however_many_wrote_after_them(
    ana: User, ben: User, cem: User
) -> None:
    row = propose(ana)
    edit_manual_entry(manual_entry_id=row.pk, content=content(("bank_fees", "bank", 1100)), by=ben, now=NOW)
    fixed = content(("bank_fees", "bank", 1100), words="The bank took a fee of $11.")
    edit_manual_entry(manual_entry_id=row.pk, content=fixed, by=cem, now=NOW)

    for author in (ana, ben, cem):
        with pytest.raises(SamePerson):
            approve(row, author)
        with pytest.raises(SamePerson):
            refuse_manual_entry(manual_entry_id=row.pk, by=author, words="No.", now=NOW)

    assert balances() == {}
    approve(row, approver("dora@example.org"))
    assert balances() == {"1010": -1100, "6130": 1100}
    assert list(unapproved()) == []


def test_refusal_does_not_forget_who_wrote_before_it(ana: User, ben: User, cem: User) -> None:
    row = propose(ana)
    edit_manual_entry(manual_entry_id=row.pk, content=content(("bank_fees", "bank", 1100)), by=ben, now=NOW)
    refuse_manual_entry(manual_entry_id=row.pk, by=cem, words="Wrong month.", now=NOW)
    edit_manual_entry(manual_entry_id=row.pk, content=content(("bank_fees", "bank", 1200)), by=ana, now=NOW)

    with pytest.raises(SamePerson):
        approve(row, ben)

    approve(row, cem)
    assert balances() == {"1010": -1200, "6130": 1200}


def test_who_wrote_an_entry_stays(ana: User) -> None:
    propose(ana)

    for change in ("UPDATE ledger_manualentryedit SET by_id = by_id", "DELETE FROM ledger_manualentryedit"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            sql(change)


@pytest.mark.parametrize(
    "change",
    [
        {"words": "The bank took a fee twice."},
        {"reason": "correction"},
        {"effective_on": date(2026, 10, 18)},
        {"currency": "eur"},
        {"postings": content(("bank_fees", "suspense", 1000)).postings},
        {"postings": content(("bank_fees", "bank/bank:1", 1000)).postings},
        {"files": (File("second.pdf", b"%PDF-1.7 another letter"),)},
    ],
)
def test_everything_that_is_signed_changes_the_hash(ana: User, change: dict[str, Any]) -> None:
    row = propose(ana)
    seen = signed_hash(row)
    files = change.pop("files", ())

    edit_manual_entry(manual_entry_id=row.pk, content=content(**change), files=files, by=ana, now=NOW)

    assert signed_hash(row) != seen


def test_row_changed_behind_the_approval_is_not_posted(ana: User, ben: User) -> None:
    row = propose(ana)
    row.postings[0][4] = 9999
    row.save(update_fields=["postings"])

    with pytest.raises(ContentChanged):
        approve(row, ben)

    assert balances() == {}


def test_attachment_added_behind_the_approval_is_seen(ana: User, ben: User) -> None:
    row = propose(ana)
    Attachment.objects.create(
        subject=row.ref,
        name="x.txt",
        media_type="text/plain",
        content=b"x",
        sha256=sha256(b"x").hexdigest(),
        added_by=ana,
        added_at=NOW,
    )

    with pytest.raises(ContentChanged):
        approve(row, ben)


def test_entry_is_approved_once(ana: User, ben: User, cem: User) -> None:
    row = propose(ana)
    seen = signed_hash(row)
    approve(row, ben)

    with pytest.raises(NotWaiting):
        approve(row, cem, seen)
    with pytest.raises(NotWaiting, match="in the books"):
        edit_manual_entry(manual_entry_id=row.pk, content=content(), by=ana, now=NOW)

    assert balances() == {"1010": -1000, "6130": 1000}


def test_refused_entry_is_put_right_and_approved(ana: User, ben: User) -> None:
    row = propose(ana)

    refuse_manual_entry(manual_entry_id=row.pk, by=ben, words="Wrong account.", now=NOW)

    refusal = Approval.objects.get()
    assert (refusal.decision, refusal.reason) == ("refused", "The bank took a fee.\n\nRefused: Wrong account.")
    with pytest.raises(NotWaiting):
        approve(row, ben, refusal.subject_hash)
    edit_manual_entry(manual_entry_id=row.pk, content=content(("processing_fees", "bank", 1000)), by=ana, now=NOW)
    approve(row, ben)
    assert balances() == {"1010": -1000, "6110": 1000}


def test_refusal_needs_a_reason_and_a_second_person(ana: User, ben: User) -> None:
    row = propose(ana)

    with pytest.raises(ReasonMissing):
        refuse_manual_entry(manual_entry_id=row.pk, by=ben, words=" ", now=NOW)
    with pytest.raises(SamePerson):
        refuse_manual_entry(manual_entry_id=row.pk, by=ana, words="No.", now=NOW)

    assert Approval.objects.get().decision == "waiting"


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        ({"words": "  "}, ReasonMissing, "Say why"),
        ({"reason": "because"}, BadPosting, "'because' is not one of"),
        ({"files": ()}, AttachmentMissing, "Add the document"),
        ({"files": (File("letter.exe", b"MZ"),)}, NotAttachable, "letter.exe"),
        ({"effective_on": date(2026, 10, 21)}, DayAhead, "2026-10-21 has not come yet"),
        ({"effective_on": date(1999, 12, 31)}, NoSuchMonth, "1999-12-31"),
        ({"effective_on": date(2026, 8, 31)}, MonthClosed, "2026-08-31"),
        ({"currency": "dollars"}, BadPosting, "'dollars'"),
        ({"currency": "USD"}, BadPosting, "'USD'"),
        ({"postings": ()}, BadPosting, "no postings"),
        ({"postings": content(("bank", "suspense", 1.5)).postings}, BadPosting, "not 1.5"),  # type: ignore[arg-type]
        ({"postings": content(("bank", "suspense", 0)).postings}, BadPosting, "not 0"),
        ({"postings": content(("bank", "suspense", -5)).postings}, BadPosting, "not -5"),
        ({"postings": content(("bank", "bank", 5)).postings}, BadPosting, "bank on both sides"),
        ({"postings": content(("bank", "petty_cash", 5)).postings}, UnknownAccount, "'petty_cash'"),
        ({"postings": content(("payable", "bank", 5)).postings}, UnknownAccount, "must name its owner"),
        ({"postings": content(("stripe_balance", "bank", 5)).postings}, NotByHand, "stripe_balance"),
        ({"postings": content(("bank", "suspense", 2**63)).postings}, BadPosting, "out of range"),
    ],
)
def test_what_cannot_be_proposed(ana: User, change: dict[str, Any], error: type[Exception], why: str) -> None:
    Period.objects.filter(yyyymm=202608).update(state="closed")

    with pytest.raises(error, match=why), transaction.atomic():
        propose(ana, **change)

    assert not ManualEntry.objects.exists()
    assert not Approval.objects.exists()
    assert not Attachment.objects.exists()
    assert not Unsealed.objects.exists()


def test_month_that_closed_meanwhile_refuses_the_approval(ana: User, ben: User) -> None:
    row = propose(ana)
    Period.objects.filter(yyyymm=202610).update(state="closed")

    with pytest.raises(MonthClosed, match="2026-10-19"):
        approve(row, ben)

    assert not Entry.objects.exists()
    assert Approval.objects.get().decision == "waiting"


def test_softly_closed_month_takes_what_people_approved(ana: User, ben: User) -> None:
    Period.objects.filter(yyyymm=202609).update(state="soft_closed")

    posted = approve(propose(ana, effective_on=date(2026, 9, 30)), ben)

    assert posted.effective_on == date(2026, 9, 30)


def test_write_off_limit_of_a_month_needs_the_board(ana: User, ben: User, cem: User) -> None:
    give(cem, "board")
    approve(propose(ana, ("write_off", "clearing", 300), reason="write_off"), ben)
    approve(propose(ana, ("write_off", "clearing", 400), reason="write_off", effective_on=date(2026, 9, 30)), ben)
    approve(propose(ana, ("write_off", "clearing", 200), reason="write_off"), ben)
    beyond = propose(ana, ("clearing", "write_off", 1), reason="write_off")

    with pytest.raises(WriteOffLimit, match=r"\$5\.01 would be written off in October 2026; above \$5\.00"):
        approve(beyond, ben)

    assert balances() == {"1040": -900, "6190": 900}
    approve(beyond, cem)
    assert balances() == {"1040": -899, "6190": 899}


def test_write_off_limit_is_each_currencys_own_and_only_for_what_is_written_off(ana: User, ben: User) -> None:
    approve(propose(ana, ("write_off", "clearing", 500), reason="write_off"), ben)
    approve(propose(ana, ("write_off", "clearing", 500), reason="write_off", currency="eur"), ben)
    approve(propose(ana, ("bank_fees", "bank", 100_000)), ben)

    assert Entry.objects.count() == 3


def test_posted_row_no_longer_changes(ana: User, ben: User) -> None:
    row = propose(ana)
    approve(row, ben)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ManualEntry.objects.filter(pk=row.pk).update(currency="eur")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        sql(f"DELETE FROM ledger_manualentry WHERE id = {row.pk}")


def test_books_name_what_nobody_approved(ana: User, ben: User) -> None:
    approve(propose(ana), ben)
    honest = list(unapproved())
    with transaction.atomic():
        post(entry("manual:99", ("bank", "suspense", 5), kind="manual"))
        [finding] = list(unapproved())

    assert honest == []
    assert finding.startswith("manual manual:99 (entry ")
    assert finding.endswith("was not approved by a second person")


def test_books_name_what_one_of_its_own_authors_approved(ana: User, ben: User, cem: User) -> None:
    row = propose(ana)
    edit_manual_entry(manual_entry_id=row.pk, content=content(("bank_fees", "bank", 1100)), by=ben, now=NOW)
    approve(row, cem)
    as_owner("UPDATE people_approval SET requested_by_id = %s, decided_by_id = %s", ana.pk, ben.pk)

    [finding] = unapproved()

    assert finding.endswith("was not approved by a second person")


def test_check_is_one_of_the_books() -> None:
    [check] = [check for check in books.checks() if check.name == "each manual entry was approved by a second person"]

    assert check.find is unapproved


@pytest.mark.django_db(transaction=True)
def test_two_write_offs_at_once_are_counted_together(ana: User, ben: User) -> None:
    september = propose(ana, ("write_off", "clearing", 1), reason="write_off", effective_on=date(2026, 9, 30))
    approve(september, ben)  # now the accounts are there, and neither rival waits for the other to make them
    rows = [propose(ana, ("write_off", "clearing", 300), reason="write_off") for _ in range(2)]
    hashes = [signed_hash(row) for row in rows]
    outcomes = at_once(
        lambda: approve(rows[0], ben, hashes[0]), lambda: approve(rows[1], ben, hashes[1]), meet="_refuse_beyond_limit"
    )

    assert sorted(outcomes) == ["Posted", "WriteOffLimit"]
    assert balances() == {"1040": -301, "6190": 301}


@pytest.mark.django_db(transaction=True)
def test_two_who_approve_at_once_post_once(ana: User, ben: User, cem: User) -> None:
    row = propose(ana)
    seen = signed_hash(row)

    outcomes = at_once(lambda: approve(row, ben, seen), lambda: approve(row, cem, seen))

    assert sorted(outcomes) == ["NotWaiting", "Posted"]
    assert balances() == {"1010": -1000, "6130": 1000}


def at_once(*deeds: Callable[[], object], meet: str = "") -> list[str]:
    """What each deed gave or raised, by the name of its type, when all begin together; `meet`: where they all wait."""
    barrier = threading.Barrier(len(deeds))
    names: list[str] = []

    def run(deed: Callable[[], object]) -> None:
        try:
            if not meet:
                barrier.wait(10)
            names.append(type(deed()).__name__)
        except (NotWaiting, WriteOffLimit) as refusal:
            names.append(type(refusal).__name__)
        finally:
            connection.close()

    step = getattr(approval, meet) if meet else None

    def together(*args: Any) -> None:
        barrier.wait(10)
        step(*args)

    with pytest.MonkeyPatch.context() as patch:
        if meet:
            patch.setattr(approval, meet, together)
        threads = [threading.Thread(target=run, args=[deed]) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return names


@pytest.fixture
def past_the_guards(db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_books_name_what_is_not_what_was_approved(ana: User, ben: User, past_the_guards: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
        row = propose(ana)
        approve(row, ben)
        cursor.execute("SET LOCAL session_replication_role = replica")
    ManualEntry.objects.filter(pk=row.pk).update(postings=[["bank_fees", "", "bank", "", 999]])

    [finding] = unapproved()

    assert finding.endswith("is not what was approved")


def test_an_entry_about_a_charge_is_signed_and_posted_with_it(ana: User, ben: User) -> None:
    row = propose(ana, ("clearing", "suspense", 500))
    before = signed_hash(row)
    edited = content(("clearing", "suspense", 500), about="stripe:charge:ch_1")
    edit_manual_entry(manual_entry_id=row.pk, content=edited, by=ana, now=NOW)

    assert signed_hash(row) != before
    approve(row, ben)

    assert Entry.objects.get().source == "stripe:charge:ch_1"
    assert [finding for check in APPROVAL_CHECKS for finding in check.find()] == []


@pytest.mark.parametrize("about", ["ch_1", "order:7", "stripe:charge:", "stripe:charge:ch_1:sale", "stripe:bt:txn_1"])
def test_an_entry_is_about_a_charge_or_refund_or_nothing(ana: User, about: str) -> None:
    with pytest.raises(BadPosting, match="is not a charge or refund"):
        propose(ana, about=about)

    assert not ManualEntry.objects.exists()
