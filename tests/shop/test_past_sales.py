"""Sales of before Tassel are history: read all or none, shown apart, and no cent of the books moves."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.models import Entry
from ledger.operations.begin_books import begin_books
from ledger.queries import trial_balance
from partners.models import Agreement, Allocation, PastShare, PayoutItem
from partners.queries import totals
from partners.queries.eligible import eligible
from people.csv_files import NotReadable
from people.models import Supporter, User
from people.operations.find_or_make_supporter import find_or_make_supporter
from people.operations.give_login import give_login
from shop.models import Order, PastSale, PastSaleLine, PastSalesImport, StockMovement
from shop.operations.import_past_sales import (
    NotBegun,
    NothingNew,
    RowsRefused,
    import_past_sales,
    look_at_past_sales,
)
from shop.operations.undo_past_sales import NoSuchImport, undo_past_sales
from tests.partners import conftest as people
from tests.partners.conftest import NOW
from tests.partners.money import earn

pytestmark = pytest.mark.django_db
ana, ben, org, checking = people.ana, people.ben, people.org, people.checking
dahlias_hope, valor = people.dahlias_hope, people.valor
BEGIN = date(2026, 9, 1)
HEAD = "order,sold_on,email,name,sku,design,units,currency,goods,partner,share"
ROWS = (
    "A-1,2025-11-30,bea@example.org,Bea,V-DARK,Valor,2,USD,48.00,partner:dahlias-hope,9.60",
    "A-1,2025-11-30,bea@example.org,Bea,,Gift card,1,USD,10.00,,",
    "A-2,2026-08-31,,,,ReHope,1,USD,24.00,partner:dahlias-hope,4.80",
)


@pytest.fixture(autouse=True)
def begun(valor: Agreement, monkeypatch: pytest.MonkeyPatch) -> Agreement:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    begin_books(on=BEGIN, now=NOW)
    return valor


def file(*rows: str) -> bytes:
    return "\n".join([HEAD, *(rows or ROWS)]).encode()


def take_in(by: User, *rows: str) -> PastSalesImport:
    return import_past_sales(file_name="past.csv", content=file(*rows), by=by, now=NOW)


def the_books(agreement: Agreement) -> Any:
    partner = agreement.partner
    return (
        trial_balance(),
        Entry.objects.count(),
        Allocation.objects.count(),
        PayoutItem.objects.count(),
        Order.objects.count(),
        StockMovement.objects.count(),
        totals(partner),
        [
            (row.payable_minor, row.ready_minor, row.eligible_minor, row.other_minor)
            for row in eligible(as_of=date(2026, 10, 20), currency="usd", now=NOW)
        ],
    )


def test_no_cent_of_books_payables_or_eligible_sums_moves(ana: User, valor: Agreement) -> None:
    earn(valor, 20_000)
    before = the_books(valor)

    take_in(ana)

    assert the_books(valor) == before
    sale = PastSale.objects.get(number="A-1")
    assert (sale.goods_minor, sale.sold_on, sale.supporter and sale.supporter.email) == (
        5800, date(2025, 11, 30), "bea@example.org",
    )  # fmt: skip
    lines = sale.lines.values_list("design", "units", "goods_minor")
    assert list(lines) == [("Valor", 2, 4800), ("Gift card", 1, 1000)]
    share = PastShare.objects.get(source=sale.ref)
    assert (share.partner, share.amount_minor, share.basis_minor) == (valor.partner, 960, 4800)


def test_the_partners_page_tells_them_apart(ana: User, valor: Agreement) -> None:
    earn(valor, 20_000)
    before = Client().get("/partners/dahlias-hope/").content.decode()
    assert "Before 1 September 2026" not in before

    take_in(ana)

    page = " ".join(Client().get("/partners/dahlias-hope/").content.decode().split())
    assert "Before 1 September 2026" in page
    assert "2025, Valor" in page
    assert "$9.60" in page
    for figure in ('Raised</dt><dd class="figure">$40.00', 'figure--promised">$40.00'):
        assert figure in page


def test_the_buyer_sees_them_and_nobody_else_does(ana: User) -> None:
    take_in(ana)
    give_login(supporter=Supporter.objects.get(email="bea@example.org"))
    bea, other = Client(), Client()
    bea.force_login(User.objects.get(email="bea@example.org"))
    other.force_login(User.objects.create_user("other@example.org"))

    page = " ".join(bea.get("/my/purchases/").content.decode().split())
    assert "Order A-1, 30 November 2025" in page
    assert "2 x Valor" in page
    assert "A-2" not in page
    assert "A-1" not in other.get("/my/purchases/").content.decode()
    assert "What you bought" in bea.get("/my/").content.decode()


def test_the_desk_shows_years_apart_and_says_that_nothing_is_refunded_here(ana: User) -> None:
    take_in(ana)
    Authenticator.objects.create(user=ana, type="totp", data={})
    client = Client()
    client.force_login(ana)

    with CaptureQueriesContext(connection) as asked:
        page = " ".join(client.get("/desk/sales/", {"number": "A-1"}).content.decode().split())

    assert len(asked) <= 15
    assert "Nothing was sold yet." in page
    assert '2025</th><td data-label="Currency">USD</td><td class="amount" data-label="Pieces">3' in page
    assert "This sale cannot be refunded here" in page
    assert "$9.60 to Dahlia&#x27;s Hope, settled before 1 September 2026" in page
    missing = client.get("/desk/sales/", {"number": "Z-9"})
    assert (missing.status_code, "No past sale has the number" in missing.content.decode()) == (404, True)


def test_the_same_orders_come_in_once(ana: User) -> None:
    take_in(ana)
    with pytest.raises(NothingNew):
        take_in(ana)

    take_in(ana, *ROWS, "A-3,2026-01-02,,,,Valor,1,USD,24.00,,")

    assert list(PastSale.objects.order_by("number").values_list("number", flat=True)) == ["A-1", "A-2", "A-3"]
    assert (PastSaleLine.objects.count(), PastShare.objects.count()) == (4, 2)


def test_an_order_that_came_in_otherwise_is_refused(ana: User) -> None:
    take_in(ana)

    with pytest.raises(RowsRefused) as refused:
        take_in(ana, ROWS[0].replace("48.00", "47.00"), *ROWS[1:])

    [row] = refused.value.looked.bad
    assert (row.number, row.order, row.problem) == (2, "A-1", "The order is here already, with other lines.")


def test_a_known_supporter_is_never_edited(ana: User) -> None:
    known = find_or_make_supporter(email="bea@example.org", name="Beatrice", now=NOW)

    take_in(ana, ROWS[0].replace("bea@", "BEA@"))

    known.refresh_from_db()
    assert (known.name, Supporter.objects.count(), PastSale.objects.get().supporter) == ("Beatrice", 1, known)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",2025-01-01,,,,V,1,USD,1,,", "order is empty"),
        ("B,2025-01-01,,,,,1,USD,1,,", "design is empty"),
        ("B,01/02/2025,,,,V,1,USD,1,,", "sold_on: “01/02/2025” is not a day such as 2026-12-31"),
        ("B,2026-W01-1,,,,V,1,USD,1,,", "is not a day such as"),
        ("B,2026-09-01,,,,V,1,USD,1,,", "the books begin on 2026-09-01"),
        ("B,2025-01-01,bea,,,V,1,USD,1,,", "email: “bea” is not an e-mail address"),
        ("B,2025-01-01,,,,V,0,USD,1,,", "units: “0” is not a number of pieces"),
        ("B,2025-01-01,,,,V,1.5,USD,1,,", "units: “1.5” is not a number of pieces"),
        ("B,2025-01-01,,,,V,1,XXZ,1,,", "currency: “XXZ”"),
        ("B,2025-01-01,,,,V,1,USD,-1,,", "goods: an amount is not below zero"),
        ('B,2025-01-01,,,,V,1,USD,"1,5",,', "goods: “1,5” is not an amount"),
        ("B,2025-01-01,,,,V,1,JPY,1.5,,", "goods: “1.5” has more than 0 decimals"),
        ("B,2025-01-01,,,,V,1,USD,1,partner:dahlias-hope,", "partner and share belong together"),
        ("B,2025-01-01,,,,V,1,USD,1,,0.20", "partner and share belong together"),
        ("B,2025-01-01,,,,V,1,USD,1,partner:nobody,0.20", "nobody here is “partner:nobody”"),
        ("B,2025-01-01,,,,V,1,USD,1,partner:dahlias-hope,1.01", "not more than the goods"),
        ("B,2025-01-01,,,,V,1,USD,1,partner:dahlias-hope,0", "above zero"),
        ("B,2025-01-01,,=SUM(A1),,V,1,USD,1,,", "name begins with '='"),
        (f"B,2025-01-01,,,,{'V' * 121},1,USD,1,,", "design has more than 120 characters"),
        ("A-1,2025-12-01,bea@example.org,Bea,,V,1,USD,1,,", "sold_on is not that of the same order's row on line 2"),
        ("A-1,2025-11-30,bea@example.org,Bea,,V,1,EUR,1,,", "currency is not that of the same order's row on line 2"),
    ],
)
def test_one_bad_row_keeps_the_whole_file_out(ana: User, row: str, why: str) -> None:
    with pytest.raises(RowsRefused) as refused:
        take_in(ana, *ROWS, row)

    [bad] = refused.value.looked.bad
    assert bad.number == 5
    assert why in bad.problem
    assert (PastSale.objects.count(), PastShare.objects.count(), Supporter.objects.count()) == (0, 0, 0)


def test_without_a_beginning_or_a_table_nothing_comes_in(ana: User, org: Any) -> None:
    with pytest.raises(NotReadable, match="no column “goods”"):
        import_past_sales(file_name="x", content=b"order,sold_on,design,units,currency\n1,2,3,4,5\n", by=ana, now=NOW)
    type(org).objects.update(books_begin_on=None)
    with pytest.raises(NotBegun):
        take_in(ana)


def test_an_import_is_taken_out_whole(ana: User, valor: Agreement) -> None:
    before = the_books(valor)
    imported = take_in(ana)

    assert undo_past_sales(import_id=imported.pk, by=ana, now=NOW) == 2

    assert (PastSale.objects.count(), PastSaleLine.objects.count(), PastShare.objects.count()) == (0, 0, 0)
    assert the_books(valor) == before
    with pytest.raises(NoSuchImport):
        undo_past_sales(import_id=imported.pk, by=ana, now=NOW)
    take_in(ana)


def test_the_command_from_dry_run_to_undo(ana: User, tmp_path: Path, capsys: Any) -> None:
    path, report = tmp_path / "past.csv", tmp_path / "report.csv"
    path.write_bytes(file())

    call_command("import_past_sales", path, "--report", report)
    said = capsys.readouterr().out
    assert "2 orders are new, 0 known already, 0 rows refused." in said
    assert "usd: 4 pieces for $82.00, $14.40 of it settled with partners." in said
    assert "Nothing was written." in said
    assert [row["verdict"] for row in csv.DictReader(report.open(newline=""))] == ["new"] * 3
    assert not PastSale.objects.exists()

    with pytest.raises(CommandError, match="no member of staff"):
        call_command("import_past_sales", path, "--apply")
    call_command("import_past_sales", path, "--apply", "--by", ana.email)
    assert f"--undo {PastSalesImport.objects.get().pk}" in capsys.readouterr().out
    with pytest.raises(CommandError, match="known already"):
        call_command("import_past_sales", path, "--apply", "--by", ana.email)
    call_command("import_past_sales", "--undo", PastSalesImport.objects.get().pk, "--by", ana.email)
    assert not PastSale.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["none.csv"], "cannot be read"),
        ([], "Name the file"),
        (["--undo", "7", "--by", "ana@tassel.example"], "no import 7"),
    ],
)
def test_commands_end_with_one_sentence(ana: User, arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("import_past_sales", *arguments)


def test_refused_rows_are_shown_and_saved(ana: User, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "past.csv"
    path.write_bytes(file(*ROWS, "B,2025-01-01,,,,V,0,USD,1,,"))

    with pytest.raises(CommandError, match="1 of the rows are refused, so nothing was imported"):
        call_command("import_past_sales", path, "--apply", "--by", ana.email, "--report", tmp_path / "report.csv")

    assert "REFUSED  line 5, order B: units: “0”" in capsys.readouterr().out
    assert "5,B,refused," in (tmp_path / "report.csv").read_text()


LINES = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(0, 99_999), st.integers(0, 100)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_any_file_adds_up_to_the_cent(ana: User, lines: list[tuple[int, int, int, int]]) -> None:
    """Against plain sums: goods by order, shares in all."""
    rows, goods, shares = [], dict[str, int](), 0
    for order, units, goods_minor, percent in lines:
        share = goods_minor * percent // 100
        goods[f"P-{order}"] = goods.get(f"P-{order}", 0) + goods_minor
        shares += share
        given_to = f"partner:dahlias-hope,{share // 100}.{share % 100:02}" if share else ","
        rows.append(
            f"P-{order},2025-01-0{order},,,,V,{units},USD,{goods_minor // 100}.{goods_minor % 100:02},{given_to}"
        )

    imported = take_in(ana, *rows)

    assert dict(PastSale.objects.values_list("number", "goods_minor")) == goods
    assert sum(PastShare.objects.values_list("amount_minor", flat=True)) == shares
    undo_past_sales(import_id=imported.pk, by=ana, now=NOW)


def test_a_dry_run_writes_nothing(ana: User) -> None:
    with CaptureQueriesContext(connection) as asked:
        looked = look_at_past_sales(content=file())

    assert [one.word for one in looked.verdicts] == ["new", "new"]
    assert all(query["sql"].startswith("SELECT") for query in asked)
