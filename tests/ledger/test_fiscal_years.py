"""A correction of a closed fiscal year's gift or grant stays out of this year's figures."""

from __future__ import annotations

from datetime import date

import pytest

from ledger import builders
from ledger.builders import Parts
from ledger.drafts import EntryDraft
from ledger.fiscal_years import is_closed, last_month
from ledger.operations.post_entry import Outcome
from people.models import Organisation
from tests.ledger.facts import DAHLIAS_HOPE, WHEN, accrual, balances, gift, post
from tests.ledger.raw import as_owner


@pytest.fixture
def organisation(books: None) -> Organisation:
    return Organisation.objects.create(display_name="Tassel Collective", fiscal_year_starts="07-01")


@pytest.mark.parametrize(
    ("day", "starts_in", "month"),
    [
        (date(2026, 1, 1), 1, 202612),
        (date(2026, 12, 31), 1, 202612),
        (date(2026, 6, 30), 7, 202606),
        (date(2026, 7, 1), 7, 202706),
        (date(2026, 11, 30), 12, 202611),
        (date(2026, 12, 1), 12, 202711),
    ],
)
def test_last_month_of_the_year(day: date, starts_in: int, month: int) -> None:
    assert last_month(day, starts_in) == month


@pytest.mark.parametrize(("state", "closed"), [("closed", True), ("closing", False), ("soft_closed", False)])
def test_year_is_closed_with_its_last_month(organisation: Organisation, state: str, closed: bool) -> None:
    as_owner("UPDATE ledger_period SET state = %s WHERE yyyymm = 202606", state)

    assert [is_closed(day) for day in (date(2026, 6, 30), date(2025, 7, 1))] == [closed, closed]
    assert [is_closed(day) for day in (date(2026, 7, 1), date(2025, 6, 30))] == [False, False]


@pytest.mark.usefixtures("books")
def test_what_is_taken_back_of_a_closed_year_leaves_this_years_gifts_and_grants_alone() -> None:
    post(gift(), accrual(amount_minor=2000))

    post(refund(prior_year=True), reversal(prior_year=True))

    assert balances() == {
        "4010/fund:seed-collective": -5000,
        "4015": -180,
        "4090/fund:seed-collective": 5180,
        "5110": 2000,
        "5190": -2000,
    }


@pytest.mark.usefixtures("books")
def test_same_refund_told_again_after_the_year_closed_is_the_same_fact() -> None:
    post(gift(), accrual(amount_minor=2000), refund(), reversal())

    again = post(refund(prior_year=True), reversal(prior_year=True))

    assert {posted.outcome for posted in again} == {Outcome.ALREADY_POSTED}


def refund(*, prior_year: bool = False) -> EntryDraft:
    parts = Parts(gift_minor=5000, cover_minor=180, fund="seed-collective", prior_year=prior_year)
    return builders.refund(refund_ref="stripe:refund:re_1", source="gift:7", parts=parts, **WHEN)


def reversal(*, prior_year: bool = False) -> EntryDraft:
    return builders.reversal(
        allocation_ref="allocation:1",
        cause="stripe:refund:re_1",
        partner=DAHLIAS_HOPE,
        amount_minor=2000,
        prior_year=prior_year,
        source="gift:7",
        **WHEN,
    )
