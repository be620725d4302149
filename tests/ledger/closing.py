"""How these tests close a month: one person proposes, another approves, and then it is done."""

from __future__ import annotations

from typing import Any

from ledger.closing import close_subject, current_hash, reopen_subject
from ledger.operations.approve_change import approve_change
from ledger.operations.close_month import Closed, close_month
from ledger.operations.propose_close import propose_close
from ledger.operations.propose_reopen import propose_reopen
from ledger.operations.reopen_month import reopen_month
from ledger.operations.soft_close import soft_close
from people.models import User
from tests.ledger.facts import NOW
from tests.roles import give


def person(name: str) -> User:
    user, _ = User.objects.get_or_create(email=f"{name}@example.org", defaults={"is_staff": True})
    give(user, "finance approver")
    return user


def approve_close(yyyymm: int) -> None:
    """As far as a second person's approval; the month is softly closed."""
    soft_close(yyyymm=yyyymm, by=person("ana"), now=NOW)
    propose_close(yyyymm=yyyymm, by=person("ana"), now=NOW)
    approve(close_subject(yyyymm))


def approve(subject: str) -> None:
    approve_change(subject=subject, by=person("ben"), content_hash=current_hash(subject), now=NOW)


def close(yyyymm: int, **how: Any) -> Closed:
    approve_close(yyyymm)
    return close_month(yyyymm=yyyymm, now=NOW, **how)


def reopen(yyyymm: int) -> None:
    propose_reopen(yyyymm=yyyymm, by=person("ana"), now=NOW)
    approve(reopen_subject(yyyymm))
    reopen_month(yyyymm=yyyymm, now=NOW)
