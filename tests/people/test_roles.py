"""Roles on the desk: two persons give one, one takes it away, a changed sign-in counts a week later (rows 77, 78)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import connections
from django.test import Client

from people.approvers import MayNotApprove, counts_as
from people.models import Approval, Mail, Organisation, RoleGrant, User
from people.operations.decide_role import NotWaiting, NotYours, approve_role
from people.operations.request_role import NotAskable, request_role
from tests.roles import give

NOW = datetime(2026, 10, 20, 17, tzinfo=UTC)
WEEK = timedelta(days=7)
pytestmark = pytest.mark.django_db


def person(name: str, *roles: str, **fields: Any) -> User:
    user = User.objects.create_user(f"{name}@tassel.example", is_staff=True, name=name.title(), **fields)
    Authenticator.objects.create(user=user, type="totp", data={})
    give(user, *roles)
    return user


@pytest.fixture(autouse=True)
def ground(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Organisation.objects.create(display_name="Tassel Collective")
    monkeypatch.setattr("people.clock.now", lambda: NOW)


@pytest.fixture
def anton() -> User:
    return person("anton", "finance approver")


@pytest.fixture
def olivia() -> User:
    return person("olivia", "board")


@pytest.fixture
def nora() -> User:
    return person("nora")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def asked(nora: User, by: User, role: str = "finance approver") -> RoleGrant:
    return request_role(user=nora, role=role, by=by, reason="She joined finance.", now=NOW)


def test_one_asks_another_approves_and_it_counts_after_a_week(nora: User, olivia: User, anton: User) -> None:
    form = {"user": nora.pk, "role": "finance approver", "reason": "She joined finance."}
    browser(olivia).post("/desk/roles/ask/", form)
    grant = RoleGrant.objects.get(user=nora)
    assert not nora.groups.exists()
    page = words(browser(anton).get("/desk/roles/"))
    assert "Olivia asked 0 minutes ago: “She joined finance.”" in page

    browser(anton).post(f"/desk/roles/{grant.pk}/approve/")

    assert [group.name for group in nora.groups.all()] == ["finance approver"]
    assert not counts_as("finance approver", user=nora, now=NOW + WEEK - timedelta(seconds=1))
    assert counts_as("finance approver", user=nora, now=NOW + WEEK)
    assert "approvals count from 27 October 2026" in words(browser(anton).get("/desk/roles/"))
    told = Mail.objects.filter(text__contains="Nora is finance approver now: Olivia asked, Anton approved.")
    assert set(told.values_list("to", flat=True)) == {f"{name}@tassel.example" for name in ("nora", "olivia", "anton")}


@pytest.mark.parametrize("who", ["olivia", "nora"])
def test_who_asked_or_would_get_it_does_not_decide(who: str, nora: User, olivia: User) -> None:
    give(nora, "board")
    grant = asked(nora, olivia)

    with pytest.raises(NotYours):
        approve_role(grant_id=grant.pk, by=User.objects.get(name=who.title()), now=NOW)
    assert not nora.groups.filter(name="finance approver").exists()


def test_a_role_of_this_week_gives_no_role(nora: User, olivia: User) -> None:
    new = person("max")
    give(new, "finance approver", since=NOW + WEEK)
    grant = asked(nora, olivia)

    with pytest.raises(MayNotApprove):
        approve_role(grant_id=grant.pk, by=new, now=NOW)
    assert not nora.groups.exists()


def test_a_refusal_says_why(nora: User, olivia: User, anton: User) -> None:
    grant = asked(nora, olivia)
    assert "Say why." in words(browser(anton).post(f"/desk/roles/{grant.pk}/refuse/", {"reason": " "}, follow=True))

    browser(anton).post(f"/desk/roles/{grant.pk}/refuse/", {"reason": "Not yet."})

    assert Approval.objects.get().reason == "Not yet."
    with pytest.raises(NotWaiting):
        approve_role(grant_id=grant.pk, by=anton, now=NOW)
    assert asked(nora, olivia).pk != grant.pk


def test_a_role_is_asked_for_once(nora: User, olivia: User) -> None:
    asked(nora, olivia)

    with pytest.raises(NotAskable, match="asked for it already"):
        asked(nora, olivia)
    with pytest.raises(NotAskable, match="no member of staff"):
        asked(User.objects.create_user("donor@example.org"), olivia)


def test_a_bad_question_keeps_what_was_typed(nora: User, olivia: User) -> None:
    answer = browser(olivia).post("/desk/roles/ask/", {"user": nora.pk, "role": "boss", "reason": "Because."})

    assert answer.status_code == 400
    assert 'value="Because."' in words(answer)
    assert not RoleGrant.objects.filter(user=nora).exists()


def test_one_takes_a_role_away_and_the_open_page_is_shut_at_once(olivia: User, anton: User) -> None:
    antons = browser(anton)
    assert antons.get("/desk/roles/").status_code == 200

    browser(olivia).post(f"/desk/roles/{RoleGrant.objects.get(user=anton).pk}/remove/")

    assert antons.get("/desk/roles/").status_code == 403
    assert antons.post("/desk/roles/ask/").status_code == 403
    assert not counts_as("finance approver", user=anton, now=NOW)
    assert "Not any more" in words(browser(olivia).get("/desk/roles/"))


def test_giving_a_role_wants_the_second_factor_shown_just_now(nora: User, olivia: User, anton: User) -> None:
    grant = asked(nora, olivia)
    client = browser(anton)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0}]
    session.save()

    for step in ("approve", "remove"):
        answer = client.post(f"/desk/roles/{grant.pk}/{step}/")
        assert answer["Location"].startswith("/account/2fa/reauthenticate/")
    assert not nora.groups.exists()


def test_the_page_costs_few_queries(nora: User, olivia: User, anton: User, django_assert_max_num_queries: Any) -> None:
    asked(nora, olivia)
    asked(nora, olivia, "auditor")

    client = browser(anton)

    with django_assert_max_num_queries(15):
        client.get("/desk/roles/")


# The record console cannot go round it


def console(user: User, wanted: User, **changes: Any) -> Any:
    form = {"email": wanted.email, "name": wanted.name, "is_staff": "on", "is_active": "on"} | changes
    return browser(user).post(f"/console/people/user/{wanted.pk}/change/", form)


@pytest.fixture
def root() -> User:
    return person("root", is_superuser=True)


def test_a_changed_address_ends_sessions_tells_the_old_one_and_counts_a_week_later(root: User, anton: User) -> None:
    antons = browser(anton)
    assert counts_as("finance approver", user=anton, now=NOW)

    assert console(root, anton, email="Mallory@Example.org").status_code == 302

    assert antons.get("/desk/roles/").status_code == 302  # signed out
    anton.refresh_from_db()
    assert anton.email == "mallory@example.org"
    assert list(EmailAddress.objects.filter(user=anton).values_list("email", flat=True)) == ["mallory@example.org"]
    mail = Mail.objects.get(subject="Your sign-in address was changed")
    assert mail.to == "anton@tassel.example"
    assert not counts_as("finance approver", user=anton, now=NOW + WEEK - timedelta(seconds=1))
    assert counts_as("finance approver", user=anton, now=NOW + WEEK)


def test_a_name_is_changed_without_all_that(root: User, anton: User) -> None:
    antons = browser(anton)

    console(root, anton, name="Anton A.")

    assert antons.get("/desk/roles/").status_code == 200
    assert counts_as("finance approver", user=anton, now=NOW)


def test_a_removed_second_factor_counts_a_week_later_and_is_told(root: User, anton: User) -> None:
    antons = browser(anton)
    record = Authenticator.objects.get(user=anton)

    browser(root).post(f"/console/mfa/authenticator/{record.pk}/delete/", {"post": "yes"})

    assert not Authenticator.objects.filter(user=anton).exists()
    assert antons.get("/desk/roles/").status_code == 302
    assert Mail.objects.get(subject="Your second factor was removed").to == "anton@tassel.example"
    assert not counts_as("finance approver", user=anton, now=NOW)


@pytest.mark.parametrize("field", ["is_staff", "is_active"])
def test_who_is_switched_off_loses_every_role_for_good(root: User, anton: User, field: str) -> None:
    console(root, anton, **{field: ""})

    assert not anton.groups.exists()
    console(root, anton)
    assert not anton.groups.exists()
    assert RoleGrant.objects.get(user=anton).ended_by == root


def test_one_administrator_alone_pays_nobody(root: User, anton: User, nora: User) -> None:
    """Row 78: whoever holds the only superuser's session makes no approver today, by none of the doors."""
    mallory = browser(root)
    assert mallory.get("/desk/roles/").status_code == 403
    assert mallory.post("/desk/roles/ask/", {"user": nora.pk, "role": "board", "reason": "x"}).status_code == 403
    console(root, nora, groups=["1"], roles=["1"], is_superuser="on")
    console(root, anton, email="mallory@example.org")

    nora.refresh_from_db()
    assert (nora.groups.count(), nora.is_superuser) == (0, False)
    assert not any(counts_as("finance approver", "board", user=user, now=NOW) for user in User.objects.all())


@pytest.mark.django_db(transaction=True)
def test_of_many_approvals_at_once_one_gives_the_role(nora: User, olivia: User, anton: User) -> None:
    grant = asked(nora, olivia)
    barrier = Barrier(6)

    def decide(_: int) -> str:
        try:
            barrier.wait()
            approve_role(grant_id=grant.pk, by=anton, now=NOW)
            return "given"
        except NotWaiting:
            return "late"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(decide, range(6)))

    assert outcomes == ["given", *["late"] * 5]
    assert Mail.objects.filter(text__contains="is finance approver now").count() == 3
