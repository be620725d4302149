"""A step with money wants a second factor shown just now, and the form survives being asked: reliability.md row 77."""

from __future__ import annotations

import time

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.http import require_POST

from config.urls import urlpatterns as product_urls
from people.access import confirm_afresh, role_required
from people.models import Organisation, User
from tests.roles import give

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.people.test_confirm_afresh")]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAY = "/pay-test/"


@role_required("finance approver")
@require_POST
@confirm_afresh
def pay(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"paid {request.POST['amount']} by {request.user}")


urlpatterns = [path("pay-test/", pay), *product_urls]


@pytest.fixture
def approver(client: Client) -> User:
    Organisation.objects.create(display_name="Tassel Collective")
    cache.clear()
    user = User.objects.create_user("ben@example.org", is_staff=True, name="Ben")
    give(user, "finance approver")
    TOTP.activate(user, SECRET)
    client.force_login(user)
    return user


def shown(client: Client, age_s: float, method: str = "mfa") -> None:
    """The second factor (or another sign of them) was given so long ago."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": method, "at": time.time() - age_s}]
    session.save()


def code() -> str:
    return str(format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time())))))


def test_a_factor_shown_a_moment_ago_is_enough(client: Client, approver: User) -> None:
    shown(client, age_s=590)

    assert client.post(PAY, {"amount": "12"}).content == b"paid 12 by Ben"


@pytest.mark.parametrize(("age_s", "method"), [(601, "mfa"), (1, "code")])
def test_an_older_one_or_only_a_mailed_code_is_not(client: Client, approver: User, age_s: float, method: str) -> None:
    shown(client, age_s, method)

    answer = client.post(PAY, {"amount": "12"})

    assert answer["Location"] == "/account/2fa/reauthenticate/?next=%2Fpay-test%2F"


def test_what_was_sent_goes_on_once_the_factor_is_shown(client: Client, approver: User) -> None:
    shown(client, age_s=3600)
    asked = client.post(PAY, {"amount": "12"}, follow=True)
    assert "nothing has to be typed again" in asked.content.decode()

    wrong = client.post("/account/2fa/reauthenticate/", {"code": "000000", "next": PAY})
    assert b"paid" not in wrong.content
    answer = client.post("/account/2fa/reauthenticate/", {"code": code(), "next": PAY})

    assert answer.content == b"paid 12 by Ben"
    assert client.post(PAY, {"amount": "13"}).content == b"paid 13 by Ben"


def test_a_role_taken_away_meanwhile_ends_it(client: Client, approver: User) -> None:
    shown(client, age_s=3600)
    client.post(PAY, {"amount": "12"})
    approver.role_grants.update(ended_at="2026-10-20T17:00Z")

    answer = client.post("/account/2fa/reauthenticate/", {"code": code(), "next": PAY})

    assert answer.status_code == 403


def test_somebody_without_the_role_is_not_asked(client: Client, approver: User) -> None:
    shown(client, age_s=3600)
    approver.role_grants.update(ended_at="2026-10-20T17:00Z")

    assert client.post(PAY, {"amount": "12"}).status_code == 403
