"""Calls of every purpose: what is lost is found by its attempt, ending twice is ending once, the rest is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ledger.models import ReconciliationException
from payments.gateway import FailureStored, StripeUnavailable
from payments.models import StripeCall
from payments.operations.make_call import NeverArrived, intend_call, make_call
from payments.operations.name_unknown_calls import UNKNOWN_AFTER, name_unknown_calls
from payments.operations.refund_charge import NothingToRefund, RefundRequest, refund_charge
from tests.payments.conftest import NOW
from tests.payments.fake_stripe import FakeStripe, cut_off, error, ok, session, subscription

pytestmark = pytest.mark.django_db
OLD = NOW + timedelta(hours=21)
PARAMS: dict[str, dict[str, Any]] = {
    "refund": {"charge": "ch_1", "amount": 500},
    "transfer": {"amount": 500, "currency": "usd", "destination": "acct_1", "transfer_group": "batch:1"},
}
LISTS = {
    "refund": "/v1/refunds",
    "transfer": "/v1/transfers",
}
makers = pytest.mark.parametrize("purpose", PARAMS)


def intended(purpose: str, target: str = "") -> StripeCall:
    params = PARAMS.get(purpose, {})
    return intend_call(purpose=purpose, subject="x:1", target=target, params=params, meaning=[], key="k1", now=NOW)


def stored() -> Any:
    body, status, _ = error(500, kind="api_error")
    return body, status, {"Idempotent-Replayed": "true"}


@pytest.fixture
def lists(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, Any]]]:
    """path -> what Stripe lists there."""
    listed: dict[str, list[dict[str, Any]]] = {}
    answer = fake._object

    def listing(path: str) -> Any:
        if path in LISTS.values():
            return ok({"object": "list", "data": listed.get(path, []), "has_more": False, "url": path})
        return answer(path)

    monkeypatch.setattr(fake, "_object", listing)
    return listed


def made(purpose: str, attempt: str) -> dict[str, Any]:
    return {"id": f"made_{attempt}", "object": purpose, "metadata": {"attempt": attempt}}


def conflict() -> Any:
    """The key stands for this call, in the words of an older library."""
    return error(400, kind="idempotency_error")


no_verdicts = pytest.mark.parametrize("answers", [[stored] * 3, [conflict]], ids=["stored", "conflict"])


@makers
@no_verdicts
def test_what_was_made_under_a_stored_failure_or_other_words_is_found_by_its_attempt(
    fake: FakeStripe, lists: dict[str, list[dict[str, Any]]], purpose: str, answers: list[Any]
) -> None:
    lists[LISTS[purpose]] = [made(purpose, "other"), made(purpose, "k1")]
    fake.faults.extend(answers)
    call = intended(purpose)

    make_call(call, now=NOW)

    assert (call.state, call.result_id) == ("done", "made_k1")
    assert set(fake.keys()) == {"k1"}


@makers
def test_an_old_key_is_never_sent_again(fake: FakeStripe, lists: dict[str, list[dict[str, Any]]], purpose: str) -> None:
    lists[LISTS[purpose]] = [made(purpose, "k1")]
    call = intended(purpose)

    make_call(call, now=OLD)

    assert (call.state, fake.keys()) == ("done", [])


@makers
@no_verdicts
def test_what_is_not_there_stays_unknown_for_a_day_and_then_never_arrived(
    fake: FakeStripe, lists: dict[str, list[dict[str, Any]]], purpose: str, answers: list[Any]
) -> None:
    fake.faults.extend(answers)
    call = intended(purpose)

    with pytest.raises(FailureStored):
        make_call(call, now=NOW)
    assert call.state == "unknown"
    with pytest.raises(NeverArrived):
        make_call(call, now=OLD)

    assert (call.state, set(fake.keys())) == ("failed", {"k1"})


@pytest.mark.parametrize(
    ("purpose", "before", "after"),
    [
        ("expire_checkout", session("cs_1", status="open"), session("cs_1", status="expired")),
        ("cancel_subscription", subscription("sub_1"), subscription("sub_1", status="canceled")),
    ],
)
def test_what_ends_something_is_looked_at_and_else_sent_under_another_key(
    fake: FakeStripe, purpose: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    thing = fake.put(dict(before))
    call = intended(purpose, before["id"])
    make_call(call, now=OLD)
    assert (call.state, len(ends(fake))) == ("done", 1)
    assert not any(headers["Idempotency-Key"] == "k1" for _, _, headers in ends(fake))

    thing.update(after)
    StripeCall.objects.update(state="unknown")
    make_call(StripeCall.objects.get(), now=OLD)
    assert len(ends(fake)) == 1


def ends(fake: FakeStripe) -> list[tuple[str, str, dict[str, str]]]:
    return [request for request in fake.requests if request[0] != "get"]


def test_a_call_without_an_answer_is_named_until_there_is_one(fake: FakeStripe) -> None:
    fake.put(session("cs_1", status="open"))
    call = intended("expire_checkout", "cs_1")
    fake.faults.extend([cut_off] * 3)
    with pytest.raises(StripeUnavailable):
        make_call(call, now=NOW)

    assert name_unknown_calls(now=NOW + UNKNOWN_AFTER) == 0
    assert name_unknown_calls(now=NOW + UNKNOWN_AFTER * 2) == 1
    row = ReconciliationException.objects.get(resolved_at=None)
    assert (row.kind, row.subject) == ("stripe_call_unknown", f"stripe:call:{call.pk}")
    assert row.detail == "expire_checkout x:1"

    make_call(call, now=NOW)
    assert name_unknown_calls(now=OLD) == 0
    assert not ReconciliationException.objects.filter(resolved_at=None).exists()


@pytest.mark.parametrize("replayed", ["true", None])
@pytest.mark.usefixtures("lists")
def test_only_a_replayed_failure_is_a_stored_one(fake: FakeStripe, replayed: str | None) -> None:
    headers = {"Idempotent-Replayed": replayed} if replayed else {}
    fake.faults.extend([lambda: (error(500)[0], 500, headers)] * 3)
    call = intended("refund")

    with pytest.raises(StripeUnavailable) as failed:
        make_call(call, now=NOW)

    assert isinstance(failed.value, FailureStored) is (replayed is not None)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_of_nothing_is_refused_before_any_row_or_call(fake: FakeStripe, amount: int) -> None:
    request = RefundRequest(
        kind="order", subject="order:1", charge_ref="stripe:charge:ch_1", amount_minor=amount, request_ref="r:1"
    )

    with pytest.raises(NothingToRefund):
        refund_charge(request=request, now=NOW)

    assert (fake.requests, StripeCall.objects.exists()) == ([], False)
