"""What a statement says: figures to the cent, how it was figured, and what hostile names can do to it (nothing)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader

from ledger.operations.close_month import current_close
from partners.models import Agreement, Allocation, AllocationLine, Partner
from people.models import Organisation
from reports import partner_statement_page, queries
from reports.figures import Day, Line, Payment
from reports.models import Document
from reports.statements import from_inputs
from tests.ledger.closing import close
from tests.partners.conftest import active
from tests.reports.conftest import NOVEMBER_3, OCTOBER, adjust, october, pay, statement_of

pytestmark = pytest.mark.django_db
HOSTILE = [
    "</title><script>alert(1)</script>",
    '<img src="file:///etc/passwd">',
    "<img src=http://127.0.0.1:9/x>",
    "}} body { background: url(file:///etc/passwd) } {{",
    "{% include 'x' %}{{ statement.inputs }}",
    '"><link rel=attachment href=file:///etc/passwd>',
]


def read(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(queries.content(document)))


def words(document: Document) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(document).pages).split())


def attached(document: Document, name: str) -> list[list[str]]:
    content = read(document).attachments[name][0]
    assert isinstance(content, bytes)
    return list(csv.reader(io.StringIO(content.decode())))


def test_a_month_to_the_cent(busy_october: Partner) -> None:
    statement = statement_of(busy_october)

    assert statement.opening_minor == 4800
    assert statement.goods == (Line("Valor tassel earrings", "20%", 3, 7200, 1440),)
    assert statement.gifts == (Line("Seed Collective", "40%", 2, 5000, 2000),)
    assert [(p.paid_on, p.amount_minor) for p in statement.payments] == [("2026-10-20", 4800)]
    assert (statement.accrued_minor, statement.paid_minor, statement.other_minor) == (3440, 4800, 0)
    assert statement.closing_minor == 3440
    assert {day.day: (day.goods_minor, day.gifts_minor) for day in statement.days if day != Day(day.day, 0, 0)} == {
        5: (960, 0),
        12: (480, 1000),
        30: (0, 1000),
    }
    assert len(statement.days) == 31


def test_shares_are_those_of_the_allocations_cent_for_cent(valor: Agreement) -> None:
    # 20 % of 7 x 0.37 = 51.8 cents, once: 52, split over its lines. Shares of the lines alone would give 7 x 7 = 49.
    pay(valor, 1, october(5), *[(f"Design {n}", 1, 37) for n in range(7)])
    pay(valor, 2, october(6), ("Design 0", 1, 12))  # 2.4 cents: 2

    statement = statement_of(valor.partner)

    allocated = sum(Allocation.objects.values_list("amount_minor", flat=True))
    assert (statement.accrued_minor, allocated) == (54, 54)
    assert {line.design: line.share_minor for line in statement.goods} == {
        design: sum(AllocationLine.objects.filter(design=design).values_list("amount_minor", flat=True))
        for design in {line.design for line in statement.goods}
    }
    assert statement.closing_minor == 54


def test_a_month_ends_at_midnight_of_the_organisation(valor: Agreement) -> None:
    pay(valor, 1, october(1, 4), ("Early", 1, 1000))  # 30 September 23:00 in Chicago
    pay(valor, 2, october(1, 6), ("In time", 1, 1000))
    pay(valor, 3, NOVEMBER_3.replace(day=1, hour=4), ("Last", 1, 1000))  # 31 October 23:00
    pay(valor, 4, NOVEMBER_3.replace(day=1, hour=6), ("Late", 1, 1000))

    statement = statement_of(valor.partner)

    assert [line.design for line in statement.goods] == ["In time", "Last"]
    assert (statement.opening_minor, statement.closing_minor) == (200, 600)


def test_two_rates_of_one_design_stand_apart(valor: Agreement, dahlias_hope: Partner, ana: Any, ben: Any) -> None:
    tenth = active(dahlias_hope, ana, ben, "variant:VALOR-DARK", rate_num=10)
    pay(valor, 1, october(5), ("Valor tassel earrings", 1, 2400))
    pay(tenth, 2, october(6), ("Valor tassel earrings", 1, 2400))

    statement = statement_of(dahlias_hope)

    assert sorted((line.rate, line.share_minor) for line in statement.goods) == [("10%", 240), ("20%", 480)]


def test_frozen_figures_come_back_equal(busy_october: Partner) -> None:
    statement = statement_of(busy_october)

    assert from_inputs(statement.inputs()) == statement
    assert isinstance(from_inputs(statement.inputs()).payments[0], Payment)


def test_the_pages_say_all_of_it(closed_october: Partner, make: Callable[..., Document]) -> None:
    document = make(closed_october)

    text = words(document)

    for said in (
        "Dahlia's Hope October 2026",
        "Opening Promised Paid Owed at the end $48.00 $34.40 $48.00 $34.40",
        "Valor tassel earrings 3 $72.00 20% $14.40",
        "Seed Collective 2 $50.00 40% $20.00",
        "20 October 2026",
        "Owed at the start of 1 October 2026 $48.00",
        "Paid to your bank -$48.00",
        "Owed at the end of 31 October 2026 $34.40",
        "20% of the price of Valor tassel earrings sold January 1 to December 31, 2026.",
        "40% of each gift to the Seed Collective",
        "rounded half up to the cent",
        "Check this file at http://localhost:8000/verify/",
        "in which two people have closed October 2026: what comes late counts in a later month",
        f"Anchor of the books, for an auditor: {document.through_seq}:{current_close(202610).closing_hash.hex()}",
        "Page 1 of 2",
    ):
        assert said in text
    assert "Other entries" not in text
    assert "This month is not" not in text


def test_other_entries_are_always_shown(busy_october: Partner, make: Callable[..., Document]) -> None:
    adjust(busy_october, -125)

    document = make(busy_october)

    text = words(document)
    assert "Owed at the end $48.00 $34.40 $48.00 -$1.25 $33.15" in text
    assert "Other entries on your account -$1.25" in text
    assert ["other", "-1.25", "usd"] in attached(document, "account.csv")


def test_a_running_month_says_so(valor: Agreement, make: Callable[..., Document]) -> None:
    document = make(valor.partner, OCTOBER, october(15))

    assert document.final is False
    assert "This month is not over: the figures are as of 15 October 2026" in words(document)
    assert "Owed at the end of 15 October 2026" in words(document)


def test_a_month_that_is_over_and_not_closed_says_so(busy_october: Partner, make: Callable[..., Document]) -> None:
    text = words(make(busy_october))

    assert "This month is not closed: the figures are as of 3 November 2026 and may still change." in text
    assert "Owed at the end of 31 October 2026" in text
    assert "two people" not in text
    assert "Anchor" not in text


def test_an_empty_month_is_a_page_too(restoration_house: Partner, make: Callable[..., Document]) -> None:
    close(202610)
    document = make(restoration_house)

    assert document.pages == 1
    assert "Nothing with a promise to Restoration House KC was sold this month." in words(document)
    assert "No promise to Restoration House KC was in force this month." in words(document)


def test_the_file_is_tagged_titled_and_in_a_language(busy_october: Partner, make: Callable[..., Document]) -> None:
    reader = read(make(busy_october))

    root: Any = reader.trailer["/Root"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert root["/MarkInfo"]["/Marked"] in (True, "true")
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] in (True, "true")
    assert reader.metadata and reader.metadata.title == "Dahlia's Hope: statement for October 2026"
    figures = [node for node in tree(root["/StructTreeRoot"]) if node.get("/S") == "/Figure"]
    assert [str(node["/Alt"]).partition(",")[0] for node in figures] == [
        "Where the promised money came from: Valor tassel earrings $14.40",
        "Bars for what each day of October 2026 promised; the most",
    ]
    kinds = {node.get("/S") for node in tree(root["/StructTreeRoot"])}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/L", "/LI"} <= kinds


def tree(node: Any) -> Any:
    """Every element of a structure tree."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if not hasattr(node, "get"):
        return
    yield node
    children = node.get("/K", [])
    children = children.get_object() if hasattr(children, "get_object") else children
    for child in children if isinstance(children, list) else [children]:
        yield from tree(child)


def test_the_figures_ride_along_as_data(busy_october: Partner, make: Callable[..., Document]) -> None:
    document = make(busy_october)

    assert attached(document, "account.csv") == [
        ["step", "amount", "currency"],
        ["opening", "48.00", "usd"],
        ["promised", "34.40", "usd"],
        ["taken back", "0.00", "usd"],
        ["paid", "-48.00", "usd"],
        ["other", "0.00", "usd"],
        ["closing", "34.40", "usd"],
    ]
    assert attached(document, "sales-and-gifts.csv")[1:] == [
        ["sale", "Valor tassel earrings", "20%", "3", "72.00", "14.40", "usd"],
        ["gift", "Seed Collective", "40%", "2", "50.00", "20.00", "usd"],
    ]
    assert ["2026-10-12", "4.80", "10.00", "usd"] in attached(document, "days.csv")
    assert len(attached(document, "days.csv")) == 32
    assert [row[::2] for row in attached(document, "payments.csv")[1:]] == [["2026-10-20", "48.00"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_runs_as_a_formula(start: str, valor: Agreement) -> None:
    name = start + "HYPERLINK(1)"
    pay(valor, 1, october(5), (name, 1, 2400))
    adjust(valor.partner, -1000)
    statement = statement_of(valor.partner)

    files = {file.name: file.content for file in partner_statement_page.files(statement)}

    rows = list(csv.reader(io.StringIO(files["sales-and-gifts.csv"], newline="")))
    assert rows[1][1] == "'" + name
    assert "closing,-5.20,usd" in files["account.csv"], "numbers stay numbers"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(name: str, valor: Agreement, org: Organisation, make: Callable[..., Document]) -> None:
    Partner.objects.filter(pk=valor.partner_id).update(name=name)
    Organisation.objects.update(display_name=name, contact_email="")
    valor.partner.refresh_from_db()
    pay(valor, 1, october(5), (name, 1, 2400))

    document = make(valor.partner)

    text = "".join(words(document).split())
    assert text.count("".join(name.split())) >= 3
    assert "root:x:" not in text
    assert set(read(document).attachments) == {"account.csv", "sales-and-gifts.csv", "days.csv", "payments.csv"}


def test_the_money_line_names_the_largest_and_adds_up_the_rest(valor: Agreement, make: Callable[..., Document]) -> None:
    pay(valor, 1, october(5), *[(f"Design {letter}", 1, 1000 * n) for n, letter in enumerate("ABCDEFG", start=1)])

    text = words(make(valor.partner))

    line = text[text.index("Promised by Amount") : text.index("Sales by design")]
    assert line.split("Amount ")[1].split() == (
        "Design G 20% $14.00 Design F 20% $12.00 Design E 20% $10.00 Design D 20% $8.00 3 other designs $12.00".split()
    )


def test_long_lists_break_over_pages_and_keep_their_total_once(valor: Agreement, make: Callable[..., Document]) -> None:
    pay(valor, 1, october(5), *[(f"Design number {n}", 1, 1000) for n in range(60)])

    document = make(valor.partner)

    assert document.pages >= 3
    assert words(document).count("All designs 60 $600.00 $120.00") == 1
    assert document.size_bytes < 100_000
