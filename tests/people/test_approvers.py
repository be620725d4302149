"""Whose approval counts, and who gives roles without a second person: rules/reliability.md row 78."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from people.approvers import COUNTS_AFTER, MayNotApprove, check_approver, counts_as
from people.models import Approval, Organisation, RoleGrant, User
from people.operations.appoint import NoSuchRole, appoint
from tests.roles import give

NOW = datetime(2026, 10, 20, 17, tzinfo=UTC)
SOON = timedelta(seconds=1)


@pytest.fixture
def ana(db: None) -> User:
    Organisation.objects.create(display_name="Tassel Collective")
    return User.objects.create_user("ana@example.org", is_staff=True)


@pytest.fixture
def ben(ana: User) -> User:
    return User.objects.create_user("ben@example.org", is_staff=True)


def approve(ana: User, ben: User, at: datetime, subject: str = "note:1") -> Approval:
    return Approval.objects.create(
        subject=subject, subject_hash="a" * 64, requested_by=ana, requested_at=at, decision="approved",
        decided_by=ben, decided_at=at,
    )  # fmt: skip


def approver_since(user: User, since: datetime) -> None:
    give(user, "finance approver", since=since)


def test_an_approval_counts_from_the_eighth_day_on(ben: User) -> None:
    approver_since(ben, NOW)  # counts from now

    check_approver(by=ben, now=NOW)
    with pytest.raises(MayNotApprove, match=r"less than 7 days.*counts from 20 October 2026"):
        check_approver(by=ben, now=NOW - SOON)


def test_another_role_does_not_approve(ben: User) -> None:
    give(ben, "finance preparer", "auditor")

    with pytest.raises(MayNotApprove, match="Only a finance approver or board can approve this"):
        check_approver(by=ben, now=NOW)
    assert not counts_as("board", user=ben, now=NOW)


def test_a_role_taken_away_does_not_approve(ben: User) -> None:
    approver_since(ben, NOW)
    RoleGrant.objects.update(ended_at=NOW)

    with pytest.raises(MayNotApprove):
        check_approver(by=ben, now=NOW)
    assert not ben.groups.exists()


def test_who_was_switched_off_does_not_approve(ben: User) -> None:
    approver_since(ben, NOW)
    ben.is_active = False

    assert not counts_as("finance approver", user=ben, now=NOW)


def test_the_database_counts_too(ana: User, ben: User) -> None:
    with pytest.raises(IntegrityError, match="does not count"), transaction.atomic():
        approve(ana, ben, NOW)
    approver_since(ben, NOW)
    with pytest.raises(IntegrityError, match="does not count"), transaction.atomic():
        approve(ana, ben, NOW - SOON)

    assert approve(ana, ben, NOW).pk


def test_the_first_persons_count_at_once_and_later_ones_after_seven_days(ana: User, ben: User) -> None:
    appoint(user=ben, role="finance approver", now=NOW)
    approve(ana, ben, NOW)

    late = appoint(user=ana, role="board", now=NOW)

    assert late.counts_from == NOW + COUNTS_AFTER
    assert counts_as("finance approver", user=ben, now=NOW)
    assert not counts_as("board", user=ana, now=NOW)
    assert counts_as("board", user=ana, now=NOW + COUNTS_AFTER)


def test_the_database_founds_nobody_once_something_was_approved(ana: User, ben: User) -> None:
    appoint(user=ben, role="finance approver", now=NOW)
    approve(ana, ben, NOW)

    with pytest.raises(IntegrityError, match="first persons are appointed"), transaction.atomic():
        RoleGrant.objects.create(user=ana, role="board", requested_at=NOW, granted_at=NOW, counts_from=NOW)


def test_who_holds_a_role_keeps_it_as_it_is(ben: User) -> None:
    first = appoint(user=ben, role="board", now=NOW)

    assert appoint(user=ben, role="board", now=NOW + COUNTS_AFTER) == first
    assert RoleGrant.objects.count() == 1


def test_there_must_be_such_a_role(ben: User) -> None:
    with pytest.raises(NoSuchRole, match="no role 'boss'"):
        appoint(user=ben, role="boss", now=NOW)


def test_a_group_without_a_grant_is_refused(ben: User) -> None:
    board = Group.objects.create(name="board")

    with pytest.raises(IntegrityError, match="nobody has granted"), transaction.atomic():
        ben.groups.add(board)


@pytest.mark.parametrize(
    "change",
    [
        {"granted_at": NOW - timedelta(days=90)},
        {"counts_from": NOW - SOON},
        {"role": "auditor"},
        {"requested_at": NOW - timedelta(days=90)},
    ],
)
def test_what_was_granted_stays(ben: User, change: dict[str, object]) -> None:
    appoint(user=ben, role="board", now=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.update(**change)
    with pytest.raises(IntegrityError, match="what was signed stays"), transaction.atomic():
        RoleGrant.objects.get().delete()


def test_a_grant_that_ended_does_not_come_back(ben: User) -> None:
    appoint(user=ben, role="board", now=NOW)
    RoleGrant.objects.update(ended_at=NOW)

    with pytest.raises(IntegrityError, match="stays as it was"), transaction.atomic():
        RoleGrant.objects.update(ended_at=None)


# What the web and worker processes may do: nothing of this alone


@pytest.fixture
def application(ana: User, ben: User) -> Iterator[None]:
    call_command("database_roles", "tassel_app_of_tests", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE tassel_app_of_tests")
        yield
        cursor.execute("RESET ROLE")


def test_the_application_appoints_nobody(application: None, ana: User) -> None:
    with pytest.raises(IntegrityError, match="takes two persons"), transaction.atomic():
        appoint(user=ana, role="board", now=NOW)
    with pytest.raises(IntegrityError, match="takes two persons"), transaction.atomic():
        RoleGrant.objects.create(
            user=ana, role="board", requested_by=ana, requested_at=NOW, granted_at=NOW, counts_from=NOW + COUNTS_AFTER
        )


def test_the_application_grants_no_role_without_an_approval(application: None, ana: User, ben: User) -> None:
    asked = RoleGrant.objects.create(user=ana, role="board", requested_by=ben, requested_at=NOW)
    asked.granted_at, asked.counts_from = NOW, NOW + COUNTS_AFTER

    with pytest.raises(IntegrityError, match="takes two persons"), transaction.atomic():
        asked.save()


def test_the_application_makes_no_superuser(application: None, ana: User) -> None:
    ana.is_superuser = True
    with pytest.raises(IntegrityError, match="only the owner"), transaction.atomic():
        ana.save()
    with pytest.raises(IntegrityError, match="only the owner"), transaction.atomic():
        User.objects.create_superuser("mallory@example.org")


# The command


def test_the_command_appoints_and_says_from_when_on(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    out = StringIO()

    call_command("appoint", "Ana@Example.org", "finance approver", "board", stdout=out)

    assert out.getvalue().splitlines() == [
        "ana@example.org is finance approver; approvals count from 2026-10-20.",
        "ana@example.org is board; approvals count from 2026-10-20.",
    ]
    assert set(ana.groups.values_list("name", flat=True)) == {"finance approver", "board"}


@pytest.mark.parametrize(
    ("email", "role", "words"),
    [("nobody@example.org", "board", "is no member of staff"), ("ana@example.org", "boss", "no role 'boss'")],
)
def test_the_command_refuses_what_it_does_not_know(ana: User, email: str, role: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("appoint", email, role)
    assert not RoleGrant.objects.exists()
