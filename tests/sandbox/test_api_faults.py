"""API requests go wrong by a plan: what the SDK sees of each fault, and what is true at Stripe afterwards."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
import stripe

from sandbox.events import emit
from tests.sandbox.conftest import Shop

KEY: Any = {"idempotency_key": "order-1"}
ADA: Any = {"email": "ada@example.org"}


def plan(shop: Shop, *rules: dict[str, Any], **document: Any) -> dict[str, Any]:
    """Set the rules for API requests; the first time each only, unless they say otherwise."""
    answer = shop.door("faults", {"api": [{"times": 1} | rule for rule in rules]} | document)
    assert answer["status"] == 200, answer
    return answer


def customers(shop: Shop) -> int:
    return sum(1 for _ in shop.box.ctx.store.all("customer"))


def counted(shop: Shop) -> dict[str, int]:
    answer = requests.get(f"{shop.box.url}/_sandbox/faults", timeout=10).json()
    return dict(answer["counts"]["api"])


def test_a_reset_comes_before_the_work(shop: Shop) -> None:
    plan(shop, {"fault": "reset"})

    with pytest.raises(stripe.APIConnectionError, match="reset by peer"):
        shop.stripe.v1.customers.create(ADA, KEY)

    assert customers(shop) == 0
    assert shop.stripe.v1.customers.create(ADA, KEY).email == "ada@example.org"
    assert counted(shop) == {"reset": 1}


def test_applied_then_dropped_is_found_under_the_same_key(shop: Shop) -> None:
    plan(shop, {"fault": "applied_then_dropped"})

    with pytest.raises(stripe.APIConnectionError):
        shop.stripe.v1.customers.create(ADA, KEY)

    assert customers(shop) == 1
    again = shop.stripe.v1.customers.create(ADA, KEY)
    assert again.id == next(shop.box.ctx.store.all("customer"))["id"]
    assert customers(shop) == 1


@pytest.mark.parametrize("length", ["full", "cut"])
def test_a_cut_body_has_done_the_work(shop: Shop, length: str) -> None:
    plan(shop, {"fault": "cut_body", "keep_bytes": 10, "length": length})

    with pytest.raises(stripe.StripeError) as failure:
        shop.stripe.v1.customers.create(ADA, KEY)

    assert isinstance(failure.value, stripe.APIConnectionError if length == "full" else stripe.APIError)
    assert customers(shop) == 1


def test_a_delay_holds_nothing_up_but_its_own_request(shop: Shop) -> None:
    plan(shop, {"fault": "delay", "delay_s": 0.3, "method": "POST"})
    started = time.monotonic()

    shop.stripe.v1.customers.create(ADA)

    assert time.monotonic() - started >= 0.3
    assert customers(shop) == 1


def test_a_delay_lets_another_fault_follow(shop: Shop) -> None:
    plan(shop, {"fault": "delay", "delay_s": 0.1}, {"fault": "reset"}, {"fault": "rate_limited"})

    with pytest.raises(stripe.APIConnectionError):
        shop.stripe.v1.customers.create(ADA)
    with pytest.raises(stripe.RateLimitError):
        shop.stripe.v1.customers.create(ADA)

    assert counted(shop) == {"delay": 1, "rate_limited": 1, "reset": 1}


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"status": 500}, stripe.APIError),
        ({"status": 503}, stripe.APIError),
        ({"status": 401}, stripe.AuthenticationError),
        ({"status": 403}, stripe.PermissionError),
        ({"status": 402, "code": "card_declined", "decline_code": "lost_card"}, stripe.CardError),
        ({"status": 409, "code": "lock_timeout"}, stripe.APIError),
    ],
)
def test_any_status_in_the_shape_of_stripe(shop: Shop, rule: dict[str, Any], error: type[stripe.StripeError]) -> None:
    plan(shop, {"fault": "status", **rule})

    with pytest.raises(error) as failure:
        shop.stripe.v1.customers.create(ADA, KEY)

    assert failure.value.http_status == rule["status"]
    assert getattr(failure.value.error, "code", None) == rule.get("code")
    assert customers(shop) == 0
    shop.stripe.v1.customers.create(ADA, KEY)
    assert customers(shop) == 1, "nothing was kept under the key"


def test_a_gateway_may_answer_for_work_that_is_done(shop: Shop) -> None:
    plan(shop, {"fault": "status", "status": 502, "applied": True})

    with pytest.raises(stripe.APIError):
        shop.stripe.v1.customers.create(ADA, KEY)

    assert customers(shop) == 1
    shop.stripe.v1.customers.create(ADA, KEY)
    assert customers(shop) == 1


@pytest.mark.parametrize("applied", [False, True])
def test_a_sticky_500_is_replayed_under_its_key(shop: Shop, applied: bool) -> None:
    plan(shop, {"fault": "sticky_500", "applied": applied})

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failure:
            shop.stripe.v1.customers.create(ADA, KEY)
        assert failure.value.http_status == 500

    assert customers(shop) == int(applied)
    assert failure.value.headers is not None
    assert failure.value.headers["Idempotent-Replayed"] == "true"
    assert counted(shop) == {"sticky_500": 1}


def test_a_key_in_use_is_tried_again_by_the_sdk(shop: Shop) -> None:
    patient = stripe.StripeClient("sk_test_x", base_addresses={"api": shop.box.url}, max_network_retries=1)
    plan(shop, {"fault": "key_in_use"})

    patient.v1.customers.create(ADA)

    assert (customers(shop), counted(shop)) == (1, {"key_in_use": 1})


@pytest.mark.parametrize(("should_retry", "made"), [(None, 0), (False, 0), (True, 1)])
def test_a_429_is_tried_again_only_where_it_says_so(shop: Shop, should_retry: bool | None, made: int) -> None:
    patient = stripe.StripeClient("sk_test_x", base_addresses={"api": shop.box.url}, max_network_retries=1)
    plan(shop, {"fault": "rate_limited", "should_retry": should_retry})

    if made:
        patient.v1.customers.create(ADA)
    else:
        with pytest.raises(stripe.RateLimitError) as failure:
            patient.v1.customers.create(ADA)
        assert failure.value.error.code == "rate_limit", "the SDK puts it only there"

    assert customers(shop) == made


def test_a_lock_timeout(shop: Shop) -> None:
    plan(shop, {"fault": "lock_timeout"})

    with pytest.raises(stripe.RateLimitError) as failure:
        shop.stripe.v1.customers.create(ADA)

    assert failure.value.error.code == "lock_timeout"


def test_only_what_matches_goes_wrong(shop: Shop) -> None:
    plan(shop, {"fault": "reset", "method": "POST", "path": "/v1/products*", "key": "order-*", "times": None})

    shop.stripe.v1.customers.create(ADA, KEY)
    shop.stripe.v1.products.list()
    shop.stripe.v1.products.create({"name": "Valor"}, {"idempotency_key": "other"})
    with pytest.raises(stripe.APIConnectionError):
        shop.stripe.v1.products.create({"name": "Valor"}, {"idempotency_key": "order-2"})


def test_keys_are_pruned_by_age_or_altogether(shop: Shop) -> None:
    shop.stripe.v1.customers.create(ADA, KEY)
    shop.advance(hours=3)
    shop.stripe.v1.customers.create(ADA, {"idempotency_key": "order-2"})

    by_age = plan(shop, forget={"keys_older_than_h": 2})
    shop.stripe.v1.customers.create(ADA, {"idempotency_key": "order-2"})
    assert customers(shop) == 2
    shop.stripe.v1.customers.create(ADA, KEY)
    assert customers(shop) == 3
    altogether = plan(shop, forget={"keys_older_than_h": 0})

    shop.stripe.v1.customers.create(ADA, KEY)
    assert customers(shop) == 4
    assert (by_age["counts"]["forgotten"], altogether["counts"]["forgotten"]) == ({"keys": 1}, {"keys": 3})


def test_old_events_go_and_their_objects_stay(shop: Shop) -> None:
    ada = shop.stripe.v1.customers.create(ADA)
    shop.advance(days=31)
    shop.stripe.v1.customers.create({"email": "bob@example.org"})

    answer = plan(shop, forget={"events_older_than_d": 30})

    assert answer["counts"]["forgotten"] == {"events": 1}
    assert shop.events() == ["customer.created"]
    assert shop.stripe.v1.customers.retrieve(ada.id).email == "ada@example.org"


def test_old_events_of_connected_accounts_go_too(shop: Shop) -> None:
    with shop.box.ctx.store.lock:
        theirs = shop.box.ctx.of("acct_partner")
        emit(theirs, "payout.paid", {"id": "po_1", "object": "payout"})
    shop.advance(days=31)

    answer = plan(shop, forget={"events_older_than_d": 30})

    assert answer["counts"]["forgotten"] == {"events": 1}
    assert list(theirs.store.all("event")) == []


def test_one_seed_makes_one_sequence(shop: Shop) -> None:
    rule = {"fault": "status", "status": 503, "probability": 0.5, "times": None, "path": "/v1/customers"}

    def run(seed: int) -> list[int]:
        plan(shop, rule, seed=seed)
        headers = {"Authorization": "Bearer sk_test_x"}
        return [
            requests.get(f"{shop.box.url}/v1/customers", headers=headers, timeout=10).status_code for _ in range(20)
        ]

    first, again, other = run(1), run(1), run(2)

    assert first == again != other
    assert set(first) == {200, 503}


def test_every_injection_is_logged(shop: Shop) -> None:
    plan(shop, {"fault": "reset", "name": "lost requests", "after": 1})
    shop.stripe.v1.customers.create(ADA)
    with pytest.raises(stripe.APIConnectionError):
        shop.stripe.v1.customers.create(ADA, KEY)

    (row,) = requests.get(f"{shop.box.url}/_sandbox/faults/log", timeout=10).json()["data"]

    assert (row["where"], row["fault"], row["rule"]) == ("api", "reset", "lost requests")
    assert (row["method"], row["path"], row["idempotency_key"]) == ("POST", "/v1/customers", "order-1")


def test_the_plan_is_read_back_complete_and_kept_by_section(shop: Shop) -> None:
    plan(shop, {"fault": "reset"}, seed=7)

    answer = shop.door("faults", {"webhooks": [{"fault": "dropped", "probability": 0.05}]})

    assert answer["seed"] == 7
    assert [rule["fault"] for rule in answer["api"] + answer["webhooks"]] == ["reset", "dropped"]
    (rule,) = answer["api"]
    assert (rule["method"], rule["path"], rule["probability"], rule["times"]) == ("*", "*", 1, 1)
    assert (rule["matched"], rule["injected"]) == (0, 0)


def test_the_plan_ends_with_delete_and_with_a_reset(shop: Shop) -> None:
    plan(shop, {"fault": "reset", "times": None})
    requests.delete(f"{shop.box.url}/_sandbox/faults", timeout=10)
    shop.stripe.v1.customers.create(ADA)

    plan(shop, {"fault": "reset", "times": None})
    shop.door("reset")

    shop.stripe.v1.customers.create(ADA)
    assert counted(shop) == {}


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({"apis": []}, "apis"),
        ({"api": {}}, "api"),
        ({"seed": "x"}, "seed"),
        ({"api": ["reset"]}, "api[0][fault]"),
        ({"api": [{"fault": "explode"}]}, "api[0][fault]"),
        ({"api": [{"fault": "dropped"}]}, "api[0][fault]"),
        ({"api": [{"fault": "reset"}, {"fault": "delay"}]}, "api[1][delay_s]"),
        ({"api": [{"fault": "delay", "delay_s": -1}]}, "api[0][delay_s]"),
        ({"api": [{"fault": "reset", "probability": 1.5}]}, "api[0][probability]"),
        ({"api": [{"fault": "reset", "probabilty": 0.5}]}, "api[0][probabilty]"),
        ({"api": [{"fault": "status", "status": 200}]}, "api[0][status]"),
        ({"webhooks": [{"fault": "delayed"}]}, "webhooks[0][wait_s]"),
        ({"forget": {"keys_older_than_h": -1}}, "forget[keys_older_than_h]"),
    ],
)
def test_a_plan_that_is_wrong_is_refused_whole(shop: Shop, document: dict[str, Any], param: str) -> None:
    plan(shop, {"fault": "reset"})

    answer = shop.door("faults", document)

    assert (answer["status"], answer["error"]["param"]) == (400, param)
    with pytest.raises(stripe.APIConnectionError):
        shop.stripe.v1.customers.create(ADA)
