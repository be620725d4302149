"""A statement rests on a day and a sequence number: rendered again it is the same for ever, and the books check it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from ledger import queries as ledger
from ledger.operations.close_month import current_close
from ledger.operations.soft_close import lift_soft_close
from partners.models import Agreement, Partner
from people.models import User
from reports.books import CHECKS
from reports.desk_tasks import waiting
from reports.models import Document
from reports.operations import render_document
from reports.operations.publish_document import OpenedAgain, publish_document
from reports.operations.request_document import Outcome, request_statement
from reports.queries import content, opened_again
from reports.statements import cut_of, from_inputs, partner_statement
from tests.ledger.closing import close, person, reopen
from tests.ledger.raw import as_owner
from tests.reports.conftest import NOVEMBER_3, OCTOBER, adjust, correct, october, pay, statement_of

pytestmark = pytest.mark.django_db
Make = Callable[..., Document]
REPRODUCED = "each published statement is what the books say as of its day and seal"
END = date(2026, 10, 31)


def published(document: Document, by: User) -> Document:
    publish_document(document_id=document.pk, by=by, now=NOVEMBER_3)
    document.refresh_from_db()
    return document


def findings() -> list[str]:
    return list(CHECKS[REPRODUCED]())


def test_a_late_event_changes_nothing_in_a_closed_month(closed_october: Partner, valor: Agreement, make: Make) -> None:
    # rules/ledger.md case 12
    document = make(closed_october)
    before = ledger.balance("payable", closed_october.owner, as_of=END)
    pay(valor, 9, october(31), ("Valor tassel earrings", 1, 2400))
    assert valor.allocations.get(source="order:9").earned_on == date(2026, 11, 1)

    again = statement_of(closed_october)
    asked, outcome = request_statement(partner=closed_october, month=OCTOBER, by=None, now=NOVEMBER_3)

    assert again == from_inputs(document.inputs)
    document.inputs = again.inputs()
    assert render_document._render(document).content == content(document)
    assert (asked.pk, outcome) == (document.pk, Outcome.UNCHANGED)
    assert ledger.balance("payable", closed_october.owner, as_of=END) == before
    assert statement_of(closed_october, "2026-11").accrued_minor == 480


def test_a_document_stores_where_it_rests(closed_october: Partner, make: Make) -> None:
    document = make(closed_october)

    closed = current_close(202610)
    assert (document.as_of, document.through_seq, document.final) == (END, closed.through_seq, True)
    assert document.inputs["sealed_hash"] == closed.closing_hash.hex()
    for change in ({"through_seq": 1}, {"as_of": date(2026, 10, 30)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Document.objects.filter(pk=document.pk).update(**change)


def test_an_open_month_read_again_at_its_number_is_the_same(busy_october: Partner, valor: Agreement, ana: User) -> None:
    first = statement_of(busy_october)
    cut = cut_of(OCTOBER)
    pay(valor, 9, october(29), ("Valor tassel earrings", 1, 2400))
    adjust(busy_october, -125)
    later = statement_of(busy_october)

    again = partner_statement(busy_october, OCTOBER, NOVEMBER_3, cut)

    assert again == first
    assert (later.accrued_minor, later.other_minor) == (first.accrued_minor + 480, -125)


def test_a_payment_settled_after_the_number_is_not_in_it(
    busy_october: Partner, checking: Any, ana: User, ben: User
) -> None:
    before = cut_of(OCTOBER)
    statement_of(busy_october)
    now = cut_of(OCTOBER)

    then, later = (partner_statement(busy_october, OCTOBER, NOVEMBER_3, cut) for cut in (before, now))

    assert (before.through_seq, then.payments, then.paid_minor) == (2, (), 0)
    assert [(p.paid_on, p.amount_minor) for p in later.payments] == [("2026-10-20", 4800)]


def test_a_share_of_nothing_is_in_no_statement(closed_october: Partner, valor: Agreement) -> None:
    before = statement_of(closed_october)
    pay(valor, 9, october(30), ("Button", 1, 2))  # 0.4 cents: no entry, and so no place in the sequence

    assert statement_of(closed_october) == before


# Opened and closed again


def test_a_month_opened_again_supersedes_its_statement(
    closed_october: Partner, make: Make, ben: User, django_assert_num_queries: Any
) -> None:
    first = published(make(closed_october), ben)
    bytes_before = content(first)
    correct(closed_october, -125)
    assert opened_again([first]) == {first.pk}
    with django_assert_num_queries(2):
        assert [task.title for task in waiting(NOVEMBER_3)] == ["Make again 1 statement of 2026-10"]

    second = published(make(closed_october), ben)

    assert (second.supersedes, second.version, second.through_seq) == (first, 2, current_close(202610).through_seq)
    assert second.inputs["other_minor"] == -125
    assert content(Document.objects.get(pk=first.pk)) == bytes_before
    assert opened_again([first, second]) == {first.pk}
    assert (waiting(NOVEMBER_3), findings()) == ([], [])


def test_nothing_is_published_of_a_month_that_was_opened_again(closed_october: Partner, make: Make, ben: User) -> None:
    document = make(closed_october)
    reopen(202610)

    with pytest.raises(OpenedAgain):
        publish_document(document_id=document.pk, by=ben, now=NOVEMBER_3)
    assert waiting(NOVEMBER_3) == []

    close(202610)
    published(document, ben)


def test_what_enters_an_opened_month_by_itself_is_not_in_the_old_statement(
    closed_october: Partner, valor: Agreement, make: Make, ben: User
) -> None:
    first = published(make(closed_october), ben)
    reopen(202610)
    lift_soft_close(yyyymm=202610, by=person("ana"), now=NOVEMBER_3)
    pay(valor, 9, october(29), ("Valor tassel earrings", 1, 2400))
    close(202610)

    second = published(make(closed_october), ben)

    assert second.inputs["accrued_minor"] == first.inputs["accrued_minor"] + 480
    assert findings() == []


# The check of the books (L13)


def test_books_name_a_statement_that_they_no_longer_say(
    closed_october: Partner, valor: Agreement, make: Make, ben: User
) -> None:
    document = published(make(closed_october), ben)
    assert findings() == []
    as_owner("UPDATE partners_allocationline SET amount_minor = amount_minor + 1 WHERE allocation_id IN"
             " (SELECT id FROM partners_allocation WHERE source = 'order:2')")  # fmt: skip

    about = f"document {document.pk} ({document})"
    cut = f"(2026-10-31, {document.through_seq})"
    assert findings() == [
        f"{about}: its goods are not those of the books as of {cut}",
        f"{about}: accrued is $34.40, the books as of {cut} say $34.41",
        f"{about}: other is $0.00, the books as of {cut} say -$0.01",
        f"{about}: its days are not those of the books as of {cut}",
    ]


def test_books_name_a_statement_whose_figures_were_changed(closed_october: Partner, make: Make, ben: User) -> None:
    document = published(make(closed_october), ben)
    as_owner("UPDATE reports_document SET inputs = jsonb_set(inputs, '{closing_minor}', '1')")

    (finding,) = findings()

    assert finding.endswith(f": closing is $0.01, the books as of (2026-10-31, {document.through_seq}) say $34.40")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("through_seq = 1", "it says (2026-10-31, 1), its figures (2026-10-31, {seq})"),
        ("as_of = '2026-10-30'", "it says (2026-10-30, {seq}), its figures (2026-10-31, {seq})"),
        ("subject = 'partner:0'", "its partner is gone"),
        (
            "through_seq = 999, inputs = jsonb_set(inputs, '{through_seq}', '999')",
            "sequence number 999 is not here: the last one is {seq}",
        ),
    ],
)
def test_books_name_a_statement_that_rests_nowhere(
    change: str, fault: str, closed_october: Partner, make: Make, ben: User
) -> None:
    document = published(make(closed_october), ben)
    as_owner(f"UPDATE reports_document SET {change}")

    (finding,) = findings()

    assert finding.endswith(fault.format(seq=document.through_seq))
