from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from partners.models import Agreement, BankAccount, BankLine, Match, PayoutBatch
from partners.operations.propose_batch import propose_batch
from people.models import User
from tests.ledger.raw import as_owner
from tests.partners.conftest import NOW, draft, person, signed
from tests.partners.money import earn
from tests.partners.test_payouts import TODAY, sent, statement
from tests.roles import give

pytestmark = pytest.mark.django_db
QUERIES_MAX = 15


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)


def signed_in(user: User) -> Client:
    Authenticator.objects.get_or_create(user=user, type="totp", defaults={"data": {}})
    client = Client()
    client.force_login(user)
    return client


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def upload(client: Client, account: BankAccount, *rows: str) -> Any:
    file = SimpleUploadedFile("october.csv", "\n".join(["Date,Description,Amount", *rows]).encode())
    return client.post("/desk/bank/upload/", {"account": account.pk, "file": file}, follow=True)


PAGES = ["/desk/", "/desk/payouts/", "/desk/bank/", "/desk/agreements/"]


@pytest.mark.parametrize("path", PAGES)
def test_the_desk_is_closed_to_others(org: Any, path: str) -> None:
    assert Client().get(path).status_code == 302

    visitor = User.objects.create_user("visitor@example.org")
    client = Client()
    client.force_login(visitor)
    assert client.get(path).status_code == 404

    staff = person("new@tassel.example", "finance preparer")
    client.force_login(staff)
    assert "2fa" in client.get(path).headers["Location"]


@pytest.mark.parametrize("path", PAGES[1:])
def test_money_pages_want_a_finance_role(org: Any, path: str) -> None:
    assert signed_in(person("packer@tassel.example", "fulfilment")).get(path).status_code == 403
    assert signed_in(person("auditor@tassel.example", "auditor")).get(path).status_code == 200


def test_a_payout_through_the_pages(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> None:
    earn(valor, 20000)
    anas, bens = signed_in(ana), signed_in(ben)
    assert "Propose $40.00 to 1 partner" in words(anas.get("/desk/payouts/"))
    assert "Propose $40.00" not in words(bens.get("/desk/payouts/"))

    anas.post("/desk/payouts/propose/", {"as_of": TODAY})
    batch = PayoutBatch.objects.get()
    page = f"/desk/payouts/{batch.pk}/"
    assert "another person decides" in words(anas.get(page))
    assert anas.post(f"{page}approve/", {"content_hash": batch.content_hash}).status_code == 403

    assert "Approve $40.00 to 1 partner" in words(bens.get(page))
    bens.post(f"{page}approve/", {"content_hash": batch.content_hash})
    anas.post(f"{page}send/")
    batch.refresh_from_db()
    assert batch.state == "sent"

    checked = upload(anas, checking, f"2026-10-20,ACH {batch.payouts.get().reference},-40.00")
    assert "Import 1 line" in words(checked)
    assert not BankLine.objects.exists()
    anas.post(f"/desk/bank/files/{checked.context['file'].pk}/accept/")
    match = Match.objects.get()

    anas.post("/desk/bank/matches/confirm/", {"match": match.pk})
    batch.refresh_from_db()
    assert batch.state == "sent"
    bens.post("/desk/bank/matches/confirm/", {"match": match.pk})
    batch.refresh_from_db()
    assert batch.state == "settled"
    assert "$40.00" in words(Client().get("/partners/dahlias-hope/"))


def test_books_that_cannot_be_sealed_propose_nothing_and_say_so(valor: Agreement, ana: User) -> None:
    entry_id = earn(valor, 20000).entry_id
    as_owner("UPDATE ledger_entry SET source = 'order:2' WHERE id = %s", entry_id)

    page = words(signed_in(ana).post("/desk/payouts/propose/", {"as_of": TODAY}))

    assert "Nothing was proposed, because the books cannot be sealed: accrual allocation:order:1" in page
    assert not PayoutBatch.objects.exists()


def test_two_clicks_lead_from_a_payout_to_why(valor: Agreement, ana: User) -> None:
    allocation = earn(valor, 4800, 1042, units=2)
    earn(valor, 20000, 2)
    batch = propose_batch(by=ana, as_of=TODAY, currency="usd", now=NOW)
    payout = batch.payouts.get()
    client = signed_in(ana)

    assert f"/desk/payouts/{batch.pk}/{payout.pk}/" in words(client.get(f"/desk/payouts/{batch.pk}/"))
    assert f"/desk/allocations/{allocation.pk}/" in words(client.get(f"/desk/payouts/{batch.pk}/{payout.pk}/"))
    why = words(client.get(f"/desk/allocations/{allocation.pk}/"))
    assert "20% of $48.00, rounded once for the whole payment, is $9.60" in why
    assert "stripe:charge:ch_1042" in why
    assert payout.reference in why


def test_the_desk_says_what_waits(valor: Agreement, restoration_house: Any, ana: User, ben: User) -> None:
    earn(valor, 20000)
    propose_batch(by=ana, as_of=TODAY, currency="usd", now=NOW)
    signed(restoration_house, ana, "shop")
    draft(restoration_house, ana, "gifts", scope_label="all gifts")

    page = words(signed_in(ben).get("/desk/"))

    assert "Approve payout batch" in page
    assert "$40.00 to 1 partner" in page
    assert page.count("Activate the agreement with Restoration House KC") == 1
    assert "Keep the signed agreement with Restoration House KC" in page
    assert "all gifts, prepared and not yet promised" in page
    assert "Approve payout batch" not in words(signed_in(ana).get("/desk/"))
    assert "Nothing waits for you" in words(signed_in(person("p@tassel.example", "catalogue")).get("/desk/"))


def test_a_file_with_a_bad_row_is_not_offered_for_import(checking: BankAccount, ana: User) -> None:
    response = upload(signed_in(ana), checking, "2026-10-01,Fine,-5", "2026-10-01,Broken,abc")

    assert "1 of 2 rows cannot be read" in words(response)
    assert "“abc” is not an amount" in words(response)
    assert "Import " not in words(response)


def test_a_file_that_is_no_statement_is_answered_beside_the_field(checking: BankAccount, ana: User) -> None:
    file = SimpleUploadedFile("photo.csv", b"\xff\xd8\xff")

    response = signed_in(ana).post("/desk/bank/upload/", {"account": checking.pk, "file": file})

    assert response.status_code == 400
    assert "This file is a picture" in words(response)


@pytest.mark.parametrize("day", ["", "soon", "2026-13-01", "2027-01-01"])
def test_a_bad_cut_off_day_is_answered_beside_the_field(valor: Agreement, ana: User, day: str) -> None:
    earn(valor, 20000)

    response = signed_in(ana).post("/desk/payouts/propose/", {"as_of": day})

    assert response.status_code == 400
    assert response.context["form"].errors["as_of"]
    assert not PayoutBatch.objects.exists()


def test_a_refusal_wants_a_reason(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    batch = propose_batch(by=ana, as_of=TODAY, currency="usd", now=NOW)
    client = signed_in(ben)

    assert client.post(f"/desk/payouts/{batch.pk}/refuse/", {"reason": ""}).status_code == 400
    client.post(f"/desk/payouts/{batch.pk}/refuse/", {"reason": "Too early"})

    batch.refresh_from_db()
    assert batch.state == "refused"
    assert "Too early" in words(client.get(f"/desk/payouts/{batch.pk}/"))


def test_an_agreement_is_prepared_by_one_and_activated_by_another(dahlias_hope: Any, ana: User, ben: User) -> None:
    typed = {
        "partner": dahlias_hope.pk,
        "per": "percent",
        "percent": "12.5",
        "scope_key": "shop",
        "scope_label": "everything in the shop",
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "stacking_set": "",
    }
    anas, bens = signed_in(ana), signed_in(ben)
    bad = anas.post("/desk/agreements/new/", typed | {"percent": "0"})
    assert bad.status_code == 400
    assert bad.context["form"].errors["percent"]
    assert "everything in the shop" in words(bad)

    anas.post("/desk/agreements/new/", typed)
    agreement = Agreement.objects.get()
    assert (agreement.rate_num, agreement.rate_den) == (1, 8)
    assert anas.post(f"/desk/agreements/{agreement.pk}/activate/").status_code == 403
    assert "Still missing: the signed document." in words(
        bens.post(f"/desk/agreements/{agreement.pk}/activate/", follow=True)
    )
    assert "12.5%" not in words(Client().get("/partners/dahlias-hope/"))
    file = SimpleUploadedFile("signed.pdf", b"%PDF-1.7")
    anas.post(f"/desk/agreements/{agreement.pk}/papers/", {"kind": "signed", "on": "2025-12-20", "file": file})
    bens.post(f"/desk/agreements/{agreement.pk}/activate/")

    agreement.refresh_from_db()
    assert agreement.state == "active"
    assert "12.5%" in words(Client().get("/partners/dahlias-hope/"))
    bens.post(f"/desk/agreements/{agreement.pk}/end/", {"ends_on": "2026-10-31"})
    agreement.refresh_from_db()
    assert agreement.state == "ended"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("percent", {"percent": "half"}),
        ("each", {"per": "unit", "percent": ""}),
        ("each", {"per": "unit", "percent": "", "each": "-2"}),
        ("basis", {"basis": "gift_part"}),
        ("percent", {"percent": "-1"}),
        ("percent", {"percent": "101"}),
        ("percent", {"percent": "12.345"}),
        ("percent", {"percent": "NaN"}),
        ("cap", {"cap": "0"}),
        ("cap", {"cap": "100,000,000,000.00"}),
        ("fee_percent", {"basis": "net_of_fees"}),
        ("fee_percent", {"basis": "net_of_fees", "fee_percent": "400"}),
        ("fee_percent", {"basis": "net_of_fees", "fee_percent": "-1"}),
        ("fee_percent", {"basis": "net_of_fees", "fee_percent": "2.955"}),
        ("fee_fixed", {"basis": "net_of_fees", "fee_percent": "2.9", "fee_fixed": "400.00"}),
        ("starts_on", {"starts_on": "0001-01-01"}),
        ("ends_on", {"ends_on": "9999-12-31"}),
        ("series", {"scope_key": f"product:{'a' * 110}"}),
        ("ends_on", {"ends_on": "2025-12-31"}),
        ("scope_key", {"scope_key": "everything"}),
    ],
)
def test_a_bad_agreement_is_answered_beside_its_field(
    dahlias_hope: Any, ana: User, field: str, typed: dict[str, str]
) -> None:
    known = {
        "partner": dahlias_hope.pk, "per": "percent", "percent": "12.5", "scope_key": "shop", "scope_label": "the shop",
        "starts_on": "2026-01-01", "ends_on": "2026-12-31",
    }  # fmt: skip

    answer = signed_in(ana).post("/desk/agreements/new/", known | typed)

    assert answer.status_code == 400
    assert answer.context["form"].errors[field]
    assert "the shop" in words(answer)
    assert not Agreement.objects.exists()


def test_caps_are_figures_of_a_contract_and_fees_keep_their_hundredths(dahlias_hope: Any, ana: User) -> None:
    typed = {
        "partner": dahlias_hope.pk, "per": "percent", "percent": "12.25", "scope_key": "shop",
        "scope_label": "the shop", "starts_on": "2026-01-01", "ends_on": "2026-12-31",
        "cap": "$2,500,000.00", "minimum": "1,000,000", "basis": "net_of_fees",
        "fee_percent": "2.95", "fee_fixed": "0.30",
    }  # fmt: skip

    signed_in(ana).post("/desk/agreements/new/", typed)

    kept = Agreement.objects.get()
    assert (kept.cap_minor, kept.minimum_minor) == (250_000_000, 100_000_000)
    assert (kept.fee_estimate_bp, kept.fee_estimate_fixed_minor) == (295, 30)
    assert kept.terms.rate_text == "12.25%"


@pytest.mark.parametrize(
    "path",
    [
        "/desk/payouts/9/",
        "/desk/payouts/9/9/",
        "/desk/allocations/9/",
        "/desk/agreements/9/",
    ],
)
def test_what_does_not_exist_is_404(org: Any, ana: User, path: str) -> None:
    assert signed_in(ana).get(path).status_code == 404


@pytest.mark.parametrize("value", ["", "abc", "0", "-1", "٣", "99999999999999999999"])
def test_nonsense_for_a_match_changes_nothing(checking: BankAccount, ana: User, value: str) -> None:
    client = signed_in(ana)

    assert client.post("/desk/bank/matches/confirm/", {"match": value}).status_code == 302
    statement(checking, ana, "2026-10-20,Rent,-900.00")
    page = f"/desk/bank/lines/{BankLine.objects.get().pk}/"
    for choice in (value, f"partner:{value}", f"stripe:{value}"):
        assert client.post(f"{page}match/", {"choice": choice, "line": value}).status_code == 400
    assert client.post(f"{page}duplicate/", {"of": value}).status_code == 400
    assert not Match.objects.exists()


def test_the_pages_stay_at_a_few_queries(
    valor: Agreement, checking: BankAccount, ana: User, ben: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 7):
        earn(valor, 20000, number)
    batch = sent(ana, ben)
    payout = batch.payouts.first()
    statement(checking, ana, "2026-10-20,TRANSFER,-120.00", "2026-10-20,Rent,-900.00", "2026-10-19,Rent,-900.00")
    client = signed_in(ben)
    assert payout is not None

    pages = [*PAGES, f"/desk/payouts/{batch.pk}/", f"/desk/payouts/{batch.pk}/{payout.pk}/", "/desk/allocations/"]
    for page in pages:
        path = f"{page}{payout.items.first().allocation_id}/" if page.endswith("allocations/") else page
        with django_assert_max_num_queries(QUERIES_MAX):
            assert client.get(path).status_code == 200


def test_a_decision_waits_for_everybody_but_who_asked(
    valor: Agreement, ana: User, ben: User, django_assert_max_num_queries: Any
) -> None:
    earn(valor, 20000, 1)
    batch = propose_batch(by=ana, as_of=TODAY, currency="usd", now=NOW)
    give(ana, "finance approver")
    mine, theirs = signed_in(ana), signed_in(ben)

    with django_assert_max_num_queries(QUERIES_MAX):
        page = words(theirs.get("/desk/"))

    assert "Waits for your decision" in page
    assert f"Approve payout batch {batch.pk}" in page
    assert f"Approve payout batch {batch.pk}" not in words(mine.get("/desk/"))


def test_the_desk_shows_the_day_and_each_partner(valor: Agreement, ben: User) -> None:
    earn(valor, 20000, 1)

    page = words(signed_in(ben).get("/desk/"))

    assert "Promised to partners" in page
    assert "Dahlia&#x27;s Hope" in page
    assert "Exceptions by age" in page
