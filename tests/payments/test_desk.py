"""What staff see of Stripe: each thing opens to its entry, its order or gift, and its id; few queries, no secrets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ledger.discrepancies import Found
from ledger.models import ReconciliationException
from ledger.operations.open_exception import open_exception
from payments.desk_tasks import COUNTED
from payments.discrepancies import NOT_POSTED
from payments.models import BalanceTransaction, StripeCall, StripeEvent, StripePayout
from payments.operations import record_balance_transactions
from payments.templatetags.stripe_ids import stripe_id
from payments.trail import trail_of
from payments.transfer_bookings import NOT_BOOKED, NOT_READ
from people import clock, paging
from people.desk import told_by_number
from people.models import User
from tests.partners.conftest import NOW, org, person
from tests.partners.test_desk import QUERIES_MAX, signed_in, words
from tests.payments.desk_rows import Rows, booked, event, stripe_rows

pytestmark = pytest.mark.django_db
__all__ = ["org"]


@pytest.fixture
def rows(org: Any, monkeypatch: pytest.MonkeyPatch) -> Rows:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    return stripe_rows(NOW)


@pytest.fixture
def ana(db: None) -> User:
    return person("ana@tassel.example", "finance preparer")


@pytest.fixture
def desk(ana: User) -> Client:
    return signed_in(ana)


def pages(rows: Rows) -> dict[str, str]:
    return {
        "/desk/stripe/": "Nothing waits",
        "/desk/stripe/?state=dead": "charge.succeeded",
        "/desk/stripe/events/evt_1/": "KeyError: sku",
        "/desk/stripe/calls/": "refund:1",
        f"/desk/stripe/calls/{rows.call.pk}/": "Nobody knows whether Stripe did it",
        "/desk/stripe/balance/": "$50.06",
        "/desk/stripe/balance/txn_1/": "Entry",
        "/desk/stripe/payouts/": "the same",
        "/desk/stripe/payouts/po_1/": "txn_1",
        "/desk/stripe/objects/ch_desk/": "ending 4242",
        "/desk/stripe/objects/re_1/": "ending 4242",
        f"/desk/entries/{rows.entry.pk}/": "1050 Stripe balance",
        "/desk/exceptions/": "Do not do it again by hand",
        f"/desk/exceptions/{rows.exception.pk}/": "Settle it",
    }


def test_every_page_says_its_thing_in_few_queries_and_is_kept_nowhere(
    rows: Rows, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        event(f"evt_more_{number}", NOW)
        booked(f"txn_more_{number}", NOW, payout=rows.payout, problem="not_open", source_id="re_1")
    StripePayout.objects.update(amount_minor=5006 + 3 * 5006)

    for path, wanted in pages(rows).items():
        with django_assert_max_num_queries(QUERIES_MAX):
            answer = desk.get(path)
        assert wanted in words(answer), path
        assert "no-store" in answer["Cache-Control"], path


def test_what_a_person_typed_is_on_no_page(rows: Rows, desk: Client) -> None:
    for path in pages(rows):
        page = words(desk.get(path))
        assert "For Ann" not in page and "secret" not in page, path
    assert "5186" in words(desk.get("/desk/stripe/events/evt_1/"))


def test_a_balance_transaction_leads_to_entry_payout_charge_and_order(rows: Rows, desk: Client) -> None:
    page = words(desk.get("/desk/stripe/balance/txn_1/"))

    assert f'href="/desk/entries/{rows.entry.pk}/"' in page
    assert 'href="/desk/stripe/payouts/po_1/"' in page
    assert 'href="/desk/stripe/objects/ch_desk/"' in page
    assert "Order 1042" in page
    assert '<span class="mono stripe-id">txn_1</span>' in page


def test_an_entry_leads_back_to_the_balance_transaction_and_its_charge(rows: Rows, desk: Client) -> None:
    page = words(desk.get(f"/desk/entries/{rows.entry.pk}/"))

    assert 'href="/desk/stripe/balance/txn_1/"' in page
    assert 'href="/desk/stripe/objects/ch_desk/"' in page
    assert "Not yet: it waits for its number" in page
    assert "its rows still make the hash" in page


def test_the_payment_of_any_of_its_ids_is_whole(rows: Rows) -> None:
    trails = [trail_of(one) for one in ("ch_desk", "re_1", "cs_1")]

    assert {trail.subject for trail in trails} == {"order:1042"}
    assert {frozenset(entry.idempotency_key for entry in trail.entries) for trail in trails} == {
        frozenset({"stripe:charge:ch_desk:sale", "stripe:bt:txn_1"})
    }
    assert trail_of("ch_nowhere").is_empty


def test_a_dead_event_is_tried_again_by_a_preparer_only(rows: Rows, desk: Client) -> None:
    auditor = signed_in(person("auditor@tassel.example", "auditor"))
    assert "Try this event again" not in words(auditor.get("/desk/stripe/events/evt_1/"))
    assert auditor.post("/desk/stripe/events/evt_1/try-again/").status_code == 403
    assert "Try this event again" in words(desk.get("/desk/stripe/events/evt_1/"))

    told = [words(desk.post("/desk/stripe/events/evt_1/try-again/", follow=True)) for _ in range(2)]

    assert "It is tried again within a minute" in told[0]
    assert "It is not dead" in told[1]
    assert StripeEvent.objects.get(event_id="evt_1").state == "received"


def test_the_inbox_shows_the_oldest_waiting_first_and_finds_by_state_type_and_id(rows: Rows, desk: Client) -> None:
    waiting_since = {"state": "received", "reason": "", "finished_at": None}
    for hours, name in ((2, "evt_old"), (1, "evt_new")):
        event(name, NOW - timedelta(hours=hours), **waiting_since)
    event("evt_done", NOW, state="done", type="payout.paid", object_id="po_1")

    def shown(query: str) -> list[str]:
        return [one.event_id for one in desk.get(f"/desk/stripe/{query}").context["page"]]

    assert shown("") == ["evt_old", "evt_new"]
    assert shown("?state=dead") == ["evt_1"]
    assert shown("?state=all&type=payout.paid") == ["evt_done"]
    assert shown("?id=evt_1") == ["evt_1"]
    assert shown("?id=po_1") == ["evt_done"]
    assert shown("?id=po_1&state=dead") == []


def test_calls_of_which_nobody_knows_come_first(rows: Rows, desk: Client) -> None:
    made: dict[str, Any] = {"purpose": "transfer", "params_hash": "0" * 64, "next_attempt_at": NOW}
    earlier = NOW - timedelta(hours=1)
    for state, result in (("intended", ""), ("sent", ""), ("done", "tr_1"), ("failed", "")):
        StripeCall.objects.create(
            subject="payout:1", idempotency_key=state, state=state, result_id=result, intended_at=earlier, **made
        )

    def shown(query: str) -> list[str]:
        return [call.state for call, _ in desk.get(f"/desk/stripe/calls/{query}").context["rows"]]

    assert shown("") == ["unknown", "sent", "intended"]
    assert shown("?subject=payout:1") == ["failed", "done", "sent", "intended"]
    assert shown("?state=all&purpose=refund") == ["unknown"]
    assert shown("?state=done") == ["done"]


def test_the_balance_is_found_by_payout_category_entry_and_id(rows: Rows, desk: Client) -> None:
    open_exception(NOT_POSTED, Found("stripe:bt:txn_lost", -500, "usd"), now=NOW)
    booked("txn_lost", NOW, category="new_mystery", problem="month_missing", source_id="re_1")

    def shown(query: str) -> set[str]:
        return {one.bt_id for one in desk.get(f"/desk/stripe/balance/{query}").context["page"]}

    assert shown("") == {"txn_1", "txn_lost"}
    assert shown("?payout=po_1") == {"txn_1"}
    assert (
        shown("?category=New+mystery")
        == shown("?category=new_mystery")
        == shown("?entry=without")
        == shown("?id=re_1")
        == {"txn_lost"}
    )
    assert shown("?entry=with") == {"txn_1"}
    page = words(desk.get("/desk/stripe/balance/"))
    lost = ReconciliationException.objects.get(subject="stripe:bt:txn_lost")
    assert f'href="/desk/exceptions/{lost.pk}/"' in page


def test_why_it_is_not_in_the_books_is_said_in_words(rows: Rows, desk: Client) -> None:
    codes = {"net_differs", NOT_READ, NOT_BOOKED, *record_balance_transactions._PROBLEMS.values()}
    assert set(BalanceTransaction.PROBLEMS) == codes
    booked("txn_lost", NOW, category="other_adjustment", problem="no_such_month", source_id="re_1")

    page = words(desk.get("/desk/stripe/balance/txn_lost/"))

    assert "None: neither its month nor a later one takes entries" in page
    assert "Other adjustment of $51.86" in page
    assert "other_adjustment" not in page and "no_such_month" not in page


def test_a_payout_names_what_its_parts_miss(rows: Rows, desk: Client) -> None:
    StripePayout.objects.update(amount_minor=5106)

    assert "-$1.00 off" in words(desk.get("/desk/stripe/payouts/"))
    StripePayout.objects.update(automatic=False)
    assert "Not itemised" in words(desk.get("/desk/stripe/payouts/po_1/"))


@pytest.mark.parametrize(
    ("stripe_id", "page"),
    [
        ("evt_1", "/desk/stripe/events/evt_1/"),
        ("txn_1", "/desk/stripe/balance/txn_1/"),
        (" po_1 ", "/desk/stripe/payouts/po_1/"),
        ("re_1", "/desk/stripe/objects/re_1/"),
        ("ch_nowhere", "/desk/stripe/"),
        ("", "/desk/stripe/"),
        ("a/b", "/desk/stripe/"),
    ],
)
def test_any_id_is_found(rows: Rows, desk: Client, stripe_id: str, page: str) -> None:
    assert desk.get("/desk/stripe/find/", {"id": stripe_id})["Location"] == page


def test_an_id_that_is_not_here_is_said(rows: Rows, desk: Client) -> None:
    page = desk.get("/desk/stripe/find/", {"id": "ch_nowhere"}, follow=True)

    assert "Nothing here has the id ch_nowhere." in words(page)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/desk/stripe/?state=lost", "state"),
        ("/desk/stripe/?type=" + "x" * 101, "type"),
        ("/desk/stripe/calls/?purpose=win", "purpose"),
        ("/desk/stripe/balance/?entry=maybe", "entry"),
        ("/desk/stripe/payouts/?state=gone", "state"),
        ("/desk/exceptions/?state=gone", "state"),
    ],
)
def test_a_filter_that_is_none_is_answered_beside_its_field(rows: Rows, desk: Client, path: str, field: str) -> None:
    answer = desk.get(path)

    assert answer.status_code == 400
    assert answer.context["form"].errors[field]
    assert answer.context["form"].errors[field][0].replace("'", "&#x27;") in words(answer)
    assert not list(answer.context["page"])


def test_the_desk_counts_dead_events_and_unknown_calls(rows: Rows, desk: Client) -> None:
    assert [task.title for task in told_by_number(COUNTED, NOW)] == [
        "Look after 1 dead Stripe event",
        "Find out about 1 Stripe call",
    ]
    page = words(desk.get("/desk/"))
    assert 'href="/desk/stripe/?state=dead"' in page and 'href="/desk/stripe/calls/?state=unknown"' in page

    StripeEvent.objects.update(state="done")
    StripeCall.objects.update(state="done", result_id="re_1")

    assert not list(told_by_number(COUNTED, NOW))


def test_pages_keep_the_filter_and_count_no_further_than_they_must(
    rows: Rows, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED_MAX", 100)
    for number in range(120):
        event(f"evt_page_{number}", NOW)

    second = desk.get("/desk/stripe/?state=dead&type=charge.succeeded&page=2")

    assert 'href="?state=dead&amp;type=charge.succeeded&amp;page=1"' in words(second)
    assert "Page 2 of 2; there is more behind them, which the filters find" in words(second)
    assert len(desk.get("/desk/stripe/?state=dead&page=77").context["page"]) == 50


def test_a_real_key_leads_to_stripes_dashboard_and_the_local_one_does_not(
    rows: Rows, desk: Client, settings: Any
) -> None:
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = "http://127.0.0.1:1", "sk_test_x"
    assert "dashboard.stripe.com" not in words(desk.get("/desk/stripe/objects/ch_desk/"))

    settings.STRIPE_API_BASE = ""
    assert "https://dashboard.stripe.com/test/payments/ch_desk" in words(desk.get("/desk/stripe/objects/ch_desk/"))
    accounts = {one: stripe_id(one) for one in ("tr_1", "acct_1")}
    assert "https://dashboard.stripe.com/test/connect/transfers/tr_1" in accounts["tr_1"]
    assert "https://dashboard.stripe.com/test/connect/accounts/acct_1" in accounts["acct_1"]
    settings.STRIPE_SECRET_KEY = "rk_live_x"
    assert "https://dashboard.stripe.com/payments/ch_desk" in words(desk.get("/desk/stripe/objects/ch_desk/"))


def test_an_event_whose_worker_has_it_is_under_way(rows: Rows, desk: Client) -> None:
    lease = clock.wall_now() + timedelta(minutes=1)
    event("evt_busy", NOW, state="received", reason="", finished_at=None, lease_until=lease)

    assert "Under way" in words(desk.get("/desk/stripe/events/evt_busy/"))
