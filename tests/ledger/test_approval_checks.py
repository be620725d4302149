"""The books name what is not as two persons signed it, once somebody got past the guards."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger import books
from ledger.approval_checks import CHECKS
from ledger.drafts import PostingDraft
from ledger.models import ManualEntry, PeriodEvent
from ledger.operations.approve_manual_entry import approve_manual_entry
from ledger.operations.propose_manual_entry import Content, File, propose_manual_entry
from people.models import Approval, Attachment, Organisation
from tests.ledger.closing import close, person, reopen
from tests.ledger.facts import NOW, account, post, sale
from tests.ledger.raw import as_owner, check_at_commit

OCTOBER = 202610
BY_HAND = "the hash that was approved"
NOT_APPROVED = "is not what approval"


@pytest.fixture(autouse=True)
def signed(books: None) -> ManualEntry:
    """An entry by hand with two documents, and October closed along with September, reopened, and closed again."""
    Organisation.objects.create(pk=1, display_name="T")
    row = by_hand("bank_fees")
    close(OCTOBER)
    reopen(OCTOBER)
    by_hand("processing_fees")
    close(OCTOBER)
    post(sale("ch_nov", effective_on=date(2026, 11, 2)))
    close(202611)
    check_at_commit()
    row.refresh_from_db()
    return row


def by_hand(purpose: str) -> ManualEntry:
    postings = (PostingDraft(account(purpose), account("bank"), 1000),)
    content = Content("bank_difference", "Eine Gebühr der Bank.", date(2026, 10, 19), "usd", postings)
    files = [File("letter.pdf", b"%PDF-1.7 letter"), File("second.pdf", b"%PDF-1.7 second")]
    row = propose_manual_entry(content=content, files=files, by=person("ana"), now=NOW)
    seen = Approval.objects.get(subject=row.ref).subject_hash
    approve_manual_entry(manual_entry_id=row.pk, by=person("ben"), content_hash=seen, now=NOW)
    return row


def everything() -> list[str]:
    return [finding for check in CHECKS for finding in check.find()]


def test_what_was_signed_passes() -> None:
    assert everything() == []


def test_what_was_erased_passes(signed: ManualEntry) -> None:
    Approval.objects.filter(subject=signed.ref).update(reason="")
    Attachment.objects.filter(subject=signed.ref).update(content=b"", name="")

    assert everything() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE people_approval SET subject_hash = repeat('a', 64) WHERE subject = 'manual:{}'",
        "UPDATE people_approval SET reason = 'Another.' WHERE subject = 'manual:{}'",
        "UPDATE ledger_manualentry SET currency = 'eur' WHERE id = {}",
        "UPDATE ledger_manualentry SET reason = 'correction' WHERE id = {}",
        "UPDATE ledger_manualentry SET effective_on = '2026-10-18' WHERE id = {}",
        "UPDATE ledger_manualentry SET postings = jsonb_set(postings, '{{0,4}}', '999') WHERE id = {}",
        "UPDATE people_attachment SET content = 'x', sha256 = encode(sha256('x'), 'hex')"
        " WHERE subject = 'manual:{}' AND name = 'letter.pdf'",
        "DELETE FROM people_attachment WHERE subject = 'manual:{}' AND name = 'letter.pdf'",
    ],
)
def test_entry_by_hand_that_is_not_as_signed_is_named(signed: ManualEntry, change: str) -> None:
    as_owner(change.format(signed.pk))

    assert f"{signed.ref} does not have {BY_HAND}" in everything()


@pytest.mark.parametrize("change", [{"reason": "correction"}, {"currency": "eur"}])
def test_entry_that_was_posted_otherwise_than_proposed_is_named(signed: ManualEntry, change: dict[str, Any]) -> None:
    [(column, value)] = change.items()
    as_owner(f"UPDATE ledger_manualentry SET {column} = %s WHERE id = %s", value, signed.pk)

    wanted = f"{signed.ref} (entry {signed.entry_id}) has another currency, reason or source than was approved"
    assert wanted in everything()


@pytest.mark.parametrize(
    "change",
    [
        "subject = 'ledger:close:202609'",
        "subject = 'ledger:reopen:202610'",
        "subject = 'payout_batch:7'",
        "requested_by_id = decided_by_id, decided_by_id = requested_by_id",
        "decision = 'refused'",
    ],
)
def test_month_that_moved_without_its_approval_is_named(change: str) -> None:
    closed = PeriodEvent.objects.filter(period_id=OCTOBER, kind="closed").latest("pk")

    as_owner(f"UPDATE people_approval SET {change} WHERE id = %s", closed.approval_id)

    assert f"202610 closed (event {closed.pk}) {NOT_APPROVED} {closed.approval_id} says" in everything()


@pytest.mark.parametrize("yyyymm", [OCTOBER, 202611])
def test_close_with_another_hash_than_was_signed_is_named(yyyymm: int) -> None:
    closed = PeriodEvent.objects.filter(period_id=yyyymm, kind="closed").latest("pk")

    as_owner("UPDATE people_approval SET subject_hash = repeat('a', 64) WHERE id = %s", closed.approval_id)

    assert everything() == [f"{yyyymm} (event {closed.pk}) does not have the hash that was approved"]


def test_amount_that_was_changed_in_a_closed_month_is_not_what_was_signed() -> None:
    as_owner("UPDATE ledger_posting SET amount_minor = amount_minor + 1 WHERE effective_date = '2026-11-02'")

    closed = PeriodEvent.objects.filter(period_id=202611, kind="closed").latest("pk")
    assert everything() == [f"202611 (event {closed.pk}) does not have the hash that was approved"]


def test_these_checks_are_among_those_of_the_books() -> None:
    assert set(CHECKS) <= set(books.checks())
