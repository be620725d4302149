"""Each close and reopening takes two persons of its own: an approval is the last word about a month as it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from ledger.closing import (
    AlreadyApproved,
    ContentChanged,
    LaterMonthClosed,
    NotApproved,
    NotWaiting,
    SamePerson,
    WrongState,
    close_subject,
    current_hash,
    reopen_subject,
)
from ledger.models import Period, PeriodEvent
from ledger.operations.abort_close import abort_close
from ledger.operations.approve_change import approve_change
from ledger.operations.close_month import close_month
from ledger.operations.post_entry import NoSuchMonth
from ledger.operations.propose_close import propose_close
from ledger.operations.propose_reopen import propose_reopen
from ledger.operations.refuse_change import refuse_change
from ledger.operations.reopen_month import reopen_month
from ledger.operations.seal_entries import ContentMismatch
from ledger.operations.soft_close import lift_soft_close, soft_close
from people.models import Approval, Organisation
from tests.ledger.closing import approve, approve_close, close, person, reopen
from tests.ledger.facts import NOW, entry, post, sale
from tests.ledger.raw import as_owner, check_at_commit

pytestmark = pytest.mark.usefixtures("books")
OCTOBER = 202610
SUBJECT = close_subject(OCTOBER)


@pytest.fixture(autouse=True)
def organisation(books: None) -> None:
    Organisation.objects.create(pk=1, display_name="T")
    post(sale())


def state(yyyymm: int = OCTOBER) -> str:
    return Period.objects.get(pk=yyyymm).state


def waiting(subject: str = SUBJECT) -> Approval:
    """A question past `propose_close`, as a rival or a shell would write it."""
    content = current_hash(subject)
    return Approval.objects.create(subject=subject, subject_hash=content, requested_by=person("ana"), requested_at=NOW)


def decided(approval: Approval, decision: str) -> None:
    """Past the operations, which would look at the content."""
    Approval.objects.filter(pk=approval.pk).update(decision=decision, decided_by=person("ben"), decided_at=NOW)


def take_back(by: str = "ben", subject: str = SUBJECT) -> Approval:
    return refuse_change(subject=subject, by=person(by), reason="Not yet.", now=NOW)


def test_refusal_after_the_approval_is_the_last_word() -> None:
    approve_close(OCTOBER)
    decided(waiting(), "refused")

    with pytest.raises(NotApproved):
        close_month(yyyymm=OCTOBER, now=NOW)
    assert state() == "soft_closed"


def test_what_is_approved_is_not_asked_again() -> None:
    approve_close(OCTOBER)

    with pytest.raises(AlreadyApproved):
        propose_close(yyyymm=OCTOBER, by=person("ana"), now=NOW)

    close_month(yyyymm=OCTOBER, now=NOW)
    propose_reopen(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    approve(reopen_subject(OCTOBER))
    with pytest.raises(AlreadyApproved):
        propose_reopen(yyyymm=OCTOBER, by=person("ana"), now=NOW)


@pytest.mark.parametrize("by", ["ben", "cem"])
def test_approval_is_taken_back_by_anybody_but_who_asked(by: str) -> None:
    approve_close(OCTOBER)
    with pytest.raises(SamePerson):
        take_back(by="ana")

    taken = take_back(by)

    assert (taken.decision, taken.requested_by, taken.reason) == ("refused", person("ana"), "Not yet.")
    with pytest.raises(NotApproved):
        close_month(yyyymm=OCTOBER, now=NOW)
    with pytest.raises(NotWaiting):
        take_back(by)
    close(OCTOBER)
    assert PeriodEvent.objects.get(period_id=OCTOBER, kind="closed").approval_id > taken.pk


def test_approval_that_was_used_is_not_taken_back() -> None:
    close(OCTOBER)

    with pytest.raises(NotWaiting):
        take_back()
    assert state() == "closed"


def test_question_that_waits_across_a_close_is_void() -> None:
    approve_close(OCTOBER)
    left = waiting()

    close_month(yyyymm=OCTOBER, now=NOW)

    left.refresh_from_db()
    assert (left.decision, left.decided_by, left.decided_at) == ("void", None, NOW)
    with pytest.raises(NotWaiting):
        approve(SUBJECT)


def test_question_that_comes_as_the_month_closes_approves_no_later_close() -> None:
    """A rival who asks at the same moment writes after the close; whoever approves it approves nothing."""
    close(202609)
    approve_close(OCTOBER)
    content = current_hash(SUBJECT)
    close_month(yyyymm=OCTOBER, now=NOW)
    late = waiting()
    Approval.objects.filter(pk=late.pk).update(subject_hash=content)

    with pytest.raises(ContentChanged):
        approve_change(subject=SUBJECT, by=person("ben"), content_hash=content, now=NOW)
    decided(late, "approved")
    reopen(OCTOBER)
    with pytest.raises(ContentChanged):
        close_month(yyyymm=OCTOBER, now=NOW)
    assert state() == "soft_closed"


def test_question_that_waits_across_a_reopening_is_void() -> None:
    close(OCTOBER)
    left = waiting()
    propose_reopen(yyyymm=OCTOBER, by=person("ana"), now=NOW)
    approve(reopen_subject(OCTOBER))
    again = waiting(reopen_subject(OCTOBER))

    reopen_month(yyyymm=OCTOBER, now=NOW)

    assert [Approval.objects.get(pk=row.pk).decision for row in (left, again)] == ["void", "void"]


def test_question_about_a_month_that_closes_along_is_void() -> None:
    left = waiting(close_subject(202609))

    close(OCTOBER)

    assert Approval.objects.get(pk=left.pk).decision == "void"


def test_who_opens_the_month_again_takes_the_approval_with_it() -> None:
    approve_close(OCTOBER)
    lift_soft_close(yyyymm=OCTOBER, by=person("cem"), now=NOW)
    soft_close(yyyymm=OCTOBER, by=person("cem"), now=NOW)

    with pytest.raises(ContentChanged):
        close_month(yyyymm=OCTOBER, now=NOW)


# -- A close that cannot be finished


def stuck(*earlier: Callable[[], object]) -> int:
    """October is closing and holds an entry that cannot be sealed; the entry."""
    [posted] = post(sale("ch_odd"))
    check_at_commit()
    for deed in earlier:
        deed()
    approve_close(OCTOBER)
    as_owner("UPDATE ledger_entry SET source = 'order:1' WHERE id = %s", posted.entry_id)
    with pytest.raises(ContentMismatch):
        close_month(yyyymm=OCTOBER, now=NOW)
    assert (state(), state(202609)) == ("closing", "closing")
    return posted.entry_id


def test_close_that_is_stuck_is_taken_back_and_the_next_one_takes_two_again() -> None:
    odd = stuck(lambda: soft_close(yyyymm=202608, by=person("ana"), now=NOW))

    abort_close(yyyymm=OCTOBER, by=person("cem"), now=NOW)

    assert [state(month) for month in (202607, 202608, 202609, OCTOBER)] == [
        "open",
        "soft_closed",
        "open",
        "soft_closed",
    ]
    last = {month: PeriodEvent.objects.filter(period_id=month).last() for month in (202607, 202608, OCTOBER)}
    assert [(event and event.kind, event and event.by) for event in last.values()] == [
        ("opened", person("cem")),
        ("soft_closed", person("cem")),
        ("soft_closed", person("cem")),
    ]
    assert post(entry("m:1", ("bank", "suspense", 5), kind="manual"))[0].effective_on == date(2026, 10, 20)
    as_owner("UPDATE ledger_entry SET source = 'order:1042' WHERE id = %s", odd)
    with pytest.raises(NotApproved):
        close_month(yyyymm=OCTOBER, now=NOW)
    assert close(OCTOBER).through_seq == 3


def test_only_a_close_that_is_under_way_is_taken_back_and_the_last_one_first() -> None:
    stuck()

    for yyyymm, refusal in ((202609, LaterMonthClosed), (202611, WrongState), (209901, NoSuchMonth)):
        with pytest.raises(refusal, match=str(yyyymm)):
            abort_close(yyyymm=yyyymm, by=person("cem"), now=NOW)
    assert (state(), state(202609)) == ("closing", "closing")


def test_closed_month_is_not_opened_by_taking_its_close_back() -> None:
    close(OCTOBER)

    with pytest.raises(WrongState, match="202610 is closed"):
        abort_close(yyyymm=OCTOBER, by=person("cem"), now=NOW)
