"""What clearing holds of money that is not ours to explain: one item for a charge and what went back of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from ledger import builders
from ledger.drafts import AccountRef, PostingDraft
from ledger.operations.post_entry import post_entry
from payments.models import Charge, Refund
from payments.operations.follow_object import follow_object
from payments.operations.list_balance_transactions import list_balance_transactions
from payments.operations.record_returns import ChargeNotTold
from payments.queries import open_items
from payments.readers import read_returns
from people import clock
from people.queries import local_day
from tests.another_system import api, join, price
from tests.local_stripe import LocalStripe
from tests.payments.test_with_sandbox import findings, months

__all__ = ["months"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def theirs(months: None, told: list[Any], sandbox: LocalStripe) -> str:
    """A charge of 2500 that nothing of ours explains."""
    join(price())
    sandbox.settle()
    return str(api().charges.list({"limit": 1}).data[0].id)


def look(charge_id: str) -> None:
    with pytest.raises(ChargeNotTold):
        follow_object(reader=read_returns, object_id=charge_id, at=clock.now(), now=clock.now())
    list_balance_transactions(now=clock.now())


def held() -> list[tuple[str, int]]:
    return [(item.ref, item.amount_minor) for item in open_items()]


def test_a_payment_that_is_not_ours_and_its_refund_are_one_item_that_settles(theirs: str) -> None:
    api().refunds.create({"charge": theirs, "amount": 700})
    look(theirs)
    part = held()

    api().refunds.create({"charge": theirs})
    look(theirs)

    assert part == [(f"stripe:charge:{theirs}", 700 - 2500)]
    assert (held(), findings()) == ([], [])
    assert (Refund.objects.count(), Charge.objects.get().kind) == (2, "")


def test_an_entry_by_hand_about_a_charge_settles_its_item(theirs: str) -> None:
    list_balance_transactions(now=clock.now())
    moved = [PostingDraft(AccountRef("clearing"), AccountRef("suspense"), 2500)]
    draft = builders.manual(
        manual_ref="manual:1", reason="correction", postings=moved, source=f"stripe:charge:{theirs}",
        event_at=clock.now(), effective_on=local_day(clock.now()), currency="usd",
    )  # fmt: skip
    before = held()

    with transaction.atomic():
        post_entry(draft, now=clock.now())

    assert before == [(f"stripe:charge:{theirs}", -2500)]
    assert held() == []
