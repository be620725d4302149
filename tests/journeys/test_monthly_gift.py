"""A donor's year in small: a monthly gift by the real doors, renewals, a card that fails, and the end of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from donations import tasks as donations_tasks
from donations.models import Gift, Plan
from ledger import books
from ledger.models import Entry
from ledger.queries import balance
from partners.models import Partner
from payments import tasks as payments_tasks
from payments.models import CheckoutSession, StripeEvent
from people import clock
from people.models import Supporter
from people.tasks import send_mails
from tests.donations.conftest import EMAIL, make_fund, make_org, make_promises
from tests.journeys.visitor import DECLINED_CARD, GOOD_CARD, HIDDEN, Visitor
from tests.local_stripe import LocalStripe

pytestmark = pytest.mark.django_db(transaction=True)

FORM = "/give/?fund=seed-collective"
MONTHLY = {"often": "month", "amount": "2500", "name": "Ada", "email": EMAIL}
ONCE = MONTHLY | {"often": "once"}
FAILS_LATER = "4000000000000341"


@pytest.fixture
def partners(transactional_db: None, settings: Any) -> list[Partner]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    now = clock.wall_now()
    make_org(now)
    return make_promises(make_fund(), now)


@pytest.fixture
def donor(partners: list[Partner], live_server: Any, webhooks: LocalStripe) -> Visitor:
    return Visitor(live_server.url)


def work(stripe: LocalStripe) -> None:
    """What worker and beat do, until nothing is left to do."""
    for _ in range(2):
        stripe.settle()
        stripe.drain()
        payments_tasks.process_events()
        donations_tasks.confirm_stops()
    send_mails()


def join(donor: Visitor, card: str = GOOD_CARD, **changes: str) -> str:
    donor.go(FORM)
    donor.send(FORM, **{**MONTHLY, **changes})
    return donor.pay_with(card)


def sign_in(donor: Visitor, stripe: LocalStripe) -> str:
    """To My giving by the code in the mail."""
    donor.go("/my/")
    send_here(donor, email=EMAIL)
    send_mails()
    code = re.search(r"^\s{4}(\S+)\s*$", stripe.mails(EMAIL)[0]["text"], re.MULTILINE)
    assert code is not None
    return send_here(donor, code=code.group(1))


def send_here(donor: Visitor, **typed: str) -> str:
    """Send a form that has no address of its own to the page on which it stands."""
    hidden = {found["name"]: found["value"] for found in HIDDEN.finditer(donor.page)}
    return donor.see(donor.http.post(donor.url, data=hidden | typed, headers={"Referer": donor.url}, timeout=30))


def subjects(stripe: LocalStripe) -> list[str]:
    return [mail["subject"] for mail in reversed(stripe.mails(EMAIL))]


def owed(partners: list[Partner]) -> list[int]:
    return [-balance("payable", partner.owner) for partner in partners]


def findings() -> list[str]:
    return [finding for result in books.run() for finding in result.findings]


def test_a_year_in_small(donor: Visitor, webhooks: LocalStripe, partners: list[Partner]) -> None:
    page = join(donor)
    assert "Thank you. Your monthly gift has started" in page
    assert page.count("$10.00") == 2
    work(webhooks)
    assert owed(partners) == [1000, 1000]
    assert (balance("clearing"), balance("contributions", "fund:seed-collective")) == (0, -2500)

    webhooks.advance(days=32)
    work(webhooks)
    assert [gift.charged_minor for gift in Gift.objects.filter(state="paid")] == [2500, 2500]
    assert owed(partners) == [2000, 2000]

    page = sign_in(donor, webhooks)
    assert "Visa ending 4242" in page
    assert page.count("Monthly gift to Seed Collective") == 2
    plan = Plan.objects.get()
    assert f"{plan.next_at:%B %Y}" in page

    donor.go(f"/my/plans/{plan.pk}/stop/")
    page = donor.send(f"/my/plans/{plan.pk}/stop/", reason="money")
    assert "Your monthly gift is stopped." in page
    assert "Stopping" in page
    work(webhooks)
    assert "You have no monthly gift" in donor.go("/my/")

    webhooks.advance(days=40)
    work(webhooks)
    assert Gift.objects.filter(state="paid").count() == 2
    assert [mail for mail in subjects(webhooks) if "code" not in mail.lower()] == [
        "Your monthly gift of $25.00 has started",
        "Thank you for $25.00 this month",
        "Your monthly gift is stopped",
    ]
    assert (owed(partners), balance("clearing"), findings()) == ([2000, 2000], 0, [])
    assert not StripeEvent.objects.filter(state="dead").exists()


def test_a_gift_given_once(donor: Visitor, webhooks: LocalStripe, partners: list[Partner]) -> None:
    page = join(donor, **ONCE | {"amount": "other", "own_amount": "12.34"})

    assert "Thank you for $12.34" in page
    assert page.count("$4.94") == 2
    work(webhooks)
    assert (owed(partners), balance("contributions", "fund:seed-collective")) == ([494, 494], -1234)
    assert subjects(webhooks) == ["Thank you for $12.34"]
    assert findings() == []


def test_a_declined_card_takes_nothing_and_another_one_still_works(
    donor: Visitor, webhooks: LocalStripe, partners: list[Partner]
) -> None:
    join(donor, DECLINED_CARD)
    assert donor.url.startswith(webhooks.url)
    work(webhooks)
    assert (Entry.objects.count(), Supporter.objects.count(), subjects(webhooks)) == (0, 0, [])

    assert "Your monthly gift has started" in donor.pay_with(GOOD_CARD)

    work(webhooks)
    assert (owed(partners), Gift.objects.count(), findings()) == ([1000, 1000], 1, [])


def test_a_page_left_open_closes_without_a_trace(
    donor: Visitor, webhooks: LocalStripe, partners: list[Partner]
) -> None:
    donor.go(FORM)
    donor.send(FORM, **MONTHLY)

    webhooks.advance(hours=2)
    work(webhooks)

    assert (Plan.objects.get().state, CheckoutSession.objects.get().state) == ("expired", "expired")
    assert (Entry.objects.count(), subjects(webhooks)) == (0, [])


def test_the_same_form_again_leads_to_the_same_page_and_another_amount_closes_it(
    donor: Visitor, webhooks: LocalStripe, partners: list[Partner]
) -> None:
    donor.go(FORM)
    form = donor.page
    donor.send(FORM, **MONTHLY)
    first = donor.url
    donor.page, donor.url = form, donor.web + FORM
    donor.send(FORM, **MONTHLY)
    assert donor.url == first

    donor.page, donor.url = form, donor.web + FORM
    donor.send(FORM, **MONTHLY | {"amount": "5000"})
    assert donor.url != first

    assert [plan.state for plan in Plan.objects.order_by("pk")] == ["expired", "pending"]
    donor.pay_with(GOOD_CARD)
    work(webhooks)
    assert (owed(partners), findings()) == ([2000, 2000], [])


def test_a_donor_who_never_comes_back_is_found_by_the_webhook(
    donor: Visitor, webhooks: LocalStripe, partners: list[Partner]
) -> None:
    donor.go(FORM)
    donor.send(FORM, **MONTHLY)
    donor.pay_with(GOOD_CARD, come_back=False)

    work(webhooks)

    assert (Plan.objects.get().state, owed(partners)) == ("active", [1000, 1000])


def test_a_card_that_fails_is_tried_again_told_and_given_up_once(
    donor: Visitor, webhooks: LocalStripe, partners: list[Partner]
) -> None:
    join(donor, FAILS_LATER)
    work(webhooks)

    webhooks.advance(days=32)
    work(webhooks)
    plan = Plan.objects.get()
    assert plan.state == "retrying"
    assert plan.retry_at is not None
    assert plan.retry_at > clock.now()
    assert f"{plan.retry_at - timedelta(hours=6):%B %Y}" in sign_in(donor, webhooks)

    webhooks.advance(days=20)
    work(webhooks)
    plan.refresh_from_db()
    assert (plan.state, plan.is_stopping) == ("lapsed", False)

    webhooks.advance(days=40)
    work(webhooks)
    assert Gift.objects.count() == 1
    told = [mail for mail in subjects(webhooks) if "code" not in mail.lower()]
    assert told[0] == "Your monthly gift of $25.00 has started"
    assert told[-1] == "Your monthly gift has ended"
    assert 1 <= told.count("Your gift of $25.00 did not go through") <= 2
    assert len(told) == 2 + told.count("Your gift of $25.00 did not go through")
    assert (owed(partners), balance("clearing"), findings()) == ([1000, 1000], 0, [])


def test_every_event_again_and_in_reverse_changes_nothing(
    donor: Visitor, webhooks: LocalStripe, partners: list[Partner]
) -> None:
    join(donor)
    webhooks.advance(days=32)
    work(webhooks)
    before = sorted(Entry.objects.values_list("idempotency_key", flat=True))

    for event in StripeEvent.objects.order_by("-pk"):
        StripeEvent.objects.filter(pk=event.pk).update(state="received", finished_at=None, reason="")
        payments_tasks.process_events()
    work(webhooks)

    assert sorted(Entry.objects.values_list("idempotency_key", flat=True)) == before
    assert (owed(partners), Gift.objects.count()) == ([2000, 2000], 2)
    assert len(subjects(webhooks)) == 2


@pytest.mark.parametrize("words", [ONCE, MONTHLY])
def test_a_form_whose_call_stripe_has_spoilt_is_opened_by_a_new_attempt(
    donor: Visitor, webhooks: LocalStripe, words: dict[str, str]
) -> None:
    """Stripe repeats a stored failure for a day under the same key; the donor does not notice."""
    spoilt = {"fault": "sticky_500", "method": "POST", "path": "/v1/checkout/sessions", "times": 1}
    webhooks._post("faults", {"api": [spoilt]})

    donor.go(FORM)
    donor.send(FORM, **words)
    donor.pay_with(GOOD_CARD)
    work(webhooks)

    model, states = (Gift, ["failed", "paid"]) if words is ONCE else (Plan, ["expired", "active"])
    assert [row.state for row in model.objects.order_by("pk")] == states
    assert balance("contributions", "fund:seed-collective") == -2500
