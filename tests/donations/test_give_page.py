from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from donations import views
from donations.attempts import CHECKOUT_OPEN
from donations.limits import PER_ADDRESS_HOURLY, PER_EMAIL_HOURLY
from donations.links import token_for
from donations.models import Fund, Gift, Plan
from donations.operations import open_page as pages
from donations.operations.define_fund import define_fund
from donations.operations.record_gift import record_gift
from donations.operations.record_plan_gift import record_plan_gift
from partners.models import Partner
from payments.gateway import StripeRefused, StripeUnavailable
from payments.operations.expire_checkout import Outcome as Expiry
from payments.operations.open_checkout import CheckoutRequest, OpenedCheckout
from people import clock
from tests.donations.conftest import EMAIL, checkout_paid, invoice_paid

GIVE = reverse("donations:give")


class FakeStripe:
    """What the payment page was asked for; answers as `trouble` says."""

    def __init__(self) -> None:
        self.asked: list[CheckoutRequest] = []
        self.expired: list[str] = []
        self.expiry = Expiry.EXPIRED
        self.trouble: Exception | None = None

    def open(self, *, request: CheckoutRequest, now: Any) -> OpenedCheckout:
        self.asked.append(request)
        if self.trouble:
            raise self.trouble
        return OpenedCheckout(url="https://checkout.stripe.com/c/pay/cs_1", session_id="cs_1")

    def expire(self, *, subject: str, now: Any) -> Expiry:
        self.expired.append(subject)
        return self.expiry


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    fake = FakeStripe()
    monkeypatch.setattr(pages, "open_checkout", fake.open)
    monkeypatch.setattr(pages, "expire_checkout", fake.expire)
    return fake


def typed(**changes: str) -> dict[str, str]:
    known = {"form_key": str(uuid4()), "often": "once", "amount": "2500", "name": "Ada", "email": EMAIL}
    return {**known, **changes}


def test_the_page_offers_the_tiers_and_says_where_gifts_go(client: Client, promises: list[Partner]) -> None:
    page = client.get(GIVE).content.decode()

    assert [f'value="{amount}"' in page for amount in (1500, 2500, 5000, 10000, "other")] == [True] * 5
    assert page.count("<strong>40%</strong>") == 2
    assert "The other 20% keeps Tassel Collective" in page
    assert "Gifts to Tassel Collective are not tax-deductible." in page


def test_the_page_takes_few_queries(
    client: Client, promises: list[Partner], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(7):
        client.get(GIVE)


@pytest.mark.parametrize(
    ("often", "model", "mode"), [("once", Gift, ("payment", "")), ("month", Plan, ("subscription", "month"))]
)
def test_a_good_form_goes_on_to_stripe(  # noqa: PLR0917 - fixtures
    client: Client, fund: Fund, stripe: FakeStripe, often: str, model: Any, mode: tuple[str, str]
) -> None:
    answer = client.post(GIVE, typed(often=often, email="Ada@Example.org "))

    row = model.objects.get()
    asked = stripe.asked[0]
    assert (answer.status_code, answer["Location"]) == (303, "https://checkout.stripe.com/c/pay/cs_1")
    assert (row.state, row.email, row.supporter) == ("pending", EMAIL, None)
    assert (asked.kind, asked.subject, asked.mode, asked.interval) == (row.ref.split(":")[0], row.ref, *mode)
    assert [line.amount_minor for line in asked.lines] == [2500]
    assert asked.expires_at == row.asked_at + CHECKOUT_OPEN
    assert f"/give/thanks/{token_for(row.attempt_key)}/?session={{CHECKOUT_SESSION_ID}}" in asked.success_url
    assert token_for(row.attempt_key) not in str(model.objects.values_list())


@pytest.mark.parametrize(
    ("own_amount", "message"),
    [
        ("", "Enter an amount, such as 25."),
        ("0", "The amount must be more than zero."),
        ("-5", "The amount must be more than zero."),
        ("12.345", "Use at most 2 decimals."),
        ("ten", "Write the amount in figures, such as 25 or 25.50."),
        ("0.99", "The smallest gift we can take is $1.00."),
        ("10000.01", "Online we take up to $10,000.00 at a time."),
        ("1000000000", "We can take at most $999,999.99 in one payment."),
    ],
)
def test_a_bad_amount_is_told_beside_its_field_and_the_rest_is_kept(
    client: Client, fund: Fund, stripe: FakeStripe, own_amount: str, message: str
) -> None:
    words = typed(often="month", amount="other", own_amount=own_amount, name="Ada Lovelace")

    answer = client.post(GIVE, words)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert page.split('id="id_own_amount_error"')[1].split("</ul>")[0].count(message) == 1
    assert 'aria-describedby="id_own_amount_error"' in page
    assert 'value="Ada Lovelace"' in page and f'value="{EMAIL}"' in page and words["form_key"] in page
    assert (stripe.asked, Plan.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"email": ""}, "Enter your e-mail address"),
        ({"email": "nobody"}, "This is not an e-mail address"),
        ({"amount": "2600"}, "Choose one of these amounts."),
        ({"often": ""}, "Choose monthly or once."),
        ({"name": "Win at http://x.example"}, "Write a name without a web address."),
    ],
)
def test_every_other_mistake_has_its_own_words(
    client: Client, fund: Fund, stripe: FakeStripe, change: dict[str, str], message: str
) -> None:
    answer = client.post(GIVE, typed(**change))

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert stripe.asked == []


def test_the_first_wrong_box_has_the_focus(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    page = client.post(GIVE, typed(amount="other", own_amount="ten", email="nix")).content.decode()

    assert page.count("autofocus") == 1
    box = re.search(r"<input[^>]*autofocus[^>]*>", page)
    assert box and 'name="own_amount"' in box.group()


def test_a_form_with_a_broken_key_is_refused_without_a_crash(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    assert client.post(GIVE, typed(form_key="x")).status_code == 422


def test_a_double_click_is_one_gift_and_one_page(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    words = typed()

    answers = [client.post(GIVE, words) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert Gift.objects.count() == 1
    assert stripe.asked[0] == stripe.asked[1]
    assert stripe.expired == []


def test_going_back_and_changing_the_amount_closes_the_older_page(
    client: Client, fund: Fund, stripe: FakeStripe
) -> None:
    words = typed()
    client.post(GIVE, words)
    first = Gift.objects.get()

    client.post(GIVE, words | {"amount": "5000", "often": "month"})

    assert stripe.expired == [first.ref]
    assert Plan.objects.get().amount_minor == 5000


def test_nobody_is_asked_again_when_the_older_page_was_paid(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    words = typed()
    client.post(GIVE, words)
    first = Gift.objects.get()
    stripe.expiry = Expiry.ALREADY_PAID

    answer = client.post(GIVE, words | {"amount": "5000"})

    assert answer["Location"].endswith(reverse("donations:thanks", args=[token_for(first.attempt_key)]))
    assert len(stripe.asked) == 1
    assert Gift.objects.get(charged_minor=5000).state == "expired"


def test_a_form_that_has_been_paid_leads_to_its_thanks(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    words = typed()
    client.post(GIVE, words)
    gift = Gift.objects.get()
    record_gift(checkout_paid(gift, gift.asked_at), now=gift.asked_at)

    answer = client.post(GIVE, words)

    assert answer["Location"].endswith(reverse("donations:thanks", args=[token_for(gift.attempt_key)]))
    assert (len(stripe.asked), Gift.objects.count()) == (1, 1)


def test_who_paid_something_else_reads_that_it_is_no_gift(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    words = typed()
    client.post(GIVE, words)
    gift = Gift.objects.get()
    record_gift(checkout_paid(gift, gift.asked_at, total_minor=gift.charged_minor - 1), now=gift.asked_at)

    answer = client.post(GIVE, words)
    page = client.get(answer["Location"]).content.decode()

    assert "so no gift was recorded" in page
    assert "Thank you" not in page
    assert (len(stripe.asked), Gift.objects.count()) == (1, 1)


def test_a_form_whose_page_ran_out_gets_a_new_one(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    words = typed()
    client.post(GIVE, words)
    Gift.objects.update(state="expired")

    client.post(GIVE, words)

    assert [gift.state for gift in Gift.objects.order_by("pk")] == ["expired", "pending"]
    assert stripe.asked[0].attempt_key != stripe.asked[1].attempt_key


@pytest.mark.parametrize(("trouble", "status"), [(StripeUnavailable(), 503), (StripeRefused("no"), 502)])
def test_trouble_at_stripe_keeps_the_form_and_says_that_nothing_was_charged(
    client: Client, fund: Fund, stripe: FakeStripe, trouble: Exception, status: int
) -> None:
    stripe.trouble = trouble
    words = typed(amount="other", own_amount="37.50")

    answer = client.post(GIVE, words)
    page = answer.content.decode()

    assert answer.status_code == status
    assert "Nothing was charged." in page
    assert 'value="37.50"' in page and words["form_key"] in page

    stripe.trouble = None
    assert client.post(GIVE, words).status_code == 303
    given_up = status == 502
    assert (stripe.asked[0] == stripe.asked[1]) is not given_up
    assert [gift.state for gift in Gift.objects.order_by("pk")] == ["failed"] * given_up + ["pending"]


def test_somebody_who_gives_monthly_is_led_to_my_giving(
    client: Client, plan: Plan, stripe: FakeStripe, now: Any
) -> None:
    record_plan_gift(invoice_paid(plan, now), now=now)

    stranger = client.post(GIVE, typed(often="month"))
    plan.refresh_from_db()
    assert plan.supporter is not None
    assert plan.supporter.user is not None
    client.force_login(plan.supporter.user)
    owner = client.post(GIVE, typed(often="month"))

    assert (stranger.status_code, owner.status_code) == (409, 409)
    assert "A monthly gift to Seed Collective already comes from this address." in stranger.content.decode()
    assert "$25.00 a month" not in stranger.content.decode()
    assert "You already give $25.00 a month to Seed Collective." in owner.content.decode()
    assert (stripe.asked, Plan.objects.count()) == ([], 1)


def test_one_more_gift_beside_a_plan_is_welcome(client: Client, plan: Plan, stripe: FakeStripe, now: Any) -> None:
    record_plan_gift(invoice_paid(plan, now), now=now)

    assert client.post(GIVE, typed(often="once")).status_code == 303


def test_attempts_are_limited_per_address(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    answers = [client.post(GIVE, typed()).status_code for _ in range(PER_EMAIL_HOURLY + 1)]

    refused = client.post(GIVE, typed())
    assert answers == [303] * PER_EMAIL_HOURLY + [429]
    assert "Nothing was charged." in refused.content.decode()
    assert len(stripe.asked) == PER_EMAIL_HOURLY
    assert client.post(GIVE, typed(email="bea@example.org")).status_code == 303


def test_attempts_are_limited_per_network(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    for number in range(PER_ADDRESS_HOURLY):
        client.post(GIVE, typed(email=f"donor{number}@example.org"))

    assert client.post(GIVE, typed(email="last@example.org")).status_code == 429
    other_network = client.post(GIVE, typed(email="last@example.org"), REMOTE_ADDR="203.0.113.9")
    assert other_network.status_code == 303


def test_a_closed_fund_gives_way_to_its_successor(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    later = define_fund(slug="later", name="Later Fund", purpose="What follows.", tiers_minor=[1000], position=9)
    today = clock.now().date()
    Fund.objects.filter(pk=fund.pk).update(closes_on=today.replace(year=today.year - 1, day=1), successor=later)

    page = client.get(GIVE + "?fund=seed-collective").content.decode()

    assert "Give to the Later Fund" in page


def test_nothing_open_is_said_plainly(client: Client, fund: Fund) -> None:
    today = clock.now().date()
    Fund.objects.update(closes_on=today.replace(year=today.year - 1, day=1))

    assert "No fund is open just now" in client.get(GIVE).content.decode()


def test_a_visitor_gets_the_form_back_after_cancelling(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    words = typed(often="month", amount="other", own_amount="37.50")
    client.post(GIVE, words)
    token = token_for(Plan.objects.get().attempt_key)

    page = client.get(reverse("donations:cancelled", args=[token]))
    form = client.get(GIVE, {"again": token}).content.decode()

    assert "Your card was not charged" in page.content.decode()
    assert page["Cache-Control"].count("no-store") == 1
    assert 'value="37.50"' in form and 'value="Ada"' in form and words["form_key"] in form
    assert client.post(GIVE, words).status_code == 303
    assert Plan.objects.count() == 1


def test_the_cancelled_page_of_a_paid_gift_leads_to_its_thanks(client: Client, fund: Fund, stripe: FakeStripe) -> None:
    client.post(GIVE, typed())
    gift = Gift.objects.get()
    record_gift(checkout_paid(gift, gift.asked_at), now=gift.asked_at)
    token = token_for(gift.attempt_key)

    answer = client.get(reverse("donations:cancelled", args=[token]))

    assert answer["Location"] == reverse("donations:thanks", args=[token])


@pytest.mark.parametrize("page", ["thanks", "cancelled"])
@pytest.mark.parametrize("token", ["0" * 32, "x", "1"])
def test_a_made_up_link_is_a_missing_page(client: Client, gift: Gift, page: str, token: str) -> None:
    assert client.get(reverse(f"donations:{page}", args=[token])).status_code == 404


def thanks_of(client: Client, row: Gift | Plan, **headers: str) -> str:
    return client.get(reverse("donations:thanks", args=[token_for(row.attempt_key)]), headers=headers).content.decode()


def test_the_thanks_page_waits_and_then_shows_each_share(
    client: Client, promises: list[Partner], stripe: FakeStripe
) -> None:
    client.post(GIVE, typed())
    gift = Gift.objects.get()

    waiting = thanks_of(client, gift)
    record_gift(checkout_paid(gift, gift.asked_at), now=gift.asked_at)
    paid, part = thanks_of(client, gift), thanks_of(client, gift, HX_Request="true")

    assert 'hx-trigger="every 2s"' in waiting and "Thank you" not in waiting.split("<main")[1]
    assert "Thank you for $25.00" in paid and "hx-trigger" not in paid
    assert paid.count("$10.00") == 2 and "Dahlia&#x27;s Hope" in paid
    assert "<html" in paid and "<html" not in part and "Thank you for $25.00" in part


@pytest.mark.parametrize(("state", "words"), [("expired", "was open for too long"), ("failed", "did not let")])
def test_the_thanks_page_of_what_was_not_paid_says_so(
    client: Client, fund: Fund, stripe: FakeStripe, state: str, words: str
) -> None:
    client.post(GIVE, typed())
    Gift.objects.update(state=state)

    page = thanks_of(client, Gift.objects.get())

    assert words in page and "Your card was not charged." in page


def test_the_thanks_page_of_a_second_plan_explains_it(
    client: Client, fund: Fund, stripe: FakeStripe, new_plan: Callable[..., Plan], now: Any
) -> None:
    client.post(GIVE, typed(often="month"))
    asked = Plan.objects.get()
    first = new_plan()
    record_plan_gift(invoice_paid(first, now), now=now)
    record_plan_gift(invoice_paid(asked, now), now=now)

    page = thanks_of(client, asked)

    assert "you give each month already" in page
    assert "$25.00" in page


def test_the_return_from_stripe_asks_for_the_truth_once(
    client: Client, fund: Fund, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(GIVE, typed())
    address = reverse("donations:thanks", args=[token_for(Gift.objects.get().attempt_key)])
    asked: list[str] = []

    def confirm(*, session_id: str, now: Any) -> None:
        asked.append(session_id)
        raise StripeUnavailable

    monkeypatch.setattr(views, "confirm_return", confirm)

    answer = client.get(address + "?session=cs_1")

    assert (answer.status_code, answer["Location"], asked) == (302, address, ["cs_1"])
    assert "waiting for word" in client.get(address).content.decode()
