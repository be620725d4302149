"""Months close by two people, account by account to the cent, and stay as they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from ledger import closing
from ledger.chain import GENESIS
from ledger.closing import (
    AccountNotZero,
    ContentChanged,
    EarlierMonthOpen,
    LaterMonthClosed,
    NoSuchAccount,
    NotApproved,
    NotSealed,
    NotWaiting,
    SamePerson,
    WrongState,
    close_subject,
    current_hash,
)
from ledger.drafts import BadPosting
from ledger.models import Account, Anchor, BalanceSnapshot, Entry, Period, PeriodEvent, Seal
from ledger.operations.anchor_head import anchor_head
from ledger.operations.approve_change import approve_change
from ledger.operations.close_account import close_account
from ledger.operations.close_month import ChecksFailed, Closed, close_month, current_close
from ledger.operations.open_months import open_months
from ledger.operations.post_entry import NoSuchMonth
from ledger.operations.propose_account_closing import propose_account_closing
from ledger.operations.propose_close import propose_close
from ledger.operations.propose_reopen import propose_reopen
from ledger.operations.publish_proofs import NotClosed, Published, publish_proofs
from ledger.operations.refuse_change import ReasonMissing, refuse_change
from ledger.operations.reopen_month import reopen_month
from ledger.operations.seal_entries import ContentMismatch, seal_all, seal_entries
from ledger.operations.soft_close import Outcome, lift_soft_close, soft_close
from ledger.queries import trial_balance
from people.models import Approval, Mail, Organisation
from tests.ledger.closing import approve, approve_close, close, person, reopen
from tests.ledger.facts import NOW, accrual, balances, entry, gift, post, sale
from tests.ledger.raw import as_owner, check_at_commit, raw_entry, raw_posting, sql

pytestmark = pytest.mark.usefixtures("books")
OCTOBER = 202610
LAST_DAY = date(2026, 10, 31)


@pytest.fixture(autouse=True)
def organisation(db: None) -> Organisation:
    fields = {"display_name": "Tassel Collective", "contact_email": "books@example.org"}
    return Organisation.objects.update_or_create(pk=1, defaults=fields)[0]


def state(yyyymm: int = OCTOBER) -> str:
    return Period.objects.get(pk=yyyymm).state


def by_hand(key: str = "m:1", amount: int = 5) -> Any:
    return entry(key, ("bank", "suspense", amount), kind="manual")


# -- The way to a closed month


def test_closed_month_keeps_what_every_account_moved_and_where_the_chain_stood() -> None:
    post(sale(), accrual())

    closed = close(OCTOBER)

    assert (closed.yyyymm, closed.through_seq, state()) == (OCTOBER, 2, "closed")
    assert closed.closing_hash == bytes(Seal.objects.get(seq=2).hash)
    kept = {str(row.account): (row.debits_minor, row.credits_minor) for row in _snapshots(closed)}
    assert kept == {
        "1040": (5186, 0),
        "2110/partner:1": (0, 864),
        "2310": (0, 366),
        "4510": (0, 4800),
        "4520": (480, 0),
        "4530": (0, 500),
        "5110": (864, 0),
    }


def test_events_say_who_did_what() -> None:
    post(sale())

    close(OCTOBER)

    ana, ben = person("ana").pk, person("ben").pk
    events = PeriodEvent.objects.filter(period_id=OCTOBER).order_by("id")
    assert [(event.kind, event.by_id, event.approved_by_id) for event in events] == [
        ("soft_closed", ana, None),
        ("closing", ana, ben),
        ("closed", ana, ben),
    ]
    assert {event.at for event in events} == {NOW}


def test_late_fact_goes_to_the_next_month_and_the_closed_one_stays() -> None:
    """rules/ledger.md section 11, case 12."""
    post(sale())
    close(OCTOBER)
    before = balances(as_of=LAST_DAY)

    [late] = post(sale("ch_late", effective_on=LAST_DAY))

    assert late.effective_on == date(2026, 11, 1)
    assert Entry.objects.get(pk=late.entry_id).event_at == NOW
    assert balances(as_of=LAST_DAY) == before
    assert balances(as_of=date(2026, 11, 30))["1040"] == 2 * 5186


def test_second_month_adds_to_the_first_one() -> None:
    post(sale(), sale("ch_nov", effective_on=date(2026, 11, 2)))
    first = close(OCTOBER)

    second = close(202611)

    clearing = Account.objects.get(purpose="clearing").pk
    assert [
        (row.event_id, row.debits_minor)
        for row in BalanceSnapshot.objects.filter(account_id=clearing).order_by("event_id")
    ] == [(first.event_id, 5186), (second.event_id, 2 * 5186)]


def test_earlier_months_that_hold_nothing_close_along() -> None:
    post(sale())

    closed = close(OCTOBER)

    assert {state(month) for month in (202410, 202512, 202609)} == {"closed"}
    assert state(202611) == "open"
    assert current_close(202609).through_seq == closed.through_seq
    assert balances(as_of=date(2026, 9, 30)) == {}


def test_earlier_month_that_holds_something_comes_first() -> None:
    post(sale(), sale("ch_sep", effective_on=date(2026, 9, 3)))
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)

    with pytest.raises(EarlierMonthOpen, match="202609"):
        propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)

    close(202609)
    assert close(OCTOBER).through_seq == 2


def test_earlier_month_is_looked_at_again_when_it_is_done() -> None:
    post(sale())
    approve_close(OCTOBER)
    post(sale("ch_sep", effective_on=date(2026, 9, 3)))

    with pytest.raises(EarlierMonthOpen, match="202609"):
        close_month(yyyymm=OCTOBER, now=NOW)

    assert (state(202608), state(202609), state()) == ("open", "open", "soft_closed")


def test_month_before_any_entry_can_be_closed() -> None:
    closed = close(202410)

    assert closed == Closed(202410, closed.event_id, 0, GENESIS)


def test_closing_again_gives_back_how_it_stands() -> None:
    post(sale())
    closed = close(OCTOBER)
    post(sale("ch_late"))

    assert close_month(yyyymm=OCTOBER, now=NOW) == closed
    assert PeriodEvent.objects.filter(period_id=OCTOBER, kind="closed").count() == 1


def test_contact_is_told_the_closing_hash() -> None:
    post(sale())

    closed = close(OCTOBER)

    [mail] = Mail.objects.filter(key=f"ledger:closed:{closed.event_id}")
    assert mail.to == "books@example.org"
    assert mail.subject == "October 2026 is closed"
    assert f"1:{closed.closing_hash.hex()}" in mail.text
    assert f"1:{closed.closing_hash.hex()}" in mail.html


def test_nobody_to_tell_is_no_reason_not_to_close(organisation: Organisation) -> None:
    Organisation.objects.update(contact_email="")

    close(OCTOBER)

    assert state() == "closed"
    assert not Mail.objects.exists()


# -- Two persons, and exactly what they saw


def test_month_is_closed_softly_first() -> None:
    with pytest.raises(WrongState, match="202610 is open"):
        propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)


def test_nobody_approves_what_they_proposed() -> None:
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    approval = propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)

    with pytest.raises(SamePerson):
        approve_change(subject=approval.subject, by=person("ana"), content_hash=approval.subject_hash, now=NOW)

    with pytest.raises(NotApproved):
        close_month(yyyymm=OCTOBER, now=NOW)
    assert state() == "soft_closed"


def test_approval_forged_past_the_operations_is_refused_by_the_database() -> None:
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)

    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        Approval.objects.update(decision="approved", decided_by=person("ana"), decided_at=NOW)


def test_entry_by_hand_after_the_approval_makes_it_void() -> None:
    post(sale())
    approve_close(OCTOBER)
    post(by_hand())

    with pytest.raises(ContentChanged, match="not what was approved"):
        close_month(yyyymm=OCTOBER, now=NOW)
    assert state() == "soft_closed"

    propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    approve(close_subject(OCTOBER))
    assert close_month(yyyymm=OCTOBER, now=NOW).through_seq == 2


def test_entry_by_hand_before_the_approval_is_noticed_by_the_approver() -> None:
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    seen = propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW).subject_hash
    post(by_hand())

    with pytest.raises(ContentChanged):
        approve_change(subject=close_subject(OCTOBER), by=person("ben"), content_hash=seen, now=NOW)


def test_who_proposes_changed_content_again_is_its_proposer() -> None:
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    post(by_hand())

    again = propose_close(yyyymm=OCTOBER, by=person("ben"), now=NOW)

    assert again.requested_by == person("ben")
    with pytest.raises(SamePerson):
        approve_change(subject=again.subject, by=person("ben"), content_hash=again.subject_hash, now=NOW)


def test_proposing_the_same_again_changes_nothing() -> None:
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    first = propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)

    again = propose_close(yyyymm=OCTOBER, by=person("ben"), now=NOW)

    assert (again.pk, again.requested_by) == (first.pk, person("ana"))


def test_refusal_says_why_and_the_month_stays() -> None:
    soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    subject = close_subject(OCTOBER)

    with pytest.raises(ReasonMissing):
        refuse_change(subject=subject, by=person("ben"), reason=" ", now=NOW)
    refused = refuse_change(
        subject=subject, by=person("ben"), reason="The bank's line of the 30th is missing.", now=NOW
    )

    assert refused.decision == "refused"
    with pytest.raises(NotApproved):
        close_month(yyyymm=OCTOBER, now=NOW)


def test_approval_counts_once() -> None:
    close(OCTOBER)
    reopen(OCTOBER)

    with pytest.raises(NotApproved):
        close_month(yyyymm=OCTOBER, now=NOW)
    with pytest.raises(NotWaiting):
        approve(close_subject(OCTOBER))


def test_approvals_of_other_packages_are_not_decided_here() -> None:
    Approval.objects.create(
        subject="payout_batch:7", subject_hash="a" * 64, requested_by=person("ana"), requested_at=NOW
    )

    with pytest.raises(NotWaiting, match="payout_batch:7"):
        refuse_change(subject="payout_batch:7", by=person("ben"), reason="no", now=NOW)
    with pytest.raises(NotWaiting, match="payout_batch:7"):
        approve_change(subject="payout_batch:7", by=person("ben"), content_hash="a" * 64, now=NOW)


@pytest.mark.parametrize("yyyymm", [199912, 209901])
def test_month_without_a_row_is_named(yyyymm: int) -> None:
    for attempt in (
        lambda: soft_close(yyyymm=yyyymm, by=person("ana"), now=NOW),
        lambda: propose_close(yyyymm=yyyymm, by=person("ana"), now=NOW),
        lambda: close_month(yyyymm=yyyymm, now=NOW),
        lambda: propose_reopen(yyyymm=yyyymm, by=person("ana"), now=NOW),
        lambda: reopen_month(yyyymm=yyyymm, now=NOW),
    ):
        with pytest.raises(NoSuchMonth, match=str(yyyymm)):
            attempt()
    assert not PeriodEvent.objects.exists()


# -- Checks, crashes


def test_what_the_other_packages_find_stops_it() -> None:
    def statement_is_there(yyyymm: int) -> Iterator[str]:
        yield f"the bank statement of {yyyymm} is missing"

    with pytest.raises(ChecksFailed, match="bank statement of 202610") as failed:
        close(OCTOBER, checks=[lambda _: [], statement_is_there])

    assert failed.value.findings == ("the bank statement of 202610 is missing",)
    assert state() == "soft_closed"


def test_changed_entry_stops_the_close_until_it_is_as_posted() -> None:
    [posted] = post(sale())
    check_at_commit()
    approve_close(OCTOBER)
    as_owner("UPDATE ledger_entry SET source = 'order:1' WHERE id = %s", posted.entry_id)

    with pytest.raises(ContentMismatch):
        close_month(yyyymm=OCTOBER, now=NOW)
    assert state() == "closing"
    assert post(by_hand())[0].effective_on == date(2026, 11, 1)

    as_owner("UPDATE ledger_entry SET source = 'order:1042' WHERE id = %s", posted.entry_id)
    assert close_month(yyyymm=OCTOBER, now=NOW).yyyymm == OCTOBER


def test_close_that_crashed_half_way_is_finished_by_the_next_try() -> None:
    post(sale(), gift("ch_nov", effective_on=date(2026, 11, 3)))
    approve_close(OCTOBER)
    closing.call("ledger_begin_close", OCTOBER, NOW)
    assert state() == "closing"
    with pytest.raises(NotSealed, match="202610"):
        closing.call("ledger_finish_close", OCTOBER, NOW)

    closed = close_month(yyyymm=OCTOBER, now=NOW, checks=[lambda _: ["too late to ask"]])

    assert (state(), closed.through_seq) == ("closed", 2)


def test_finish_without_a_begin_is_refused() -> None:
    with pytest.raises(WrongState, match="202610 is open, not closing"):
        closing.call("ledger_finish_close", OCTOBER, NOW)
    with pytest.raises(WrongState, match="not in the books"):
        closing.call("ledger_finish_close", 209901, NOW)


# -- Soft close


def test_soft_close_and_back() -> None:
    ana = person("ana")

    assert soft_close(yyyymm=OCTOBER, by=ana, now=NOW) is Outcome.DONE
    assert soft_close(yyyymm=OCTOBER, by=ana, now=NOW) is Outcome.ALREADY
    assert post(sale())[0].effective_on == date(2026, 11, 1)
    assert lift_soft_close(yyyymm=OCTOBER, by=ana, now=NOW) is Outcome.DONE
    assert lift_soft_close(yyyymm=OCTOBER, by=ana, now=NOW) is Outcome.ALREADY

    assert post(gift())[0].effective_on == date(2026, 10, 20)
    assert list(PeriodEvent.objects.order_by("id").values_list("kind", flat=True)) == ["soft_closed", "opened"]


def test_closed_month_is_not_opened_by_one_person() -> None:
    close(OCTOBER)

    with pytest.raises(WrongState, match="202610 is closed"):
        lift_soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)


# -- Reopening


def test_reopened_month_takes_entries_by_hand_and_its_next_close_is_a_new_one() -> None:
    post(sale())
    first = close(OCTOBER)

    reopen(OCTOBER)
    assert (state(), post(by_hand())[0].effective_on) == ("soft_closed", date(2026, 10, 20))
    assert post(sale("ch_late"))[0].effective_on == date(2026, 11, 1)
    second = close(OCTOBER)

    assert second.event_id > first.event_id and second.through_seq == 3
    assert len(_snapshots(first)) == 5
    assert {str(row.account) for row in _snapshots(second)} - {str(row.account) for row in _snapshots(first)} == {
        "1010",
        "1999",
    }
    kinds = PeriodEvent.objects.filter(period_id=OCTOBER).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["soft_closed", "closing", "closed", "reopened", "closing", "closed"]


def test_empty_month_that_was_reopened_closes_along_with_the_next_one() -> None:
    post(sale("ch_nov", effective_on=date(2026, 11, 2)))
    assert close(OCTOBER).through_seq == 0
    reopen(OCTOBER)

    closed = close(202611)

    assert (state(), current_close(OCTOBER).through_seq, closed.through_seq) == ("closed", 1, 1)
    assert (balances(as_of=LAST_DAY), balances(as_of=date(2026, 11, 30))["1040"]) == ({}, 5186)


def test_month_that_was_opened_wholly_again_closes_on_all_that_came_and_each_number_keeps_its_balances() -> None:
    """B(account, day, s) for an s at the first close, between the two, and at the second one."""
    post(sale())
    first = close(OCTOBER)
    reopen(OCTOBER)
    lift_soft_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    post(sale("ch_late"), sale("ch_later"))
    check_at_commit()
    between = seal_entries(limit=1).through_seq

    second = close(OCTOBER)

    assert (first.through_seq, between, second.through_seq) == (1, 2, 3)
    for through_seq in (1, 2, 3):
        lines = trial_balance(LAST_DAY, through_seq=through_seq)
        assert [line.balance_minor for line in lines if line.code == "1040"] == [5186 * through_seq]


def test_only_the_latest_closed_month_is_reopened() -> None:
    post(sale(), sale("ch_nov", effective_on=date(2026, 11, 2)))
    close(OCTOBER)
    propose_reopen(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    approve(closing.reopen_subject(OCTOBER))
    close(202611)

    with pytest.raises(LaterMonthClosed, match="202611"):
        propose_reopen(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    with pytest.raises(LaterMonthClosed, match="202611"):
        reopen_month(yyyymm=OCTOBER, now=NOW)

    reopen(202611)
    assert (state(OCTOBER), state(202611)) == ("closed", "soft_closed")


def test_reopening_needs_two_persons() -> None:
    close(OCTOBER)

    with pytest.raises(NotApproved, match="ledger:reopen:202610"):
        reopen_month(yyyymm=OCTOBER, now=NOW)
    with pytest.raises(WrongState, match="202611 is open"):
        propose_reopen(yyyymm=202611, by=person("ana"), now=NOW)


def test_approval_to_reopen_is_for_one_close_only() -> None:
    close(OCTOBER)
    reopen(OCTOBER)
    post(by_hand())
    close(OCTOBER)

    with pytest.raises(NotApproved):
        reopen_month(yyyymm=OCTOBER, now=NOW)


# -- What the database refuses by itself


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_periodevent SET through_seq = 9 WHERE kind = 'closed'",
        "DELETE FROM ledger_periodevent",
        "TRUNCATE ledger_periodevent CASCADE",
        "UPDATE ledger_balancesnapshot SET debits_minor = debits_minor + 1",
        "DELETE FROM ledger_balancesnapshot",
        "TRUNCATE ledger_balancesnapshot",
        "UPDATE ledger_anchor SET seq = 9",
        "DELETE FROM ledger_anchor",
        "TRUNCATE ledger_anchor",
    ],
)
def test_what_was_closed_stays(change: str) -> None:
    post(sale())
    close(OCTOBER)
    anchor_head(now=NOW)
    check_at_commit()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        sql(change)


def test_no_month_comes_in_before_a_closed_one() -> None:
    close(OCTOBER)

    with pytest.raises(IntegrityError, match="202001 lies before"), transaction.atomic():
        open_months(around=NOW, since=date(2020, 1, 1))
    with pytest.raises(IntegrityError, match="open"), transaction.atomic():
        sql("INSERT INTO ledger_period (yyyymm, state) VALUES (202901, 'closed')")

    assert open_months(around=date(2026, 12, 1)) == 2


# -- Accounts


def closable(purpose: str) -> int:
    """An account at zero, with its closing proposed and approved."""
    account_id = Account.objects.get(purpose=purpose).pk
    propose_account_closing(account_id=account_id, by=person("ana"), now=NOW)
    approve(closing.close_account_subject(account_id))
    return account_id


def test_account_at_zero_is_closed_by_two_persons_and_takes_no_more() -> None:
    post(entry("a", ("bank", "suspense", 5)), entry("b", ("suspense", "bank", 5)))

    account_id = closable("suspense")
    assert close_account(account_id=account_id) == "closed"
    assert close_account(account_id=account_id) == "already_closed"

    with pytest.raises(BadPosting, match="closed account"), transaction.atomic():
        post(entry("c", ("bank", "suspense", 5)))
    assert seal_all() == 2


def test_account_that_is_not_at_zero_stays_open() -> None:
    post(entry("a", ("bank", "suspense", 5)))

    with pytest.raises(AccountNotZero, match="at -5"):
        close_account(account_id=closable("suspense"))

    post(entry("b", ("bank", "suspense", 5)))


def test_account_is_not_closed_by_one_person_or_without_being_there() -> None:
    post(entry("a", ("bank", "suspense", 5)), entry("b", ("suspense", "bank", 5)))
    account_id = Account.objects.get(purpose="bank").pk

    with pytest.raises(NotApproved):
        close_account(account_id=account_id)
    with pytest.raises(NoSuchAccount):
        close_account(account_id=0)
    with pytest.raises(NoSuchAccount):
        propose_account_closing(account_id=0, by=person("ana"), now=NOW)


# -- Anchors


def test_head_is_anchored_once_a_day_and_only_when_it_has_grown() -> None:
    assert anchor_head(now=NOW) == "nothing_new"
    post(sale())
    through = seal_all()

    assert [anchor_head(now=NOW) for _ in range(2)] == ["anchored", "nothing_new"]

    anchor = Anchor.objects.get()
    assert (anchor.anchored_on, anchor.seq) == (date(2026, 10, 20), through)
    assert bytes(anchor.hash) == bytes(Seal.objects.get(seq=through).hash)
    mail = Mail.objects.get(key="ledger:anchor:2026-10-20")
    assert mail.to == "books@example.org"
    assert f"{through}:{bytes(anchor.hash).hex()}" in mail.text


def test_content_hash_of_a_month_covers_each_account_and_the_close_before() -> None:
    post(sale())
    seen = {current_hash(close_subject(OCTOBER))}
    for change in (
        lambda: post(by_hand()),
        lambda: post(entry("b", ("suspense", "bank", 5), kind="manual")),
        lambda: close(202609),
    ):
        change()
        seen.add(current_hash(close_subject(OCTOBER)))

    assert len(seen) == 4
    post(sale("ch_nov", effective_on=date(2026, 11, 2)))
    assert current_hash(close_subject(OCTOBER)) in seen


def test_row_by_hand_into_a_closed_month_is_refused() -> None:
    post(sale())
    close(OCTOBER)

    with pytest.raises(Exception, match="202610 is closed"), transaction.atomic():
        raw_posting(raw_entry())


def _snapshots(closed: Closed) -> list[BalanceSnapshot]:
    return list(BalanceSnapshot.objects.filter(event_id=closed.event_id).select_related("account"))


def test_month_reopened_before_its_proofs_are_published_is_not_closed_and_publishes_when_it_is(
    books: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(sale())
    check_at_commit()

    def rival_comes_first(**what: Any) -> list[Published]:
        reopen(202610)
        return publish_proofs(**what)

    with monkeypatch.context() as patch, pytest.raises(NotClosed, match="202610"):
        patch.setattr("ledger.operations.close_month.publish_proofs", rival_comes_first)
        close(202610)
    with pytest.raises(NotClosed, match="202610"):
        current_close(202610)

    assert close(202610) == current_close(202610)
