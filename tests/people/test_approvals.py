"""What a second person said stays as it was said; only the words of it can be erased."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from people.models import Approval, User
from tests.roles import give

NOW = datetime(2026, 10, 20, 17, tzinfo=UTC)


@pytest.fixture
def cem(db: None) -> User:
    return User.objects.create_user("cem@example.org")


@pytest.fixture
def approval(cem: User) -> Approval:
    ana, ben = (User.objects.create_user(f"{name}@example.org") for name in ("ana", "ben"))
    give(ben, "finance approver")
    asked = Approval.objects.create(
        subject="note:1", subject_hash="a" * 64, reason="Why.", requested_by=ana, requested_at=NOW
    )
    asked.decision, asked.decided_by, asked.decided_at = "approved", ben, NOW
    asked.save()
    return asked


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "note:2"},
        {"subject_hash": "b" * 64},
        {"reason": "Another reason."},
        {"requested_at": datetime(2026, 10, 19, tzinfo=UTC)},
        {"decided_at": datetime(2026, 10, 19, tzinfo=UTC)},
        {"decision": "refused"},
        {"decision": "waiting", "decided_by": None, "decided_at": None},
        {"decision": "void", "decided_by": None},
    ],
)
def test_what_was_decided_does_not_change(approval: Approval, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="what was signed stays"), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(**change)


@pytest.mark.parametrize("role", ["requested_by", "decided_by"])
def test_who_asked_and_who_decided_do_not_change(approval: Approval, cem: User, role: str) -> None:
    with pytest.raises(IntegrityError, match="what was signed stays"), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(**{role: cem})


def test_what_was_decided_is_not_deleted(approval: Approval) -> None:
    with pytest.raises(IntegrityError, match="what was signed stays"), transaction.atomic():
        approval.delete()


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["people_approval", "people_attachment"])
def test_what_was_signed_is_not_swept_away(table: str) -> None:
    with pytest.raises(IntegrityError, match="what was signed stays"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_its_words_can_be_erased(approval: Approval) -> None:
    Approval.objects.filter(pk=approval.pk).update(reason="")

    approval.refresh_from_db()
    assert (approval.reason, approval.decision) == ("", "approved")


def test_question_that_waits_changes_and_goes(cem: User) -> None:
    asked = Approval.objects.create(subject="note:1", subject_hash="a" * 64, requested_by=cem, requested_at=NOW)

    Approval.objects.update(subject_hash="b" * 64)
    asked.delete()

    assert not Approval.objects.exists()


def test_nobody_decides_a_void_question_and_every_other_decision_is_somebodys(cem: User) -> None:
    asked = Approval.objects.create(subject="note:1", subject_hash="a" * 64, requested_by=cem, requested_at=NOW)
    other = User.objects.create_user("dan@example.org")

    for change in ({"decision": "approved"}, {"decision": "void", "decided_by": other}, {"decision": "void"}):
        with pytest.raises(IntegrityError, match="approval_decided_by_somebody"), transaction.atomic():
            Approval.objects.filter(pk=asked.pk).update(**change)
    Approval.objects.filter(pk=asked.pk).update(decision="void", decided_at=NOW)
