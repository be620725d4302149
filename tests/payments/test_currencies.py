"""A currency enters only where Stripe's minor units are ours; any other is refused before a row or a call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from payments.currencies import can_be_charged, processor_exponent
from payments.models import StripeCall
from payments.operations.open_checkout import CheckoutLine, NotChargeable, open_checkout
from people.money import format_minor
from tests.payments.conftest import NOW
from tests.payments.fake_stripe import FakeStripe
from tests.payments.test_open_checkout import ASKED

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("currency", "amount_minor", "shown"),
    [("usd", 4800, "$48.00"), ("jpy", 4800, "¥4,800"), ("kwd", 4800, "KWD4.800"), ("eur", 4805, "€48.05")],
)
def test_the_amount_that_is_shown_is_the_amount_that_is_charged(
    fake: FakeStripe, currency: str, amount_minor: int, shown: str
) -> None:
    lines = [CheckoutLine(name="Valor", amount_minor=amount_minor)]

    open_checkout(request=replace(ASKED, currency=currency, lines=lines), now=NOW)

    (call,) = StripeCall.objects.all()
    price = call.params["line_items"][0]["price_data"]
    assert (price["unit_amount"], price["currency"]) == (amount_minor, currency)
    assert format_minor(amount_minor, currency) == shown


@pytest.mark.parametrize(
    ("currency", "amount_minor"),
    [
        *[(unlisted, 4800) for unlisted in ("xyz", "btc", "USD", "us", "")],
        *[(counted_otherwise, 4800) for counted_otherwise in ("isk", "ugx", "lbp", "lak", "irr")],
        ("kwd", 4805),
    ],
)
def test_any_other_is_refused_before_a_row_or_a_call(fake: FakeStripe, currency: str, amount_minor: int) -> None:
    lines = [CheckoutLine(name="Valor", amount_minor=amount_minor)]

    with pytest.raises(NotChargeable):
        open_checkout(request=replace(ASKED, currency=currency, lines=lines), now=NOW)

    assert (StripeCall.objects.count(), fake.requests) == (0, [])


@pytest.mark.parametrize(("currency", "places"), [("usd", 2), ("jpy", 0), ("kwd", 3), ("isk", 2), ("xyz", None)])
def test_stripes_own_exponents(currency: str, places: int | None) -> None:
    assert processor_exponent(currency) == places


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_what_the_two_count_differently_is_never_charged(currency: str) -> None:
    assert not can_be_charged(4800, currency)
