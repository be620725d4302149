"""Every total opens, and at every level the parts add up to it, to the cent; a partner sees no buyer."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from ledger.operations.seal_entries import seal_all
from partners.models import Agreement, Allocation, BankAccount, Match, PartnerContact
from partners.operations.reverse_shares import reverse_shares
from partners.operations.settle_matches import settle_matches
from partners.operations.top_up_minimums import top_up_minimums
from partners.queries import months, totals
from partners.queries.why import as_movement, by_agreement, movements
from partners.references import reference_of
from partners.terms import Limits
from people.models import User
from tests.partners.conftest import NOW, active, person
from tests.partners.money import earn
from tests.partners.test_allocate import line, pay
from tests.partners.test_desk import QUERIES_MAX, signed_in, words
from tests.partners.test_payouts import sent, statement

pytestmark = pytest.mark.django_db
SEPTEMBER, OCTOBER = (date(2026, 9, 1), date(2026, 9, 30)), (date(2026, 10, 1), date(2026, 10, 31))


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)


@pytest.fixture
def busy(valor: Agreement, ana: User, ben: User) -> Agreement:
    """Valor in September and October with refunds, beside a gift promise, one under a cap and a topped-up minimum."""
    partner = valor.partner
    for number in range(1, 6):
        earn(valor, 2400 * number, number, days_ago=30, units=number)
    earn(valor, 999, 6, days_ago=2)
    take_back("order:2", "order_line:2", 2400, days_ago=1)
    take_back("order:1", "order_line:1", 1000, days_ago=28)
    gifts = active(partner, ana, ben, "gifts", rate_num=40, scope_label="all gifts")
    pay(line(gifts, 5000, "gift:7", units=1, design="Seed Collective"), source="gift:7", charge="stripe:charge:ch_7")
    capped = active(partner, ana, ben, "product:plain", limits=Limits(cap_minor=500))
    for number in (8, 9):
        pay(line(capped, 2000, f"l{number}"), source=f"order:{number}", charge=f"stripe:charge:ch_{number}")
    take_back("order:8", "l8", 2000, days_ago=0)
    active(
        partner, ana, ben, "product:other", limits=Limits(minimum_minor=700), starts_on=date(2026, 8, 1),
        ends_on=date(2026, 8, 31),
    )  # fmt: skip
    top_up_minimums(now=NOW)
    return valor


def take_back(source: str, line_ref: str, gone: int, *, days_ago: int) -> None:
    charge_ref = Allocation.objects.filter(source=source).values_list("charge_ref", flat=True)[0]
    with transaction.atomic():
        reverse_shares(
            source=source, charge_ref=charge_ref, cause=f"stripe:refund:re_{source}", refunded_minor={line_ref: gone},
            at=NOW - timedelta(days=days_ago), now=NOW,
        )  # fmt: skip


@pytest.fixture
def contact(busy: Agreement) -> Client:
    user = person("cora@dahlia.example", "partner contact")
    PartnerContact.objects.create(partner=busy.partner, user=user)
    return signed_in(user)


@pytest.mark.parametrize("days", [SEPTEMBER, OCTOBER])
def test_at_every_level_the_parts_are_the_total(busy: Agreement, days: tuple[date, date]) -> None:
    partner = busy.partner
    whole = totals(partner, *days)
    agreements = by_agreement(partner, *days, "usd")
    lines = [as_movement(row) for row in movements(partner, *days, "usd")]

    assert whole.accrued_minor > 0 < whole.taken_back_minor
    assert sum(row.accrued_minor for row in agreements) == whole.accrued_minor
    assert sum(row.taken_back_minor for row in agreements) == whole.taken_back_minor
    assert sum(one.amount_minor for one in lines) == whole.accrued_minor - whole.taken_back_minor
    for row in agreements:
        of_it = [as_movement(one) for one in movements(partner, *days, "usd", row.agreement)]
        assert sum(one.amount_minor for one in of_it) == row.net_minor
        assert {one.agreement_id for one in of_it} == {row.agreement.pk}
        assert len({one.share_id for one in of_it if not one.is_back}) <= row.shares
    month = next(one for one in months(partner) if one.first_on == days[0])
    assert (month.accrued_minor, month.taken_back_minor) == (whole.accrued_minor, whole.taken_back_minor)


def test_months_are_the_whole_account(busy: Agreement) -> None:
    so_far = totals(busy.partner)

    assert sum(row.accrued_minor for row in months(busy.partner)) == so_far.accrued_minor
    assert sum(row.taken_back_minor for row in months(busy.partner)) == so_far.taken_back_minor
    assert so_far.other_minor == 0


def test_pages_of_many_lines_add_up(valor: Agreement, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partners.views.why.ON_A_PAGE", 3)
    for number in range(1, 9):
        earn(valor, 1000 + number, number)
    client = signed_in(ana)
    path = f"/desk/partners/dahlias-hope/2026-09/{valor.pk}/"

    pages = [client.get(f"{path}?page={number}").context for number in (1, 2, 3)]

    assert [len(page["rows"]) for page in pages] == [3, 3, 2]
    assert (
        sum(page["page_minor"] for page in pages) == pages[0]["whole"].net_minor == totals(valor.partner).accrued_minor
    )
    assert len({row["line"].line_ref for page in pages for row in page["rows"]}) == 8


def test_staff_open_a_figure_down_to_entry_and_payout(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    share = earn(valor, 20000, 1042)
    payout = sent(ana, ben).payouts.get()
    statement(checking, ana, f"2026-10-20,ACH {payout.reference},-40.00")
    settle_matches(match_ids=[Match.objects.get().pk], by=ben, now=NOW)
    seal_all()
    client = signed_in(ana)

    assert "/desk/partners/dahlias-hope/2026-09/" in words(client.get("/desk/partners/dahlias-hope/"))
    assert f"/2026-09/{valor.pk}/" in words(client.get("/desk/partners/dahlias-hope/2026-09/"))
    assert payout.reference in words(client.get("/desk/partners/dahlias-hope/2026-10/"))
    lines = words(client.get(f"/desk/partners/dahlias-hope/2026-09/{valor.pk}/"))
    assert "Why $40.00" in lines
    assert payout.reference in lines
    assert f"/desk/allocations/{share.pk}/" in lines
    assert f"/desk/entries/{share.entry_id}/" in lines
    opened = words(client.get(f"/desk/allocations/{share.pk}/"))
    assert f"sealed as number {share.entry.seal.seq}" in opened  # type: ignore[union-attr]
    assert f"/desk/entries/{share.entry_id}/" in opened


def test_the_download_has_every_id_and_the_same_figures(busy: Agreement, ana: User) -> None:
    answer = signed_in(ana).get("/desk/partners/dahlias-hope/2026-10.csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    whole = totals(busy.partner, *OCTOBER)
    assert answer["Content-Disposition"] == 'attachment; filename="dahlias-hope-2026-10.csv"'
    assert sum(int(row["amount_minor"]) for row in rows) == whole.accrued_minor - whole.taken_back_minor
    assert {row["what"] for row in rows} == {"Share", "Taken back", "Room under the cap", "Up to the minimum"}
    known = next(row for row in rows if row["source"] == "order:6")
    share = Allocation.objects.get(source="order:6")
    assert (known["charge"], known["share"], known["entry"]) == (share.charge_ref, str(share.pk), str(share.entry_id))
    assert known["entry_key"] == f"{share.ref}:accrual"


def test_a_design_that_looks_like_a_formula_is_text_in_the_download(valor: Agreement, ana: User) -> None:
    pay(line(valor, 2400, design='=HYPERLINK("http://evil.example")'))

    text = signed_in(ana).get("/desk/partners/dahlias-hope/2026-10.csv").content.decode()

    assert "\"'=HYPERLINK(" in text


def test_a_partner_sees_the_same_figures_and_no_buyer(busy: Agreement, contact: Client) -> None:
    share = Allocation.objects.get(source="order:2")
    pages = [
        "/partner/dahlias-hope/",
        "/partner/dahlias-hope/2026-09/",
        f"/partner/dahlias-hope/2026-09/{busy.pk}/",
        f"/partner/dahlias-hope/shares/{share.pk}/",
        "/partner/dahlias-hope/2026-09.csv",
    ]

    shown = [words(contact.get(page)) for page in pages]

    net_minor = sum(row.net_minor for row in by_agreement(busy.partner, *SEPTEMBER, "usd"))
    assert f"Why ${net_minor / 100:.2f}" in shown[2]
    assert reference_of("order:2") in shown[2]
    assert reference_of("order:2") in shown[3]
    for page in shown:
        assert not re.search(r"order:\d|order_line|stripe:|ch_\d|/desk/\w|/console/\w|Order \d", page)


def test_a_contact_is_led_to_their_own_partner(contact: Client) -> None:
    assert contact.get("/desk/")["Location"] == "/partner/"
    assert contact.get("/partner/")["Location"] == "/partner/dahlias-hope/"


def test_another_partners_figures_answer_like_missing_ones(contact: Client, rehope: Agreement, busy: Agreement) -> None:
    share = pay(line(rehope, 2800, "r"), source="order:99", charge="stripe:charge:ch_99")[0]
    slug = rehope.partner.slug

    for path in (
        f"/partner/{slug}/",
        f"/partner/{slug}/2026-10/",
        f"/partner/{slug}/2026-10/{rehope.pk}/",
        f"/partner/{slug}/2026-10.csv",
        f"/partner/dahlias-hope/2026-10/{rehope.pk}/",
        f"/partner/dahlias-hope/shares/{share.pk}/",
        "/partner/dahlias-hope/2026-13/",
        "/partner/nobody/",
    ):
        assert contact.get(path).status_code == 404, path


def test_references_are_stable_and_apart() -> None:
    assert re.fullmatch(r"T-[0-9A-F]{10}", reference_of("order:1"))
    assert reference_of("order:1") == reference_of("order:1") != reference_of("order:2")


def test_the_pages_take_few_queries(
    busy: Agreement, contact: Client, ana: User, django_assert_max_num_queries: Any
) -> None:
    staff = signed_in(ana)
    share = Allocation.objects.get(source="order:2")
    pages = [(staff, "/desk/partners/"), (staff, f"/desk/allocations/{share.pk}/")]
    pages.append((contact, f"/partner/dahlias-hope/shares/{share.pk}/"))
    for client, door in ((staff, "/desk/partners"), (contact, "/partner")):
        tails = ("/", "/2026-10/", "/2026-10.csv", f"/2026-10/{busy.pk}/")
        pages += [(client, f"{door}/dahlias-hope{tail}") for tail in tails]

    for client, path in pages:
        with django_assert_max_num_queries(QUERIES_MAX):
            assert client.get(path).status_code == 200, path


def test_a_month_without_anything_is_empty(valor: Agreement, ana: User) -> None:
    client = signed_in(ana)

    assert "Nothing was promised" in words(client.get("/desk/partners/dahlias-hope/2026-01/"))
    assert "Why $0.00" in words(client.get(f"/desk/partners/dahlias-hope/2026-01/{valor.pk}/"))
    assert not by_agreement(valor.partner, date(2026, 1, 1), date(2026, 1, 31), "usd")
    assert "/desk/partners/dahlias-hope/" in words(client.get("/desk/partners/"))
