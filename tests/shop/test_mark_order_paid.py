"""What a payment does to stock, books, shares, cart and mail; told once or many times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ledger import books
from ledger.models import Entry, Posting
from ledger.queries import balance
from partners.models import Agreement, Allocation
from partners.operations.end_agreement_early import end_agreement_early
from people.models import Mail, Supporter, User
from shop.models import CartLine, Order, OrderEvent, OrderRefund, StockHold, StockMovement, Variant
from shop.operations.add_to_cart import add_to_cart
from shop.operations.await_payment import await_payment
from shop.operations.close_order import close_order
from shop.operations.mark_order_paid import mark_order_paid
from shop.outcomes import Outcome
from shop.subjects import UnknownOrder
from tests.shop.conftest import NOW, paid_fact, placed_order, promise, set_stock

pytestmark = pytest.mark.usefixtures("shelf")


def paid_order(**quantities: int) -> Order:
    order = placed_order(**quantities).order
    assert mark_order_paid(paid_fact(order), now=NOW) is Outcome.PAID
    order.refresh_from_db()
    return order


def book_lines() -> list[str]:
    """The whole ledger as a table: kind, debit, credit, amount."""
    postings = Posting.objects.select_related("entry", "debit", "credit").order_by("entry_id", "ordinal")
    return [f"{p.entry.kind} {p.debit.code} {p.credit.code} {p.amount_minor}" for p in postings]


def assert_books_are_right() -> None:
    assert [finding for result in books.run() for finding in result.findings] == []


def test_a_paid_order_is_booked_and_shared_to_the_cent() -> None:
    order = paid_order(VALOR_DARK=2, REHOPE=1, PLAIN=1)

    assert order.state == Order.State.PAID
    assert book_lines() == ["sale 1040 4510 9100", "accrual 5110 2110 960", "accrual 5110 2110 560"]
    assert Entry.objects.earliest("pk").idempotency_key == f"{order.charge_ref}:sale"
    shares = {row.agreement.partner.name: row.amount_minor for row in Allocation.objects.all()}
    assert shares == {"Dahlia's Hope": 960, "Restoration House KC": 560}
    assert_books_are_right()


def test_its_pieces_leave_the_shelf() -> None:
    order = paid_order(VALOR_DARK=2)

    valor = Variant.objects.get(sku="VALOR-DARK")
    assert (valor.on_hand, valor.reserved) == (18, 0)
    moved = StockMovement.objects.get(reason="sale")
    assert (moved.quantity, moved.source) == (-2, order.ref)
    assert StockHold.objects.get().state == StockHold.State.TAKEN


def test_the_buyer_is_remembered_and_gets_one_mail_with_a_link_that_works(client: Any) -> None:
    order = paid_order(VALOR_DARK=2)

    mail = Mail.objects.get(to="buyer@example.org")
    assert "$9.60 to Dahlia's Hope" in mail.text
    assert "20% of the price of each Valor tassel earring ($4.80 of $24.00)" in mail.text
    link = next(word for word in mail.text.split() if "/orders/" in word)
    assert client.get(link.removeprefix("http://localhost:8000")).status_code == 200
    assert (order.name, order.shipping_address["city"]) == ("Bea Buyer", "Kansas City")
    assert order.supporter.email == "buyer@example.org"


def test_a_known_supporter_is_not_edited() -> None:
    Supporter.objects.create(email="buyer@example.org", name="Beatrice", created_at=NOW)

    paid_order(VALOR_DARK=1)

    assert Supporter.objects.get().name == "Beatrice"


def test_told_three_times_it_happens_once() -> None:
    order = placed_order(VALOR_DARK=2).order

    outcomes = [mark_order_paid(paid_fact(order), now=NOW) for _ in range(3)]

    assert outcomes == [Outcome.PAID, Outcome.ALREADY_PAID, Outcome.ALREADY_PAID]
    assert book_lines() == ["sale 1040 4510 4800", "accrual 5110 2110 960"]
    assert Mail.objects.count() == 1
    assert Variant.objects.get(sku="VALOR-DARK").on_hand == 18
    assert OrderEvent.objects.filter(kind="paid").count() == 1


def test_tax_is_the_processors_and_lies_on_the_lines_to_the_cent() -> None:
    order = placed_order(VALOR_DARK=2, REHOPE=1, PLAIN=1).order

    mark_order_paid(paid_fact(order, tax_minor=771, total_minor=9871), now=NOW)

    assert list(order.lines.values_list("tax_minor", flat=True)) == [407, 237, 127]
    assert balance("tax_payable") == -771
    assert balance("clearing") == 9871
    assert balance("sales") == -9100
    assert_books_are_right()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"currency": "eur"}, "currency"),
        ({"subtotal_minor": 4799, "total_minor": 4799}, "subtotal"),
        ({"shipping_minor": 500, "total_minor": 5300}, "shipping"),
        ({"total_minor": 4700}, "total"),
    ],
)
def test_a_payment_that_was_not_asked_for_buys_nothing(changes: dict[str, Any], named: str) -> None:
    order = placed_order(VALOR_DARK=2).order
    fact = paid_fact(order, **changes)

    outcomes = [mark_order_paid(fact, now=NOW) for _ in range(2)]

    order.refresh_from_db()
    assert outcomes == [Outcome.MISMATCH, Outcome.ALREADY_PAID]
    assert (order.state, order.closed_because) == (Order.State.REFUND_DUE, "mismatch")
    assert book_lines() == [f"suspense 1040 1999 {fact.total_minor}"]
    assert Entry.objects.get().idempotency_key == f"{fact.charge_ref}:suspense"
    assert not Allocation.objects.exists()
    assert OrderEvent.objects.get(kind="mismatch").detail == f"{named}: {fact.charge_ref}"
    assert Mail.objects.get().to == "staff@tassel.example"
    assert Variant.objects.get(sku="VALOR-DARK").reserved == 0
    assert_books_are_right()


def test_paid_after_release_takes_what_is_still_there() -> None:
    order = placed_order(VALOR_DARK=2).order
    close_order(order_id=order.pk, because=Order.ClosedBecause.EXPIRED, now=NOW)

    outcome = mark_order_paid(paid_fact(order), now=NOW)

    order.refresh_from_db()
    valor = Variant.objects.get(sku="VALOR-DARK")
    assert (outcome, order.state, order.closed_because) == (Outcome.PAID, Order.State.PAID, "")
    assert (valor.on_hand, valor.reserved) == (18, 0)
    assert Allocation.objects.get().amount_minor == 960
    assert_books_are_right()


def test_paid_after_release_with_one_piece_gone_is_owed_back_whole() -> None:
    order = placed_order(VALOR_DARK=2, REHOPE=1).order
    close_order(order_id=order.pk, because=Order.ClosedBecause.EXPIRED, now=NOW)
    set_stock("REHOPE", 0)

    outcomes = [mark_order_paid(paid_fact(order), now=NOW) for _ in range(2)]

    order.refresh_from_db()
    valor = Variant.objects.get(sku="VALOR-DARK")
    assert outcomes == [Outcome.REFUND_DUE, Outcome.ALREADY_PAID]
    assert (order.state, order.closed_because) == (Order.State.REFUND_DUE, "sold_out")
    assert (valor.on_hand, valor.reserved) == (20, 0)
    assert book_lines() == ["deposit 1040 2410 7600"]
    assert not Allocation.objects.exists()
    refund = OrderRefund.objects.get()
    assert (refund.amount_minor, refund.state, refund.aside) == (7600, "asked", "deposits")
    assert Mail.objects.get().to == "buyer@example.org"
    assert "$76.00" in Mail.objects.get().text
    assert_books_are_right()


def test_a_second_charge_is_a_deposit_and_told_once() -> None:
    order = paid_order(VALOR_DARK=1)
    second = paid_fact(order, charge_ref="stripe:charge:ch_second")

    outcomes = [mark_order_paid(second, now=NOW) for _ in range(2)]

    assert outcomes == [Outcome.SECOND_CHARGE, Outcome.SECOND_CHARGE]
    assert book_lines()[2:] == ["deposit 1040 2410 2400"]
    assert Entry.objects.latest("pk").idempotency_key == "stripe:charge:ch_second:deposit"
    assert OrderEvent.objects.filter(kind="second_charge").count() == 1
    refund = OrderRefund.objects.get()
    assert (refund.charge_ref, refund.amount_minor, refund.state) == ("stripe:charge:ch_second", 2400, "asked")
    assert Allocation.objects.count() == 1
    mail = Mail.objects.get(subject__contains="charged twice")
    assert mail.to == "buyer@example.org" and "$24.00" in mail.text
    assert_books_are_right()


def test_a_bank_debit_is_sold_from_its_endless_hold() -> None:
    order = placed_order(VALOR_DARK=1).order
    await_payment(paid_fact(order), now=NOW)  # type: ignore[arg-type]

    mark_order_paid(paid_fact(order), now=NOW + timedelta(days=5))

    order.refresh_from_db()
    assert order.state == Order.State.PAID
    assert Variant.objects.get(sku="VALOR-DARK").reserved == 0


def test_the_promise_shown_at_checkout_binds_though_it_has_ended_since() -> None:
    order = placed_order(VALOR_DARK=2).order
    tomorrow = NOW + timedelta(days=1)
    cara = User.objects.create_user("cara@tassel.example")
    valor = Agreement.objects.get(scope_key="product:valor-tassel-earrings")
    end_agreement_early(agreement_id=valor.pk, ends_on=date(2026, 10, 20), by=cara, now=NOW)

    mark_order_paid(paid_fact(order, paid_at=tomorrow), now=tomorrow)
    later = placed_order(tomorrow, VALOR_DARK=2).order
    mark_order_paid(paid_fact(later, paid_at=tomorrow), now=tomorrow)

    assert Allocation.objects.get().source == order.ref
    assert Allocation.objects.get().amount_minor == 960


def test_a_new_rate_counts_from_midnight_in_kansas_city() -> None:
    """rules/shop.md case 9: 20% until 31 March, 25% from 1 April; checkout's start decides, not the payment."""
    plain = "product:plain-tassel-earrings"
    hope = Agreement.objects.earliest("pk").partner
    promise(hope, plain, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 31))
    promise(hope, plain, rate_num=25, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30), series="next")
    before = datetime(2026, 4, 1, 4, 59, 59, tzinfo=UTC)

    for started in (before, before + timedelta(seconds=1)):
        order = placed_order(started, PLAIN=2).order
        mark_order_paid(paid_fact(order, paid_at=before + timedelta(minutes=10)), now=NOW)

    assert list(Allocation.objects.order_by("pk").values_list("amount_minor", flat=True)) == [600, 750]


def test_what_was_bought_leaves_the_cart_and_nothing_else() -> None:
    order = placed_order(VALOR_DARK=2, REHOPE=1).order
    add_to_cart(cart_id=order.cart_id, sku="VALOR-DARK", quantity=1, now=NOW)
    add_to_cart(cart_id=order.cart_id, sku="PLAIN", quantity=1, now=NOW)

    mark_order_paid(paid_fact(order), now=NOW)

    assert set(CartLine.objects.values_list("variant__sku", "quantity")) == {("VALOR-DARK", 1), ("PLAIN", 1)}


@pytest.mark.parametrize("subject", ["order:999999", "gift:1", "order:", "order:x"])
def test_a_fact_about_no_order_of_ours_is_not_swallowed(subject: str) -> None:
    order = placed_order(VALOR_DARK=1).order

    with pytest.raises(UnknownOrder):
        mark_order_paid(paid_fact(order, subject=subject), now=NOW)

    assert not Entry.objects.exists()
