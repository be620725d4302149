"""A fact lands in its own month while that is open, and on the first day of the next one that takes it after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from ledger import tasks
from ledger.models import Entry, Period
from ledger.operations.open_months import open_months
from ledger.operations.post_entry import NoSuchMonth, Outcome, Posted, post_entry
from people.models import Organisation
from people.queries import local_day
from tests.ledger.closing import close
from tests.ledger.facts import DAY, NOW, accrual, balances, entry, post, sale
from tests.ledger.raw import check_at_commit

pytestmark = pytest.mark.usefixtures("books")


def set_state(state: str, *months: int) -> None:
    Period.objects.filter(yyyymm__in=months).update(state=state)


@pytest.mark.parametrize("state", ["soft_closed", "closing", "closed"])
def test_fact_of_a_month_that_is_not_open_moves_to_the_next(state: str) -> None:
    set_state(state, 202610)

    [posted] = post(sale())

    written = Entry.objects.get(pk=posted.entry_id)
    assert posted.effective_on == written.effective_date == date(2026, 11, 1)
    assert written.event_at == NOW
    assert set(written.postings.values_list("effective_date", flat=True)) == {date(2026, 11, 1)}
    assert balances(as_of=date(2026, 10, 31)) == {}


def test_fact_passes_over_months_that_do_not_take_it() -> None:
    set_state("closed", 202610, 202612)
    set_state("soft_closed", 202611)

    [posted] = post(sale())

    assert posted.effective_on == date(2027, 1, 1)


def test_entry_by_hand_may_go_to_a_softly_closed_month() -> None:
    set_state("soft_closed", 202610)

    by_hand, other = post(
        entry("a", ("bank", "suspense", 5), kind="manual"), entry("b", ("bank", "suspense", 5), kind="bank_line")
    )

    assert by_hand.effective_on == DAY
    assert other.effective_on == date(2026, 11, 1)


def test_entry_by_hand_may_not_go_to_a_closed_month() -> None:
    set_state("closed", 202610)

    [posted] = post(entry("a", ("bank", "suspense", 5), kind="manual"))

    assert posted.effective_on == date(2026, 11, 1)


def test_same_fact_after_its_month_closed_gives_back_the_first_entry() -> None:
    [first] = post(sale())
    set_state("closed", 202610)

    [again] = post(sale())

    assert (again.entry_id, again.effective_on, again.outcome) == (first.entry_id, DAY, Outcome.ALREADY_POSTED)


def test_fact_that_was_moved_is_a_replay_when_it_comes_again() -> None:
    set_state("closed", 202610)
    [moved] = post(sale())
    set_state("open", 202610)

    [again] = post(sale())

    assert (again.entry_id, again.effective_on) == (moved.entry_id, date(2026, 11, 1))


def test_month_without_a_row_is_refused_and_the_transaction_goes_on() -> None:
    with pytest.raises(NoSuchMonth, match="1999-12-31"):
        post(sale(effective_on=date(1999, 12, 31)))

    assert not Entry.objects.exists()


def test_when_no_later_month_is_open_the_fact_is_refused() -> None:
    Period.objects.filter(yyyymm__gte=202610).update(state="closed")

    with pytest.raises(NoSuchMonth):
        post(sale())


def test_batch_over_a_month_end_lands_in_both_months() -> None:
    set_state("closed", 202609)

    results = post(*(sale(f"ch_{day}", effective_on=day) for day in (date(2026, 10, 1), date(2026, 9, 30), DAY)))

    assert [posted.effective_on for posted in results] == [date(2026, 10, 1), date(2026, 10, 1), DAY]


def test_open_months_are_two_years_each_way_and_made_once() -> None:
    months = sorted(Period.objects.values_list("yyyymm", flat=True))

    assert (len(months), months[0], months[-1]) == (49, 202410, 202810)
    assert open_months(around=NOW) == 0


def test_beat_keeps_two_years_ahead_in_the_books() -> None:
    with time_machine.travel(datetime(2027, 1, 15, tzinfo=UTC)):
        made = [tasks.look_ahead(), tasks.look_ahead()]

    months = sorted(Period.objects.values_list("yyyymm", flat=True))
    assert made == [3, 0]
    assert (months[0], months[-3:]) == (202410, [202811, 202812, 202901])


def test_open_months_leaves_closed_ones_closed() -> None:
    set_state("closed", 202610)

    assert open_months(around=date(2026, 12, 31)) == 2
    assert Period.objects.get(pk=202610).state == "closed"


def test_open_months_from_a_given_month() -> None:
    assert open_months(around=NOW, since=date(2020, 1, 15), ahead=0) == 57
    assert Period.objects.order_by("yyyymm")[0].yyyymm == 202001


def test_open_months_from_after_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match="after the last month"):
        open_months(around=NOW, since=date(2030, 1, 1), ahead=1)


# -- Whose day it is


@pytest.fixture
def chicago(db: None) -> Organisation:
    return Organisation.objects.create(display_name="Tassel Collective", zone_name="America/Chicago")


def told(at: datetime) -> Posted:
    """A sale at a moment, posted on the organisation's own day."""
    with transaction.atomic():
        return post_entry(sale(event_at=at, effective_on=local_day(at)), now=at)


def test_sale_of_the_last_evening_is_of_the_month_that_ends(chicago: Organisation) -> None:
    """rules/ledger.md section 10 case 15: 3:00 on 1 November in London is 22:00 on 31 October in Chicago."""
    posted = told(datetime(2026, 11, 1, 3, 0, tzinfo=UTC))

    assert posted.effective_on == date(2026, 10, 31)
    assert balances(as_of=date(2026, 10, 31))["1040"] == 5186


def test_sale_of_the_last_evening_told_after_the_close_goes_to_the_first_and_keeps_its_moment(
    chicago: Organisation,
) -> None:
    """rules/ledger.md section 11 case 12, with the real close."""
    at = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
    post(accrual())
    check_at_commit()
    close(202610)
    october = balances(as_of=date(2026, 10, 31))

    posted = told(at)

    assert posted.effective_on == date(2026, 11, 1)
    assert Entry.objects.get(pk=posted.entry_id).event_at == at
    assert balances(as_of=date(2026, 10, 31)) == october == {"2110/partner:1": -864, "5110": 864}
    assert told(at) == Posted(posted.entry_id, Outcome.ALREADY_POSTED, date(2026, 11, 1))


@pytest.mark.parametrize(
    ("last_second", "day"),
    [
        (datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC), date(2026, 10, 31)),  # still summer time
        (datetime(2026, 11, 2, 5, 59, 59, tzinfo=UTC), date(2026, 11, 1)),  # 25 hours long
        (datetime(2027, 3, 15, 4, 59, 59, tzinfo=UTC), date(2027, 3, 14)),  # 23 hours long
        (datetime(2027, 3, 1, 5, 59, 59, tzinfo=UTC), date(2027, 2, 28)),
        (datetime(2028, 3, 1, 5, 59, 59, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2027, 1, 1, 5, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
    ],
)
def test_day_ends_with_its_last_second_in_the_organisations_zone(
    chicago: Organisation, last_second: datetime, day: date
) -> None:
    first, second = (
        post_entry(sale(f"ch_{at.second}", event_at=at, effective_on=local_day(at)), now=at)
        for at in (last_second, last_second + timedelta(seconds=1))
    )

    assert (first.effective_on, second.effective_on) == (day, day + timedelta(days=1))
    assert (balances(as_of=day)["1040"], balances(as_of=day + timedelta(days=1))["1040"]) == (5186, 10372)
