"""Subscriptions of another system: whose they are by our rows, and marked at Stripe by a key that is kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from ledger.models import ReconciliationException
from ledger.operations.begin_books import begin_books
from payments import tasks
from payments.gateway import StripeUnavailable
from payments.models import AdoptedSubscription, Charge, Refund, StripeCall
from payments.operations.adopt_subscription import Outcome, adopt_subscription
from payments.operations.follow_object import follow_object
from payments.operations.list_balance_transactions import list_balance_transactions
from payments.operations.mark_subscription import Outcome as Marked
from payments.operations.mark_subscription import mark_subscription
from payments.operations.name_old_items import name_old_items
from payments.readers import read_invoice, read_returns, read_subscription
from people import clock
from people.queries import local_day
from tests.another_system import api, join, price
from tests.local_stripe import LocalStripe
from tests.payments.conftest import NOW
from tests.payments.fake_stripe import FakeStripe, charge, intent, invoice, subscription
from tests.payments.test_with_sandbox import findings, months

__all__ = ["months"]
pytestmark = pytest.mark.django_db


def adopted(subject: str = "plan:9") -> Outcome:
    return adopt_subscription(subscription_ref="sub_1", kind="plan", subject=subject, now=NOW)


@pytest.mark.usefixtures("books")
def test_our_row_says_whose_it_is_whatever_the_metadata_says(fake: FakeStripe) -> None:
    """Another system may have used our words for something of its own."""
    fake.put(subscription("sub_1", metadata={"kind": "plan", "subject": "plan:1"}))
    [before] = read_subscription("sub_1", NOW).facts
    assert adopted() is Outcome.ADOPTED

    [after] = read_subscription("sub_1", NOW).facts

    assert (before.subject, after.subject) == ("plan:1", "plan:9")
    assert adopted("plan:10") is Outcome.ALREADY_ADOPTED
    assert AdoptedSubscription.objects.get().subject == "plan:9"


@pytest.mark.usefixtures("books")
def test_an_invoice_that_was_paid_before_the_books_began_is_no_gift(fake: FakeStripe) -> None:
    fake.put(invoice())
    fake.put(intent())
    fake.put(charge())
    [paid] = read_invoice("in_1", NOW).facts
    day = local_day(paid.paid_at)  # type: ignore[attr-defined]

    begin_books(on=day + timedelta(days=1), now=NOW)
    assert (read_invoice("in_1", NOW).facts, read_invoice("in_1", NOW).nothing) == ((), "paid before the books began")

    begin_books(on=day, now=NOW)
    assert read_invoice("in_1", NOW).facts == (paid,)


@pytest.mark.django_db(transaction=True)
def test_a_refund_of_an_old_charge_is_named_and_takes_no_share_back(
    months: None, told: list[Any], sandbox: LocalStripe
) -> None:
    """Nobody here knows what it paid for, so nothing is told; its money stays among clearing's open items."""
    join(price())
    sandbox.settle()
    sandbox.advance(days=1)
    begin_books(on=local_day(clock.now()), now=clock.now())
    old = api().charges.list({"limit": 1}).data[0].id
    api().refunds.create({"charge": old, "amount": 700})
    sandbox.advance(days=2)

    followed = follow_object(reader=read_returns, object_id=old, at=clock.now(), now=clock.now())
    list_balance_transactions(now=clock.now())
    name_old_items(now=clock.now())

    assert (followed.outcomes, told, Refund.objects.count(), Charge.objects.get().kind) == ((), [], 1, "")
    [named] = ReconciliationException.objects.all()
    assert (named.kind, named.amount_minor) == ("clearing_open", 700)
    assert findings() == []


@pytest.fixture
def joined(months: None, told: list[Any], sandbox: LocalStripe) -> str:
    return join(price(), metadata={"theirs": "1"}).subscription


def mark(subscription_ref: str) -> Marked:
    return mark_subscription(subscription_ref=subscription_ref, kind="plan", subject="plan:9", now=clock.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fault", [{"fault": "applied_then_dropped"}, {"fault": "reset"}, {"fault": "sticky_500", "applied": True}]
)
def test_a_lost_answer_is_asked_for_again_and_marks_once(
    joined: str, sandbox: LocalStripe, fault: dict[str, Any]
) -> None:
    """Rows 17 and 21: applied and the reply lost, never arrived, or a failure stored under the key."""
    rule = {"method": "POST", "path": f"/v1/subscriptions/{joined}", **fault}
    sandbox.do("faults", seed=1, api=[rule])
    with suppress(StripeUnavailable):  # what is stored as failed is looked for at once
        mark(joined)
    sandbox.do("faults", seed=1, api=[])
    StripeCall.objects.update(next_attempt_at=clock.wall_now())

    tasks.sweep()

    assert StripeCall.objects.get().state == "done"
    assert mark(joined) is Marked.ALREADY_MARKED
    metadata = api().subscriptions.retrieve(joined).metadata.to_dict()
    assert metadata == {"theirs": "1", "kind": "plan", "subject": "plan:9"}
