"""What an account owner decides at Stripe can be decided here: fees, settlement, dunning."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.settings import Settings
from tests.sandbox.conftest import Shop


def test_a_nonprofits_fee(shop: Shop) -> None:
    changed = shop.door("settings", {"fee_basis_points": 220})

    assert changed["fee_basis_points"] == 220
    assert requests.get(f"{shop.box.url}/_sandbox/settings", timeout=5).json()["fee_basis_points"] == 220
    shop.bought()
    shop.door("settle")
    assert shop.stripe.v1.balance_transactions.list().data[0].fee == 122, "2.2 % of 42.00 is 92.4, plus 30"


def test_dunning_ends_as_the_account_says(shop: Shop) -> None:
    shop.door("settings", {"dunning_end": "past_due", "dunning_days": [2]})
    subscription = shop.subscribed("4000000000000341")

    shop.advance(days=36)

    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    invoice = shop.stripe.v1.invoices.list().data[0]
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (2, None)


def test_reset_brings_back_the_first_settings(shop: Shop) -> None:
    shop.door("settings", {"fee_fixed_minor": 0})

    shop.door("reset")

    assert shop.box.ctx.settings.fee_fixed_minor == 30


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"fee": 1}, "fee"),
        ({"fee_basis_points": "290"}, "fee_basis_points"),
        ({"fee_basis_points": True}, "fee_basis_points"),
        ({"fee_basis_points": -1}, "fee_basis_points"),
        ({"dunning_end": "forgive"}, "dunning_end"),
        ({"dunning_days": [3, 1]}, "dunning_days"),
        ({"dunning_days": [0]}, "dunning_days"),
        ({"dunning_days": ["1"]}, "dunning_days"),
    ],
)
def test_what_makes_no_sense_is_refused(shop: Shop, given: dict[str, Any], param: str) -> None:
    answer = shop.door("settings", given)

    assert (answer["status"], answer["error"]["param"]) == (400, param)
    assert param in answer["error"]["message"]
    assert shop.box.ctx.settings.fee_basis_points == 290


def test_settings_survive_their_own_json() -> None:
    settings = Settings(dunning_days=(1, 2), fee_fixed_minor=0)

    assert Settings().changed(settings.to_json()) == settings
