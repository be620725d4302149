from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from partners.models import Agreement, Partner
from people.models import User
from tests.partners.conftest import NOW
from tests.partners.money import earn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)


def test_the_partner_page_shows_promises_and_figures(valor: Agreement, django_assert_max_num_queries: Any) -> None:
    earn(valor, 4800, units=2, days_ago=1)

    with django_assert_max_num_queries(18):
        page = Client().get("/partners/dahlias-hope/").content.decode()

    assert "20% of the price of Valor tassel earrings sold January 1 to December 31, 2026." in page
    assert "$9.60" in page
    assert "October 2026" in page


def test_the_list_leaves_closed_partners_out(valor: Agreement, restoration_house: Partner) -> None:
    Partner.objects.filter(pk=restoration_house.pk).update(status="closed")

    page = Client().get("/partners/").content.decode()

    assert "Dahlia&#x27;s Hope" in page
    assert "Restoration House" not in page
    assert Client().get("/partners/nobody/").status_code == 404


def test_the_api_tells_a_month(valor: Agreement, seed: Any) -> None:
    earn(valor, 4800, 1, units=2, days_ago=1)
    earn(valor, 2400, 2, days_ago=40)

    answer = Client().get("/api/v1/partners/dahlias-hope/totals?month=2026-10")

    assert answer.status_code == 200
    assert answer.json() == {
        "partner": "dahlias-hope",
        "month": "2026-10",
        "currency": "usd",
        "opening_minor": 480,
        "goods": [
            {"design": "Valor tassel earrings", "percent": "20%", "units": 2, "basis_minor": 4800, "amount_minor": 960}
        ],
        "gifts": [],
        "accrued_minor": 960,
        "taken_back_minor": 0,
        "paid_minor": 0,
        "other_minor": 0,
        "closing_minor": 1440,
    }
    assert Client().get("/api/v1/partners/dahlias-hope/totals").json()["accrued_minor"] == 1440


@pytest.mark.parametrize("month", ["2026-13", "october", "2026-10-01", "", "2026-1", "0000-01", "%00"])
def test_the_api_names_a_bad_month(dahlias_hope: Partner, month: str) -> None:
    answer = Client().get(f"/api/v1/partners/dahlias-hope/totals?month={month}")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert "month" in answer.json()["error"]["fields"]


def test_an_unknown_partner_is_404_in_the_api(org: Any) -> None:
    answer = Client().get("/api/v1/partners/nobody/totals")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "record", ["partner", "agreement", "allocation", "payoutbatch", "payoutpolicy", "bankaccount", "bankstatement"]
)
def test_the_console_lists_records(valor: Agreement, record: str, admin_user_with_factor: Client) -> None:
    earn(valor, 4800)

    assert admin_user_with_factor.get(f"/console/partners/{record}/").status_code == 200


def test_the_console_only_reads_agreements(valor: Agreement, admin_user_with_factor: Client) -> None:
    path = f"/console/partners/agreement/{valor.pk}/change/"

    assert admin_user_with_factor.get(path).status_code == 200
    assert admin_user_with_factor.post(path, {"rate_num": 1}).status_code == 403


@pytest.fixture
def admin_user_with_factor(org: Any) -> Client:
    from allauth.mfa.models import Authenticator

    user = User.objects.create_superuser("root@tassel.example")
    Authenticator.objects.create(user=user, type="totp", data={})
    client = Client()
    client.force_login(user)
    return client
