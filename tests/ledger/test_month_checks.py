"""What keeps a month open is said by name, and `manage.py close_month` closes it by two people once nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ledger import books, month_checks
from ledger.closing import MonthBusy
from ledger.exports.trial_balance import trial_balance_csv
from ledger.models import Period, Seal
from ledger.month_checks import MonthCheck, invariant, register, registered, trial_balance_exported
from ledger.operations.close_month import ChecksFailed, current_close
from people.models import Approval, Organisation, User
from tests.ledger.closing import approve_close, close
from tests.ledger.facts import NOW, accrual, post, sale
from tests.ledger.raw import as_owner, check_at_commit
from tests.roles import give

pytestmark = pytest.mark.usefixtures("books")
OCTOBER = 202610


@pytest.fixture(autouse=True)
def checks(db: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing keeps a month open but what is in this list."""
    Organisation.objects.create(display_name="Tassel Collective")
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    monkeypatch.setattr(month_checks, "_checks", {})
    found: list[str] = []
    register(MonthCheck("the bank is known", lambda yyyymm: (f"{what} of {yyyymm}" for what in found)))
    return found


def run(*arguments: str, month: str = "2026-10") -> str:
    out = StringIO()
    call_command("close_month", month, *arguments, stdout=out)
    return out.getvalue()


def finance(name: str, *roles: str) -> str:
    user, _ = User.objects.get_or_create(email=f"{name}@example.org", defaults={"is_staff": True})
    give(user, *roles)
    return user.email


@pytest.fixture
def ana(db: None) -> str:
    return finance("ana", "finance preparer")


@pytest.fixture
def ben(db: None) -> str:
    return finance("ben", "finance approver")


def state(yyyymm: int = OCTOBER) -> str:
    return Period.objects.get(pk=yyyymm).state


def proposed_hash() -> str:
    return Approval.objects.get(decision="waiting").subject_hash


# The registry


def test_findings_carry_the_name_of_their_check(checks: list[str]) -> None:
    checks.append("line 7")

    with pytest.raises(ChecksFailed) as failed:
        close(OCTOBER, checks=registered())

    assert failed.value.findings == ("not so: the bank is known: line 7 of 202610",)
    assert state() == "soft_closed"


def test_a_name_is_taken_once() -> None:
    def others(yyyymm: int) -> Iterator[str]:
        yield "something"

    with pytest.raises(ValueError, match="another check of months named 'the bank is known'"):
        register(MonthCheck("the bank is known", others))


def test_books_that_do_not_add_up_keep_every_month_open() -> None:
    [posted] = post(sale())
    check_at_commit()
    as_owner("UPDATE ledger_entry SET source = 'order:9' WHERE id = %s", posted.entry_id)

    named = f"sale stripe:charge:ch_1:sale (entry {posted.entry_id})"
    assert next(invariant("L4")(202601)) == f"{named} is not as posted, and nothing is sealed until it is"
    assert any(finding.startswith(f"each entry is as it was posted: {named}") for finding in invariant("L2")(202601))
    assert list(invariant("L1")(202601)) == []


def test_what_waits_for_its_seal_keeps_no_month_open() -> None:
    post(accrual())
    as_owner("UPDATE ledger_entry SET recorded_at = recorded_at - interval '1 hour'")

    assert list(invariant("L4")(OCTOBER)) == []
    assert Seal.objects.count() == 1


def test_every_check_of_the_books_is_run_once_by_one_line_of_a_month() -> None:
    wanted = {check.code for check in books.checks()}

    assert wanted == {code for code, _, _ in month_checks.OF_THE_BOOKS} == {*(f"L{n}" for n in range(1, 14)), ""}
    assert sum(len(list(books.run(code))) for code in wanted) == len(books.checks())


# The command


def test_two_people_close_a_month_by_command(ana: str, ben: str) -> None:
    post(sale())

    said = run("--propose", ana)
    assert (state(), said.splitlines()[-1]) == ("soft_closed", f"--approve THEIR-EMAIL --content {proposed_hash()}")
    said = run("--approve", ben, "--content", proposed_hash())

    assert said == f"Closed at 1:{current_close(OCTOBER).closing_hash.hex()}\n"
    assert run() == f"closed at 1:{current_close(OCTOBER).closing_hash.hex()}\n"
    assert state(202609) == "closed"


def test_looking_says_what_keeps_it_open_and_changes_nothing(checks: list[str]) -> None:
    assert run() == "open\nNothing keeps it open.\n"
    checks += ["line 7", "line 8"]

    with pytest.raises(CommandError, match="2026-10 cannot be closed: 2 found"):
        run()
    assert state() == "open"


def test_findings_leave_a_month_open_for_what_mends_them(checks: list[str], ana: str) -> None:
    checks.append("line 7")

    with pytest.raises(CommandError, match="2026-10 cannot be closed: 1 found"):
        run("--propose", ana)
    assert (state(), Approval.objects.count()) == ("open", 0)


def test_findings_that_come_after_the_proposal_stop_the_close(checks: list[str], ana: str, ben: str) -> None:
    run("--propose", ana)
    checks.append("line 7")

    with pytest.raises(CommandError, match="1 found"):
        run("--approve", ben, "--content", proposed_hash())
    assert state() == "soft_closed"

    checks.clear()
    with pytest.raises(CommandError, match="approved"):
        run("--propose", ana)
    assert run("--finish").startswith("Closed at 0:")


def test_nobody_closes_a_month_alone(ana: str) -> None:
    both = finance("ana", "finance preparer", "finance approver")
    run("--propose", both)

    with pytest.raises(CommandError, match="who proposed ledger:close:202610 cannot decide on it"):
        run("--approve", both, "--content", proposed_hash())
    with pytest.raises(CommandError, match="not approved by a second person"):
        run("--finish")
    assert state() == "soft_closed"


def test_another_content_than_the_proposed_is_not_approved(ana: str, ben: str) -> None:
    run("--propose", ana)

    with pytest.raises(CommandError, match="changed since it was proposed"):
        run("--approve", ben)
    assert state() == "soft_closed"


@pytest.mark.parametrize("email", ["nobody@example.org", "ana@example.org", "olga@example.org", "gone@example.org"])
def test_only_an_approver_approves(email: str, ana: str) -> None:
    finance("olga", "auditor", "fulfilment")
    finance("gone", "finance approver")
    User.objects.filter(email="gone@example.org").update(is_active=False)
    run("--propose", ana)

    with pytest.raises(CommandError, match=f"{email} is no member of staff who is finance approver"):
        run("--approve", email, "--content", proposed_hash())
    assert Approval.objects.get().decision == "waiting"


@pytest.mark.parametrize(
    ("month", "why"), [("October", "October is not a month"), ("2026-13", "is not a month"), ("1999-12", "199912")]
)
def test_what_is_no_month_of_the_books_is_refused_in_one_sentence(month: str, why: str, ana: str) -> None:
    for arguments in ((), ("--propose", ana), ("--finish",)):
        with pytest.raises(CommandError, match=why):
            run(*arguments, month=month)


def test_a_busy_month_is_said_in_words(monkeypatch: pytest.MonkeyPatch, ana: str) -> None:
    approve_close(OCTOBER)

    def busy(*_: Any) -> bool:
        raise MonthBusy("canceling statement due to lock timeout")

    monkeypatch.setattr("ledger.operations.close_month.call", busy)

    with pytest.raises(CommandError, match="Somebody is posting into the month"):
        run("--finish")


def test_the_command_writes_the_trial_balance_that_the_checks_want(ana: str, tmp_path: Path) -> None:
    post(sale())
    file = tmp_path / "october.csv"

    run("--propose", ana, "--trial-balance", str(file))

    assert file.read_bytes() == trial_balance_csv(202610)
    assert list(trial_balance_exported(202610)) == []


def test_a_trial_balance_that_cannot_be_written_stops_the_proposal(ana: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="The trial balance was not written: No such file or directory"):
        run("--propose", ana, "--trial-balance", str(tmp_path / "missing" / "october.csv"))

    assert not Approval.objects.exists()
