from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from donations import tasks
from donations.models import Gift, Plan
from donations.operations.mark_plan_retrying import mark_plan_retrying
from donations.operations.record_gift import record_gift
from donations.operations.record_plan_gift import record_plan_gift
from donations.operations.stop_plan import stop_plan
from partners.models import Partner
from payments.gateway import StripeUnavailable
from payments.models import Charge
from people.models import Mail, Organisation, User
from people.operations.give_login import give_login
from tests.donations.conftest import checkout_paid, invoice_failed, invoice_paid

MY = reverse("donations:my")
MONTH = timedelta(days=30)


@pytest.fixture
def donor(plan: Plan, promises: list[Partner], now: datetime, client: Client) -> User:
    """Ada, signed in, with a plan whose first gift is paid."""
    record_plan_gift(invoice_paid(plan, now), now=now)
    plan.refresh_from_db()
    assert plan.supporter is not None
    assert plan.supporter.user is not None
    client.force_login(plan.supporter.user)
    return plan.supporter.user


def pay_month(plan: Plan, at: datetime, number: int) -> None:
    record_plan_gift(invoice_paid(plan, at, number), now=at)


def test_my_giving_asks_a_stranger_to_sign_in(client: Client, org: Any) -> None:
    assert client.get(MY)["Location"].startswith("/account/login/")


def test_my_giving_shows_the_next_gift_and_where_each_one_went(
    client: Client, donor: User, plan: Plan, now: datetime
) -> None:
    Charge.objects.filter(charge_id=f"ch_{plan.pk}_1").update(brand="visa", last4="4242")

    page = client.get(MY).content.decode()

    next_day = (now + MONTH - timedelta(hours=6)).strftime("%-d %B %Y")
    assert f"<dd>{next_day}</dd>" in page
    assert "Visa ending 4242" in page
    assert "Monthly gift to Seed Collective" in page
    assert 'href="/partners/dahlias-hope/"' in page
    assert page.count("$10.00") == 4  # two shares of the gift, and the same two of the year


LAST = "on the last day of each month"


@pytest.mark.usefixtures("donor")
@pytest.mark.parametrize(
    ("anchor_day", "next_at", "shown"),
    [
        (10, "2026-11-10T17:00Z", ("10 November 2026", "on the 10th of each month")),
        (10, "2026-11-10T02:00Z", ("9 November 2026", "on the 9th of each month")),  # the evening before, here
        (1, "2026-12-01T02:00Z", ("30 November 2026", LAST)),
        (
            30,
            "2026-11-30T02:00Z",
            ("29 November 2026", "on the 29th of each month, in February on the last day but one"),
        ),
        (31, "2026-11-30T02:00Z", ("29 November 2026", "on the last day but one of each month")),
        (
            31,
            "2026-11-30T17:00Z",
            ("30 November 2026", "on the 31st of each month, or on the last day of a shorter one"),
        ),
        (22, "2026-11-22T17:00Z", ("22 November 2026", "on the 22nd of each month")),
        (13, "2026-11-13T17:00Z", ("13 November 2026", "on the 13th of each month")),
        (None, "2026-11-10T17:00Z", ("10 November 2026",)),
    ],
)
def test_the_plans_day_stands_beside_stripes_next_date(
    client: Client, plan: Plan, anchor_day: int | None, next_at: str, shown: tuple[str, ...]
) -> None:
    Plan.objects.filter(pk=plan.pk).update(anchor_day=anchor_day, next_at=next_at)

    page = client.get(MY).content.decode()

    found = re.findall(r"<dt>(?:Next gift|Taken)</dt><dd>(.*?)</dd>", page)
    assert tuple(found) == shown


@pytest.mark.usefixtures("donor")
@pytest.mark.parametrize(
    ("anchor_day", "next_at", "shown"),
    [
        (10, "2026-11-10T23:30Z", ("11 November 2026", "on the 11th of each month")),  # the morning after, there
        (10, "2026-11-10T12:00Z", ("10 November 2026", "on the 10th of each month")),
        (31, "2026-12-31T23:30Z", ("1 January 2027", "on the 1st of each month")),
        (30, "2026-11-30T23:30Z", ("1 December 2026", "on the 31st of each month, or on the 1st after a shorter one")),
    ],
)
def test_east_of_utc_the_plans_day_may_be_the_next(
    client: Client, plan: Plan, anchor_day: int, next_at: str, shown: tuple[str, ...]
) -> None:
    Organisation.objects.update(zone_name="Europe/Berlin")
    Plan.objects.filter(pk=plan.pk).update(anchor_day=anchor_day, next_at=next_at)

    page = client.get(MY).content.decode()

    assert tuple(re.findall(r"<dt>(?:Next gift|Taken)</dt><dd>(.*?)</dd>", page)) == shown


def test_my_giving_takes_the_same_queries_for_one_gift_as_for_twelve(
    client: Client, donor: User, plan: Plan, now: datetime, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(10) as few:
        client.get(MY)
    for number in range(2, 14):
        pay_month(plan, now + (number - 1) * MONTH, number)

    with django_assert_num_queries(len(few)):
        page = client.get(MY).content.decode()

    assert page.count("Monthly gift to Seed Collective") == 13


def test_a_strangers_giving_stays_unseen(
    client: Client, donor: User, new_plan: Callable[..., Plan], now: datetime
) -> None:
    other = new_plan(email="bea@example.org", amount_minor=9900)
    record_plan_gift(invoice_paid(other, now), now=now)

    assert "$99.00" not in client.get(MY).content.decode()
    assert client.get(reverse("donations:stop", args=[other.pk])).status_code == 404
    assert client.post(reverse("donations:stop", args=[other.pk])).status_code == 404
    other.refresh_from_db()
    assert other.state == "active"


def test_a_user_without_gifts_is_invited(client: Client, org: Any) -> None:
    client.force_login(User.objects.create_user("new@example.org"))

    page = client.get(MY).content.decode()

    assert "You have no monthly gift" in page
    assert "No gift has arrived from this address yet." in page


def test_a_failed_payment_shows_stripes_own_next_attempt(
    client: Client, donor: User, plan: Plan, now: datetime
) -> None:
    fact = invoice_failed(plan, now + MONTH, attempt=1, code="insufficient_funds", retry=now + MONTH)
    mark_plan_retrying(fact, now=now)

    page = client.get(MY).content.decode()

    assert "your card was not charged" in page
    assert (now + MONTH - timedelta(hours=6)).strftime("%-d %B %Y") in page


def test_stopping_takes_one_page_and_no_reason(client: Client, donor: User, plan: Plan) -> None:
    address = reverse("donations:stop", args=[plan.pk])

    question = client.get(address).content.decode()
    answer = client.post(address, follow=True).content.decode()

    plan.refresh_from_db()
    assert question.count('class="button quiet"') == 2
    assert "Your monthly gift is stopped. No further gift will be taken." in answer
    assert "Stopping" in answer
    assert plan.is_stopping
    assert Mail.objects.filter(key=f"plan:{plan.pk}:stopped", to="ada@example.org").count() == 1
    assert client.get(address)["Location"] == MY


def test_looking_at_the_stop_page_stops_nothing(client: Client, donor: User, plan: Plan) -> None:
    client.get(reverse("donations:stop", args=[plan.pk]))

    plan.refresh_from_db()
    assert plan.state == "active"


def test_a_made_up_reason_comes_back(client: Client, donor: User, plan: Plan) -> None:
    answer = client.post(reverse("donations:stop", args=[plan.pk]), {"reason": "because"})

    plan.refresh_from_db()
    assert (answer.status_code, plan.state) == (422, "active")


def test_gifts_given_once_are_in_the_history_of_the_same_address(
    client: Client, donor: User, gift: Gift, now: datetime
) -> None:
    record_gift(checkout_paid(gift, now), now=now)

    page = client.get(MY).content.decode()

    assert '\n        <p class="soft">Gift to Seed Collective</p>' in page
    assert "$50.00 in" in page


def test_one_plans_trouble_does_not_keep_another_running(
    donor: User, plan: Plan, new_plan: Callable[..., Plan], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_plan(email="bea@example.org")
    record_plan_gift(invoice_paid(other, now), now=now)
    for stopped in (plan, other):
        stop_plan(plan_id=stopped.pk, now=now)
    asked: list[tuple[str, str]] = []

    def cancel(*, subscription_ref: str, attempt_key: str, now: datetime, subject: str) -> None:
        asked.append((subject, attempt_key))
        if subject == plan.ref:
            raise StripeUnavailable

    monkeypatch.setattr("donations.operations.confirm_stop.cancel_subscription", cancel)

    assert tasks.confirm_stops() == 1
    tasks.confirm_stops()

    assert [subject for subject, _ in asked] == [plan.ref, other.ref] * 2
    assert len({key for _, key in asked}) == 2


def test_a_supporter_with_a_login_keeps_it(donor: User, plan: Plan) -> None:
    plan.refresh_from_db()
    assert plan.supporter is not None
    assert give_login(supporter=plan.supporter) == donor
    assert User.objects.filter(email="ada@example.org").count() == 1
