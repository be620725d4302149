"""One list of every change, read from the rows themselves: what, who, when and why, filtered and in pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from ledger.models import PeriodEvent
from ledger.operations.open_months import open_months
from ledger.operations.soft_close import soft_close
from people import history
from people.models import Approval, Organisation, User
from people.operations.decide_role import approve_role
from people.operations.request_role import request_role
from tests.partners.conftest import person
from tests.roles import give

NOW = datetime(2026, 10, 20, 17, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(org: Any, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    user = person("ben@tassel.example", "finance approver")
    Authenticator.objects.create(user=user, type="totp", data={})
    return user


@pytest.fixture
def org(db: None) -> Any:
    open_months(around=NOW)
    return Organisation.objects.create(display_name="Tassel Collective")


@pytest.fixture
def client_(ben: User) -> Client:
    """Ben's browser, after Ana's role was asked for, given, and a month closed softly."""
    ana, olga = person("ana@tassel.example"), person("olga@tassel.example", "board")
    grant = request_role(user=ana, role="auditor", by=olga, reason="She audits.", now=NOW)
    approve_role(grant_id=grant.pk, by=ben, now=NOW)
    soft_close(yyyymm=202610, by=ben, now=NOW)
    client = Client()
    client.force_login(ben)
    return client


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_every_topic_is_told(client_: Client) -> None:
    assert history.topics() == [
        "Agreements", "Bank", "Decisions", "Destinations", "Documents", "Entries by hand", "Exceptions", "Holds",
        "Months", "Past sales", "Payouts", "Refunds", "Roles", "Settings and records",
    ]  # fmt: skip
    rows = list(history.changes())

    assert {(row["h_topic"], row["h_what"]) for row in rows} >= {
        ("Decisions", "asked"),
        ("Decisions", "approved"),
        ("Roles", "given"),
        ("Months", "soft_closed"),
    }
    assert Approval.objects.count() == PeriodEvent.objects.count() == 1


def test_the_page_says_who_what_when_and_why(client_: Client) -> None:
    page = words(client_.get("/desk/history/"))

    for said in ("20 October 2026, 12:00", "Ben", "She audits.", "Auditor: Ana", "Approved"):
        assert said in page


def test_it_is_filtered_by_topic_and_person(client_: Client, ben: User) -> None:
    months = words(client_.get("/desk/history/?topic=Months"))
    olgas = words(client_.get(f"/desk/history/?who={User.objects.get(name='Olga').pk}"))

    assert '<a href="/desk/months/202610/">October 2026</a>' in months
    assert "Auditor: Ana" not in months
    assert "October 2026</a>" not in olgas


@pytest.mark.parametrize("query", ["topic=Secrets", "who=99999999", "who=x"])
def test_a_filter_that_is_none_is_said_beside_its_field(client_: Client, query: str) -> None:
    answer = client_.get(f"/desk/history/?{query}")

    assert answer.status_code == 400
    assert "errorlist" in words(answer)


def test_it_costs_few_queries_however_much_happened(client_: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        Approval.objects.create(
            subject=f"note:{number}", subject_hash="a" * 64, requested_by=User.objects.get(name="Ana"), requested_at=NOW
        )

    with django_assert_max_num_queries(15):
        page = words(client_.get("/desk/history/?page=2"))
    assert "Page 2 of 2" in page


def test_others_do_not_see_it(client_: Client) -> None:
    donor_care = person("dora@tassel.example")
    give(donor_care, "donor care")
    Authenticator.objects.create(user=donor_care, type="totp", data={})
    client = Client()
    client.force_login(donor_care)

    assert client.get("/desk/history/").status_code == 403
