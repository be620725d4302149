"""What is shown before payment is what is allocated after it, whatever the prices, quantities and promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners.models import Agreement, Allocation, CapSource, Partner
from partners.terms import FeeEstimate, Limits
from shop.models import Order, Variant
from shop.operations.close_order import close_order
from shop.operations.mark_order_paid import mark_order_paid
from shop.queries import cart_view
from shop.queries.orders import order_view
from tests.shop.conftest import NOW, filled_cart, paid_fact, placed_order, promise

pytestmark = pytest.mark.usefixtures("shelf")
QUANTITIES = st.fixed_dictionaries(
    {"VALOR_DARK": st.integers(1, 20), "REHOPE": st.integers(1, 20), "PLAIN": st.integers(1, 20)}
)
PRICES = st.lists(st.integers(1, 99_999), min_size=3, max_size=3)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Each example leaves the shelf as it found it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def allocated() -> dict[str, int]:
    rows = Allocation.objects.values_list("agreement__partner__name").annotate(total=Sum("amount_minor"))
    return {name: total for name, total in rows if total}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quantities=QUANTITIES, prices=PRICES)
def test_shown_is_given(quantities: dict[str, int], prices: list[int]) -> None:
    """A third and a seventh of everything together, and 20% of two designs by themselves."""
    with rolled_back():
        for sku, price in zip(("VALOR-DARK", "REHOPE", "PLAIN"), prices, strict=True):
            Variant.objects.filter(sku=sku).update(price_minor=price)
        for place, rate in enumerate([(1, 3), (1, 7)]):
            partner = Partner.objects.create(slug=f"more-{place}", name=f"More {place}")
            promise(partner, "product:plain-tassel-earrings", rate_num=rate[0], rate_den=rate[1], stacking_set="both")
        shown = cart_view(filled_cart(**quantities), NOW)
        order = placed_order(**quantities).order
        frozen = order_view(order)

        mark_order_paid(paid_fact(order), now=NOW)

        gives = {share.partner_name: share.amount_minor for share in shown.shares}
        assert gives == {share.partner_name: share.amount_minor for share in frozen.promised} == allocated()
        assert sum(part.amount_minor for part in shown.parts) == order.total_minor


def test_amounts_and_costs_are_shown_as_they_are_given() -> None:
    """$2.00 of each plain pair, and half of what is left of ReHope's price after its cost, frozen at checkout."""
    Variant.objects.filter(sku="REHOPE").update(cost_minor=800)
    partner = Partner.objects.create(slug="more", name="More")
    promise(partner, "product:plain-tassel-earrings", per="unit", each_minor=200, rate_num=0, rate_den=1)
    promise(partner, "variant:REHOPE", basis="net_of_cost", rate_num=50)
    shown = cart_view(filled_cart(REHOPE=2, PLAIN=3), NOW)
    order = placed_order(REHOPE=2, PLAIN=3).order
    Variant.objects.filter(sku="REHOPE").update(cost_minor=2800)

    frozen = order_view(order)
    mark_order_paid(paid_fact(order), now=NOW)

    assert {share.partner_name: share.amount_minor for share in shown.shares} == {"More": 2600}
    assert allocated() == {share.partner_name: share.amount_minor for share in frozen.promised} == {"More": 2600}


def test_what_depends_on_the_card_fee_is_marked_as_an_estimate() -> None:
    partner = Partner.objects.create(slug="more", name="More")
    promise(partner, "variant:PLAIN", basis="net_of_fees", fee_estimate=FeeEstimate(290, 30))
    shown = cart_view(filled_cart(PLAIN=1, VALOR_DARK=1), NOW)

    assert {share.partner_name: share.is_estimate for share in shown.shares} == {"More": True, "Dahlia's Hope": False}
    assert {part.label: part.note for part in shown.parts if part.kind == "partner"} == {
        "To More": "an estimate until the card fee is known",
        "To Dahlia's Hope": "",
    }


def capped_shelf() -> Agreement:
    """$3.00 of each plain pair, up to $5.00; and 10% of everything else to somebody else."""
    more = Partner.objects.create(slug="more", name="More")
    promise(more, "shop", rate_num=10)
    terms = {"per": "unit", "each_minor": 300, "rate_num": 0, "rate_den": 1, "limits": Limits(cap_minor=500)}
    return promise(Partner.objects.get(slug="dahlias-hope"), "variant:PLAIN", **terms)


def test_a_checkout_keeps_its_room_and_the_next_one_sees_the_rest() -> None:
    capped = capped_shelf()
    first = placed_order(PLAIN=1).order

    assert {share.amount_minor for share in cart_view(filled_cart(PLAIN=1), NOW).shares} == {200}
    placed_order(PLAIN=1)
    at_the_cap = placed_order(PLAIN=1).order

    assert {share.partner_name for share in order_view(at_the_cap).promised} == {"More"}  # the shop's own promise
    assert CapSource.objects.filter(agreement=capped).count() == 2
    mark_order_paid(paid_fact(first), now=NOW)
    assert allocated() == {"Dahlia's Hope": 300}


def test_a_checkout_that_ends_gives_its_room_back() -> None:
    capped_shelf()
    left = placed_order(PLAIN=2).order
    late = placed_order(REHOPE=1).order  # nothing of it lies under the cap

    close_order(order_id=left.pk, because=Order.ClosedBecause.EXPIRED, now=NOW)
    close_order(order_id=late.pk, because=Order.ClosedBecause.EXPIRED, now=NOW)

    assert {share.amount_minor for share in cart_view(filled_cart(PLAIN=1), NOW).shares} == {300}
    mark_order_paid(paid_fact(left), now=NOW)  # paid after all: its pieces are there, and so is the room
    assert allocated() == {"Dahlia's Hope": 500}
