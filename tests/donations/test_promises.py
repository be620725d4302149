"""Which promises bind a gift: those of its fund, of a campaign of that fund that runs, and of all gifts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from donations.models import Campaign, Fund
from donations.queries import kept_percent, promises_of_fund
from partners.models import Partner
from people.queries import local_day
from tests.shop.conftest import promise

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(fund: Fund, now: datetime) -> Campaign:
    today = local_day(now)
    return Campaign.objects.create(
        slug="spring", name="Spring", fund=fund, goal_members=10, opens_on=today, closes_on=today + timedelta(days=1)
    )


@pytest.fixture
def hope(db: None) -> Partner:
    return Partner.objects.create(slug="hope", name="Hope")


def days(now: datetime) -> dict[str, date]:
    return {"starts_on": date(now.year - 1, 1, 1), "ends_on": date(now.year + 1, 12, 31)}


def test_a_campaign_binds_its_funds_gifts_while_it_runs(
    campaign: Campaign, hope: Partner, fund: Fund, now: datetime
) -> None:
    promise(hope, "gifts", rate_num=10, **days(now))
    promise(hope, "campaign:spring", rate_num=50, **days(now))

    during = promises_of_fund(fund, now)
    before = promises_of_fund(fund, now - timedelta(days=1))
    after = promises_of_fund(fund, now + timedelta(days=2))

    assert [one.scope_key for one in during] == ["campaign:spring"]
    assert [one.scope_key for one in before] == [one.scope_key for one in after] == ["gifts"]


def test_a_funds_own_promise_comes_before_its_campaigns(
    campaign: Campaign, hope: Partner, fund: Fund, now: datetime
) -> None:
    promise(hope, "campaign:spring", rate_num=50, **days(now))
    promise(hope, f"fund:{fund.slug}", rate_num=20, **days(now))

    assert [one.scope_key for one in promises_of_fund(fund, now)] == [f"fund:{fund.slug}"]


def test_what_an_amount_leaves_is_not_said_in_percent(hope: Partner, fund: Fund, now: datetime) -> None:
    promise(hope, "gifts", per="payment", each_minor=500, rate_num=0, rate_den=1, **days(now))

    assert kept_percent(promises_of_fund(fund, now)) == ""
