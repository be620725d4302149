"""rules/shop.md cases 7 and 9, word for word and cent for cent, through the shop's doors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from partners.models import Agreement, Allocation, AllocationReversal, Partner
from partners.operations.end_agreement_early import end_agreement_early
from partners.operations.prepare_agreement import prepare_agreement
from partners.terms import Limits
from partners.vague_words import vague_word
from people.models import Mail, User
from shop.models import Order, Product
from shop.operations.mark_order_paid import mark_order_paid
from shop.operations.record_refund import record_refund
from tests.shop.conftest import NOW, make_product, paid_fact, placed_order, promise
from tests.shop.test_refunds import made

pytestmark = pytest.mark.usefixtures("shelf")
PRODUCT = "/shop/valor-tassel-earrings/"
SOLD = "20% of the price of each Valor tassel earring ($4.80 of $24.00) sold January 1 to December 31, 2026 goes to"
AFTER = "Figured after discounts, before tax and shipping. This purchase is not a tax-deductible gift."
CASE_7 = f"{SOLD} Dahlia's Hope. {AFTER}"


@pytest.fixture(autouse=True)
def today() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


def in_json(client: Client) -> list[str]:
    (valor, *_) = client.get("/api/v1/products").json()["results"]
    return list(valor["variants"][0]["promises"])


def paid(at: datetime = NOW, **quantities: int) -> tuple[Order, str]:
    """A paid order and its link."""
    placed = placed_order(at, **quantities)
    mark_order_paid(paid_fact(placed.order, paid_at=at), now=at)
    placed.order.refresh_from_db()
    return placed.order, placed.token


def renewed(**terms: Any) -> Agreement:
    """Valor's promise on other terms from today, instead of the one that stood."""
    standing = Agreement.objects.get(scope_key="product:valor-tassel-earrings")
    ben = User.objects.get(email="ben@tassel.example")
    end_agreement_early(agreement_id=standing.pk, ends_on=date(2026, 10, 19), by=ben, now=NOW)
    days = {"starts_on": date(2026, 10, 20), "ends_on": date(2026, 12, 31)}
    return promise(standing.partner, standing.scope_key, series="limited", **(days | terms))


def test_shop_case_7_stands_on_page_cart_receipt_and_json(client: Client) -> None:
    client.post("/cart/add/", {"sku": "VALOR-DARK", "quantity": 1})
    order, token = paid(VALOR_DARK=1)

    assert CASE_7 in text(client.get(PRODUCT))
    assert CASE_7 in text(client.get("/cart/"))
    assert CASE_7 in text(client.get(f"/orders/{token}/"))
    assert CASE_7 in " ".join(Mail.objects.get(key=f"{order.ref}:paid").text.split())
    assert CASE_7 in in_json(client)


def test_shop_case_7_says_cap_and_minimum(client: Client) -> None:
    renewed(limits=Limits(1_000_000, 250_000))

    (said,) = in_json(client)

    assert said in text(client.get(PRODUCT))
    assert said == (
        f"{SOLD.replace('January 1', 'October 20')} Dahlia's Hope, up to $10,000.00 in total, at least $2,500.00"
        f" guaranteed. {AFTER}"
    )


def test_shop_case_7_is_silent_at_the_cap_after_the_end_and_unsigned(
    client: Client, today: time_machine.Coordinates
) -> None:
    renewed(limits=Limits(480))
    assert len(in_json(client)) == 1
    paid(VALOR_DARK=1)
    assert in_json(client) == []
    assert "Dahlia" not in text(client.get(PRODUCT))

    unsigned = "product:plain-tassel-earrings"
    ana, hope = User.objects.get(email="ana@tassel.example"), Partner.objects.get(slug="dahlias-hope")
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    prepare_agreement(
        partner=hope, scope_key=unsigned, scope_label="Plain", rate_num=20, rate_den=100, by=ana, now=NOW, **days
    )
    assert "Dahlia" not in text(client.get("/shop/plain-tassel-earrings/"))

    assert "Restoration House KC" in text(client.get("/shop/rehope-tassel-earrings/"))
    today.move_to(datetime(2027, 1, 1, 6, tzinfo=UTC))
    assert "Restoration House KC" not in text(client.get("/shop/rehope-tassel-earrings/"))


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("A share of the proceeds goes to survivors.", "proceeds"),
        ("Made in 2026. All Profits are given away!", "profits"),
        ("20% of the proceeds goes to Dahlia's Hope.", ""),
        ("We work with nonprofits and non-profits.", ""),
    ],
)
def test_shop_case_7_wants_a_figure_beside_proceeds_and_profits(words: str, refused: str) -> None:
    product = Product.objects.get(slug="valor-tassel-earrings")
    product.story = words

    if refused:
        with pytest.raises(ValidationError, match=refused.capitalize()) as told:
            product.full_clean()
        assert set(told.value.message_dict) == {"story"}
    else:
        product.full_clean()
    assert vague_word(words) == refused


def test_shop_case_9_the_rate_at_checkouts_start_binds_payment_and_refund() -> None:
    make_product("spring-tassel-earrings", "SPRING", 2400)
    hope, scope = Partner.objects.get(slug="dahlias-hope"), "product:spring-tassel-earrings"
    promise(hope, scope, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 31))
    promise(hope, scope, rate_num=25, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30))
    orders = [placed_order(datetime(2026, 4, 1, *started, tzinfo=UTC), SPRING=1).order for started in (BEFORE, AT)]
    paid_at = datetime(2026, 4, 1, 5, 10, tzinfo=UTC)
    for order in orders:
        mark_order_paid(paid_fact(order, paid_at=paid_at), now=paid_at)

    orders[0].refresh_from_db()
    back_at = datetime(2026, 4, 10, 17, tzinfo=UTC)
    record_refund(replace(made(str(orders[0].charge_ref), orders[0].ref, 2400), at=back_at), now=back_at)

    assert list(Allocation.objects.order_by("pk").values_list("amount_minor", flat=True)) == [480, 600]
    assert [(row.amount_minor, row.allocation.source) for row in AllocationReversal.objects.all()] == [
        (480, orders[0].ref)
    ]


BEFORE, AT = (4, 59, 59), (5, 0, 0)
