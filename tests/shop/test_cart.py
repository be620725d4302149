"""What may lie in a cart, and what is said when it may not."""

from __future__ import annotations

import pytest

from shop.models import CartLine, Variant
from shop.operations.add_to_cart import UnknownPiece, add_to_cart
from shop.operations.remove_from_cart import remove_from_cart
from shop.operations.set_quantity import set_quantity
from shop.quantities import BelowOne, BeyondLimit, BeyondStock
from shop.queries import cart_view
from tests.shop.conftest import NOW, filled_cart, placed_order, set_stock

pytestmark = pytest.mark.usefixtures("shelf")


def test_adding_twice_adds_up() -> None:
    cart = filled_cart(VALOR_DARK=2)

    added = add_to_cart(cart_id=cart, sku="VALOR-DARK", quantity=3, now=NOW)

    assert (added.cart_id, added.quantity, added.pieces) == (cart, 5, 5)
    assert CartLine.objects.get().quantity == 5


@pytest.mark.parametrize("quantity", [0, -1])
def test_less_than_one_is_refused(quantity: int) -> None:
    with pytest.raises(BelowOne, match="Enter 1 or more"):
        add_to_cart(cart_id=None, sku="VALOR-DARK", quantity=quantity, now=NOW)

    assert not CartLine.objects.exists()


def test_more_than_is_left_is_refused_and_the_cart_stays() -> None:
    set_stock("VALOR-DARK", 3)
    cart = filled_cart(VALOR_DARK=2)

    with pytest.raises(BeyondStock, match=r"Only 3 are left\. Your cart already holds 2\."):
        add_to_cart(cart_id=cart, sku="VALOR-DARK", quantity=2, now=NOW)

    assert CartLine.objects.get().quantity == 2


def test_more_than_one_order_may_hold_is_refused() -> None:
    Variant.objects.filter(sku="VALOR-DARK").update(max_per_order=4)

    with pytest.raises(BeyondLimit, match="at most 4"):
        add_to_cart(cart_id=None, sku="VALOR-DARK", quantity=5, now=NOW)


@pytest.mark.parametrize("sku", ["NO-SUCH", "", "valor-dark"])
def test_an_unknown_piece_is_refused(sku: str) -> None:
    with pytest.raises(UnknownPiece):
        add_to_cart(cart_id=None, sku=sku, quantity=1, now=NOW)


def test_a_piece_off_the_shelf_cannot_be_added_but_is_named_in_the_cart(valor: Variant) -> None:
    cart = filled_cart(VALOR_DARK=1, REHOPE=1)
    valor.product.published_until = NOW
    valor.product.save()

    with pytest.raises(UnknownPiece):
        add_to_cart(cart_id=cart, sku="VALOR-DARK", quantity=1, now=NOW)
    view = cart_view(cart, NOW)

    assert [row.problem for row in view.rows] == ["This piece has left the shop.", ""]
    assert not view.can_pay


def test_a_quantity_that_cannot_be_changes_nothing() -> None:
    cart = filled_cart(VALOR_DARK=2)
    set_stock("VALOR-DARK", 3)

    with pytest.raises(BeyondStock):
        set_quantity(cart_id=cart, sku="VALOR-DARK", quantity=4, now=NOW)

    assert CartLine.objects.get().quantity == 2


def test_another_cart_is_left_alone() -> None:
    mine, other = filled_cart(VALOR_DARK=2), filled_cart(VALOR_DARK=3)

    set_quantity(cart_id=mine, sku="VALOR-DARK", quantity=1, now=NOW)
    remove_from_cart(cart_id=mine, sku="VALOR-DARK")

    assert list(CartLine.objects.values_list("cart_id", "quantity")) == [(other, 3)]


def test_a_buyers_own_hold_does_not_stand_in_their_way() -> None:
    set_stock("VALOR-DARK", 1)
    order = placed_order(VALOR_DARK=1).order

    mine = cart_view(order.cart_id, NOW)

    assert mine.can_pay
    with pytest.raises(BeyondStock):
        add_to_cart(cart_id=None, sku="VALOR-DARK", quantity=1, now=NOW)


def test_a_cart_says_what_each_partner_gets() -> None:
    view = cart_view(filled_cart(VALOR_DARK=2, REHOPE=1, PLAIN=1), NOW)

    assert view.total_minor == 9100
    assert [(share.partner_name, share.amount_minor) for share in view.shares] == [
        ("Dahlia's Hope", 960),
        ("Restoration House KC", 560),
    ]
    assert sum(part.amount_minor for part in view.parts) == 9100


def test_a_cart_costs_three_queries_however_full(django_assert_num_queries: object) -> None:
    for quantities in ({"VALOR_DARK": 1}, {"VALOR_DARK": 1, "REHOPE": 1, "PLAIN": 1}):
        cart = filled_cart(**quantities)
        with django_assert_num_queries(3):  # type: ignore[operator]
            assert cart_view(cart, NOW).parts
