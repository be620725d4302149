from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.template.loader import render_to_string

from donations.models import Campaign, Fund, Gift, Plan
from donations.operations.define_campaign import GoalRaised, define_campaign
from donations.operations.record_plan_gift import record_plan_gift
from donations.operations.stop_plan import stop_plan
from donations.queries import Progress, campaign_progress, running_campaign
from tests.donations.conftest import invoice_paid

LAST_MONTH_DAY = timedelta(days=40)


@pytest.fixture
def campaign(fund: Fund, now: datetime) -> Campaign:
    """Fifteen new members within ten days around now."""
    return define_campaign(
        slug="fifteen", name="15 more people", fund=fund, goal_members=15,
        opens_on=now.date() - timedelta(days=5), closes_on=now.date() + timedelta(days=5),
    )  # fmt: skip


def join(plan: Plan, at: datetime) -> Plan:
    record_plan_gift(invoice_paid(plan, at), now=at)
    return plan


def test_members_count_from_their_first_paid_gift(
    campaign: Campaign, new_plan: Callable[..., Plan], now: datetime
) -> None:
    join(new_plan("a@example.org"), now)
    join(new_plan("b@example.org"), now)
    new_plan("never-paid@example.org")
    join(new_plan("earlier@example.org"), now - LAST_MONTH_DAY)

    assert campaign_progress(campaign) == Progress("15 more people", 15, 2, 0, campaign.closes_on)


def test_who_leaves_is_shown_and_not_counted(campaign: Campaign, new_plan: Callable[..., Plan], now: datetime) -> None:
    join(new_plan("a@example.org"), now)
    leaver = join(new_plan("b@example.org"), now)
    stop_plan(plan_id=leaver.pk, now=now)

    progress = campaign_progress(campaign)

    assert (progress.joined, progress.left, progress.net) == (2, 1, 1)
    assert progress.sentence == "1 of 15 new members"


def test_a_failed_payment_does_not_take_a_member_away_before_the_end(
    campaign: Campaign, new_plan: Callable[..., Plan], now: datetime
) -> None:
    plan = join(new_plan("a@example.org"), now)
    Plan.objects.filter(pk=plan.pk).update(state="retrying")

    assert campaign_progress(campaign).net == 1


def test_a_second_plan_is_no_second_member(campaign: Campaign, new_plan: Callable[..., Plan], now: datetime) -> None:
    join(new_plan("a@example.org"), now - timedelta(hours=1))
    join(new_plan("a@example.org"), now)

    progress = campaign_progress(campaign)

    assert (progress.joined, progress.left) == (1, 0)


@pytest.mark.parametrize(("days_away", "counted"), [(89, 0), (91, 1)])
def test_who_comes_back_counts_as_new_after_ninety_days(
    campaign: Campaign, new_plan: Callable[..., Plan], now: datetime, days_away: int, counted: int
) -> None:
    left_at = now - timedelta(days=days_away)
    earlier = join(new_plan("a@example.org"), left_at - timedelta(days=30))
    stop_plan(plan_id=earlier.pk, now=left_at)
    join(new_plan("a@example.org"), now)

    assert campaign_progress(campaign).joined == counted


def test_a_first_gift_given_back_is_no_member(campaign: Campaign, new_plan: Callable[..., Plan], now: datetime) -> None:
    join(new_plan("a@example.org"), now)
    Gift.objects.update(refunded_minor=2500)

    assert campaign_progress(campaign).joined == 0


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        (datetime(2026, 3, 1, 5, 59, tzinfo=UTC), 0),  # 28 February, 23:59 in Kansas City
        (datetime(2026, 3, 1, 6, 0, tzinfo=UTC), 1),
        (datetime(2026, 4, 1, 4, 59, tzinfo=UTC), 1),  # summer time by then: 31 March, 23:59
        (datetime(2026, 4, 1, 5, 0, tzinfo=UTC), 0),
    ],
)
def test_the_window_is_in_local_days(fund: Fund, new_plan: Callable[..., Plan], at: datetime, counted: int) -> None:
    march = define_campaign(
        slug="march", name="March", fund=fund, goal_members=15, opens_on=date(2026, 3, 1), closes_on=date(2026, 3, 31)
    )
    join(new_plan("a@example.org"), at)

    assert campaign_progress(march).joined == counted


@pytest.mark.parametrize(("joined", "left", "percent"), [(0, 0, 0), (14, 0, 93), (15, 0, 100), (20, 1, 100), (1, 3, 0)])
def test_percent_is_floored_and_full_only_when_reached(joined: int, left: int, percent: int) -> None:
    assert Progress("x", 15, joined, left, date(2026, 3, 31)).percent == percent


def test_the_thermometer_says_its_sentence(campaign: Campaign) -> None:
    page = render_to_string(
        "donations/campaign.html", {"progress": Progress("15 more people", 15, 14, 1, date(2026, 3, 31))}
    )

    assert 'role="progressbar"' in page and 'aria-valuenow="13"' in page
    assert "13 of 15 new members" in page and "(14 joined, 1 left)" in page


def test_a_running_campaign_is_found_and_its_goal_never_raised(campaign: Campaign, now: datetime) -> None:
    assert running_campaign(now) == campaign
    assert running_campaign(now + timedelta(days=30)) is None
    with pytest.raises(GoalRaised):
        define_campaign(
            slug="fifteen", name="x", fund=campaign.fund, goal_members=16, opens_on=campaign.opens_on,
            closes_on=campaign.closes_on,
        )  # fmt: skip
