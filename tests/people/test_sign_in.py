"""Signing in by a code, and the staff's second factor: rules/reliability.md rows 74-76."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail as outbox
from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from config.urls import urlpatterns as product_urls
from people.access import role_required, staff_required
from people.models import Mail, Organisation, Supporter, User
from people.operations.find_or_make_supporter import find_or_make_supporter
from people.operations.give_login import give_login
from people.tasks import send_mails
from tests.roles import give

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.people.test_sign_in")]
NOW = datetime(2026, 10, 5, 15, 0, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("inside")


urlpatterns = [
    path("desk-test/", staff_required(answer)),
    path("role-test/", role_required("finance approver")(answer)),
    *product_urls,
]


@pytest.fixture(autouse=True)
def ground() -> None:
    Organisation.objects.create(display_name="Tassel Collective")
    cache.clear()


def ask_for_code(client: Client, email: str) -> str:
    """Ask for a code and read it from the mail that the worker sends."""
    outbox.outbox.clear()
    client.post("/account/login/code/", {"email": email})
    send_mails()
    found = re.search(r"^\s{4}(\S+)$", outbox.outbox[-1].body, re.MULTILINE) if outbox.outbox else None
    return found.group(1) if found else ""


def donor(email: str = "ada@example.org") -> User:
    return give_login(supporter=find_or_make_supporter(email=email, name="Ada", now=NOW))


def test_a_donor_signs_in_with_the_code_from_the_mail(client: Client) -> None:
    user = donor()

    code = ask_for_code(client, "Ada@Example.org")
    assert client.session.get("_auth_user_id") is None
    client.post("/account/login/code/confirm/", {"code": code})

    assert client.session["_auth_user_id"] == str(user.pk)
    assert not user.has_usable_password()


def test_the_code_works_once_and_only_in_its_own_browser(client: Client) -> None:
    donor()
    code = ask_for_code(client, "ada@example.org")

    stranger = Client()
    stranger.post("/account/login/code/confirm/", {"code": code})
    assert "_auth_user_id" not in stranger.session

    client.post("/account/login/code/confirm/", {"code": code})
    client.post("/account/logout/")
    client.post("/account/login/code/confirm/", {"code": code})
    assert "_auth_user_id" not in client.session


def test_three_wrong_codes_end_the_attempt(client: Client) -> None:
    donor()
    code = ask_for_code(client, "ada@example.org")

    for _ in range(3):
        client.post("/account/login/code/confirm/", {"code": "WRONG-CODE"})
    client.post("/account/login/code/confirm/", {"code": code})

    assert "_auth_user_id" not in client.session


def test_an_unknown_address_gets_the_same_answer(client: Client) -> None:
    donor()
    known = client.post("/account/login/code/", {"email": "ada@example.org"})
    unknown = Client().post("/account/login/code/", {"email": "nobody@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_nobody_signs_up_by_a_form(client: Client) -> None:
    client.post("/account/signup/", {"email": "new@example.org"})

    assert not User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize(
    "address", ["signup/", "email/", "confirm-email/", "password/reset/", "password/set/", "password/reset/key/1-a/"]
)
def test_there_is_no_door_to_passwords_and_addresses(client: Client, address: str) -> None:
    client.force_login(donor())

    assert client.get(f"/account/{address}").status_code == 404


def test_the_second_factor_has_a_page_in_our_words(client: Client) -> None:
    user = staff()
    TOTP.activate(user, SECRET)
    client.force_login(user)

    page = client.get("/account/2fa/").content.decode()

    assert "Your app is set up." in page
    assert "Make recovery codes" in page
    assert "If you lose your phone without them" in page


def test_the_code_does_not_stay_in_the_database(client: Client) -> None:
    donor()
    code = ask_for_code(client, "ada@example.org")

    assert code
    assert not Mail.objects.filter(Q(text__contains=code) | Q(subject__contains=code)).exists()


def test_what_a_visitor_types_never_edits_a_supporter() -> None:
    first = find_or_make_supporter(email="ada@example.org", name="Ada", now=NOW)
    second = find_or_make_supporter(email="ADA@example.org", name="Mallory", now=NOW)

    assert first.pk == second.pk
    assert Supporter.objects.get().name == "Ada"


def test_a_login_is_made_once() -> None:
    assert donor().pk == donor().pk
    assert User.objects.count() == 1


def staff(*groups: str) -> User:
    user = User.objects.create_user("staff@example.org", is_staff=True)
    for name in groups:
        give(user, name)
    return user


def test_a_staff_door_wants_sign_in_then_a_second_factor(client: Client) -> None:
    user = staff()
    assert client.get("/desk-test/")["Location"] == "/account/login/?next=/desk-test/"

    client.force_login(user)
    assert client.get("/desk-test/")["Location"] == "/account/2fa/totp/activate/"

    TOTP.activate(user, SECRET)
    assert client.get("/desk-test/").content == b"inside"


def test_to_a_donor_the_desk_does_not_exist(client: Client) -> None:
    client.force_login(donor())

    assert client.get("/desk-test/").status_code == 404
    assert client.get("/console/").status_code in (302, 404)


def test_the_console_has_no_login_of_its_own(client: Client) -> None:
    assert client.get("/console/login/?next=/console/")["Location"] == "/account/login/?next=/console/"
    user = User.objects.create_superuser("root@example.org")
    client.force_login(user)
    assert client.get("/console/", follow=True).redirect_chain[-1][0] == "/account/2fa/totp/activate/"

    TOTP.activate(user, SECRET)
    assert client.get("/console/").status_code == 200


def test_the_first_member_of_staff_signs_in_with_one_code(client: Client) -> None:
    user = User.objects.create_superuser("root@example.org")

    code = ask_for_code(client, user.email)
    answer = client.post("/account/login/code/confirm/", {"code": code, "next": "/desk-test/"}, follow=True)

    assert client.session["_auth_user_id"] == str(user.pk)
    assert answer.status_code == 200


def test_signing_in_as_staff_asks_for_the_second_factor(client: Client) -> None:
    user = staff()
    TOTP.activate(user, SECRET)
    give_login(supporter=find_or_make_supporter(email=user.email, now=NOW))

    code = ask_for_code(client, user.email)
    response = client.post("/account/login/code/confirm/", {"code": code})
    assert response["Location"] == "/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session

    totp = format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))
    client.post("/account/2fa/authenticate/", {"code": totp})
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_role_opens_its_door_only(client: Client) -> None:
    user = staff("finance preparer")
    TOTP.activate(user, SECRET)
    client.force_login(user)
    assert client.get("/role-test/").status_code == 403

    give(user, "finance approver")
    assert client.get("/role-test/").content == b"inside"


def test_a_role_must_exist() -> None:
    with pytest.raises(ValueError, match="no such role: boss"):
        role_required("boss")


def test_an_anonymous_request_needs_no_database(rf: RequestFactory) -> None:
    request = rf.get("/desk-test/")
    from django.contrib.auth.models import AnonymousUser

    request.user = AnonymousUser()
    assert staff_required(answer)(request).status_code == 302
