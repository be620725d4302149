"""One attempt opens one page, however often it is asked for and whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import time_machine
from django.db import connections, transaction

from payments import gateway
from payments.models import CheckoutSession, StripeCall
from payments.operations.find_left_behind import finish_calls
from payments.operations.make_call import AttemptKeyReused, NeverArrived
from payments.operations.open_checkout import (
    CheckoutClosed,
    CheckoutLine,
    CheckoutRequest,
    StripeRefused,
    StripeUnavailable,
    open_checkout,
)
from people import clock
from tests.payments.conftest import NOW
from tests.payments.fake_stripe import FakeStripe, cut_off, error

pytestmark = pytest.mark.django_db
ASKED = CheckoutRequest(
    kind="order",
    subject="order:1",
    mode="payment",
    currency="usd",
    lines=[CheckoutLine(name="2 x Valor, Dark", amount_minor=4800), CheckoutLine(name="Plain", amount_minor=1200)],
    success_url="https://tassel.example/orders/x/return/?session={CHECKOUT_SESSION_ID}",
    cancel_url="https://tassel.example/orders/x/cancelled/",
    expires_at=NOW + timedelta(minutes=35),
    attempt_key="order:1:1",
    email="ada@example.org",
    collect_shipping_countries=("US",),
)


@pytest.fixture
def sent(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The form fields of each request that opened a page."""
    seen: list[dict[str, str]] = []
    answer = fake._open

    def opening(post_data: str, headers: Any) -> Any:
        seen.append({name: values[0] for name, values in parse_qs(post_data).items()})
        return answer(post_data, headers)

    monkeypatch.setattr(fake, "_open", opening)
    return seen


@pytest.fixture
def later() -> Iterator[Any]:
    """Wall time, to be moved."""
    with time_machine.travel(clock.wall_now(), tick=True) as traveller:
        yield traveller


def test_the_page_is_opened_and_kept(fake: FakeStripe, sent: list[dict[str, str]]) -> None:
    opened = open_checkout(request=ASKED, now=NOW)

    session = CheckoutSession.objects.get()
    assert (opened.url, opened.session_id) == ("https://checkout.example/1", "cs_test_1")
    assert (session.subject, session.state, session.url) == ("order:1", "open", opened.url)
    assert StripeCall.objects.get().state == "done"
    assert sent[0] | {"metadata[attempt]": "open_checkout:order:1:1"} == sent[0]
    assert sent[0]["line_items[0][price_data][unit_amount]"] == "4800"
    assert sent[0]["line_items[1][price_data][product_data][name]"] == "Plain"
    assert sent[0]["payment_intent_data[metadata][subject]"] == sent[0]["metadata[subject]"] == "order:1"
    assert sent[0]["shipping_address_collection[allowed_countries][0]"] == "US"
    assert not [name for name in sent[0] if "payment_method_types" in name]


def test_a_monthly_plan_says_what_it_is_for_on_the_subscription(sent: list[dict[str, str]]) -> None:
    plan = replace(ASKED, kind="plan", subject="plan:3", mode="subscription", interval="month", attempt_key="plan:3:1")

    open_checkout(request=plan, now=NOW)

    assert sent[0]["subscription_data[metadata][subject]"] == "plan:3"
    assert sent[0]["line_items[0][price_data][recurring][interval]"] == "month"
    assert "payment_intent_data[metadata][subject]" not in sent[0]


def test_a_known_customer_wins_over_the_address(sent: list[dict[str, str]]) -> None:
    open_checkout(request=replace(ASKED, customer_known="cus_1"), now=NOW)

    assert sent[0]["customer"] == "cus_1"
    assert "customer_email" not in sent[0]


def test_the_second_click_gets_the_first_page(fake: FakeStripe) -> None:
    first = open_checkout(request=ASKED, now=NOW)
    second = open_checkout(request=replace(ASKED, expires_at=NOW + timedelta(minutes=40)), now=NOW)

    assert first == second
    assert fake.made == len(fake.keys()) == 1


def test_the_same_attempt_for_another_amount_is_never_sent(fake: FakeStripe) -> None:
    open_checkout(request=ASKED, now=NOW)

    with pytest.raises(AttemptKeyReused):
        open_checkout(request=replace(ASKED, lines=[CheckoutLine(name="x", amount_minor=1)]), now=NOW)

    assert fake.made == 1


def test_a_page_that_is_over_is_not_given_again(fake: FakeStripe) -> None:
    open_checkout(request=ASKED, now=NOW)

    with pytest.raises(CheckoutClosed):
        open_checkout(request=ASKED, now=NOW + timedelta(minutes=36))


def test_the_intention_is_committed_before_anything_is_sent(fake: FakeStripe, transactional_db: None) -> None:
    seen: list[Any] = []

    def look(_method: str, _path: str) -> None:
        with closing(connections["default"].copy()) as elsewhere, elsewhere.cursor() as cursor:
            cursor.execute("SELECT state, idempotency_key FROM payments_stripecall")
            seen.extend(cursor.fetchall())

    fake.before = look

    open_checkout(request=ASKED, now=NOW)

    assert seen == [("sent", "open_checkout:order:1:1")]


def test_it_is_not_done_inside_a_transaction(fake: FakeStripe) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        open_checkout(request=ASKED, now=NOW)

    assert not fake.requests and not StripeCall.objects.exists()


def test_a_refused_attempt_stays_refused_and_a_new_one_has_a_new_key(fake: FakeStripe) -> None:
    fake.faults.append(lambda: error(400, "amount_too_small"))

    with pytest.raises(StripeRefused) as refused:
        open_checkout(request=ASKED, now=NOW)
    with pytest.raises(StripeRefused):
        open_checkout(request=ASKED, now=NOW)

    assert refused.value.code == "amount_too_small"
    assert len(fake.requests) == 1
    assert StripeCall.objects.get().state == "failed"
    assert open_checkout(request=replace(ASKED, attempt_key="order:1:2"), now=NOW).url


def applied_then_lost(fake: FakeStripe) -> None:
    """Stripe opens the page; no reply ever arrives."""
    key = "open_checkout:order:1:1"

    def lose() -> Any:
        body = f"mode=payment&expires_at={int(ASKED.expires_at.timestamp())}&metadata[attempt]={key}"
        fake._open(f"{body}&metadata[kind]=order&metadata[subject]=order:1", {"Idempotency-Key": key})
        return cut_off()

    fake.faults.extend([lose, lose, lose])


def test_applied_then_lost_and_asked_again_is_one_page(fake: FakeStripe) -> None:
    applied_then_lost(fake)

    with pytest.raises(StripeUnavailable):
        open_checkout(request=ASKED, now=NOW)
    assert StripeCall.objects.get().state == "unknown"
    opened = open_checkout(request=ASKED, now=NOW)

    assert opened.session_id == "cs_test_1"
    assert fake.made == 1
    assert set(fake.keys()) == {"open_checkout:order:1:1"}


def test_applied_then_lost_and_forgotten_is_found_by_the_sweep(fake: FakeStripe, later: Any) -> None:
    applied_then_lost(fake)
    with pytest.raises(StripeUnavailable):
        open_checkout(request=ASKED, now=NOW)

    assert finish_calls(now=NOW) == 0
    later.shift(timedelta(seconds=91))
    assert finish_calls(now=NOW) == 1

    assert CheckoutSession.objects.get().session_id == "cs_test_1"
    assert (fake.made, StripeCall.objects.get().state) == (1, "done")


def test_a_worker_killed_before_sending_is_made_up_for(
    fake: FakeStripe, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(_method: str, _path: str) -> None:
        raise Killed

    fake.before = kill
    with pytest.raises(Killed):
        open_checkout(request=ASKED, now=NOW)
    fake.before = lambda _method, _path: None

    later.shift(timedelta(seconds=91))
    finish_calls(now=NOW)

    assert StripeCall.objects.get().state == "done"
    assert fake.made == 1


OLD = NOW + timedelta(hours=25)


def test_after_a_day_it_is_looked_for_and_never_sent_again(fake: FakeStripe, later: Any) -> None:
    applied_then_lost(fake)
    with pytest.raises(StripeUnavailable):
        open_checkout(request=ASKED, now=NOW)
    posts = len(fake.keys())

    later.shift(timedelta(seconds=91))
    finish_calls(now=OLD)

    assert StripeCall.objects.get().result_id == "cs_test_1"
    assert len(fake.keys()) == posts


def stored() -> Any:
    """A failure that Stripe keeps under the key and answers again and again."""
    body, status, _ = error(500, kind="api_error")
    return body, status, {"Idempotent-Replayed": "true"}


def test_a_stored_failure_is_looked_into_and_never_sent_again(fake: FakeStripe) -> None:
    applied_then_lost(fake)
    with pytest.raises(StripeUnavailable):
        open_checkout(request=ASKED, now=NOW)
    fake.faults.extend([stored] * 3)

    assert open_checkout(request=ASKED, now=NOW).session_id == "cs_test_1"

    assert StripeCall.objects.get().state == "done"
    assert fake.made == 1


def test_a_stored_failure_that_made_no_page_asks_for_a_new_attempt(fake: FakeStripe) -> None:
    fake.faults.extend([stored] * 3)

    with pytest.raises(NeverArrived):
        open_checkout(request=ASKED, now=NOW)

    assert (StripeCall.objects.get().state, fake.made) == ("failed", 0)


def test_after_a_day_what_never_arrived_has_failed(fake: FakeStripe) -> None:
    fake.faults.extend([cut_off] * 3)
    with pytest.raises(StripeUnavailable):
        open_checkout(request=ASKED, now=NOW)

    with pytest.raises(NeverArrived):
        open_checkout(request=ASKED, now=OLD)

    assert StripeCall.objects.get().state == "failed"
    assert fake.made == 0


def test_a_look_through_several_pages_misses_none(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.payments.fake_stripe import ok, session

    pages = [
        {"object": "list", "data": [session("cs_3"), session("cs_2")], "has_more": True, "url": "/"},
        {"object": "list", "data": [session("cs_1")], "has_more": False, "url": "/"},
    ]
    monkeypatch.setattr(fake, "_list", lambda: ok(pages.pop(0)))

    found = [s.id for s in gateway.client().checkout_sessions(since=datetime(2026, 1, 1, tzinfo=NOW.tzinfo), until=NOW)]

    assert found == ["cs_3", "cs_2", "cs_1"]
