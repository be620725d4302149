"""The worked chain of rules/ledger.md section 5 through the local Stripe: money back, taken back, won and lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import stripe
from django.db import connection

from donations.models import Fund, Gift, GiftRefund
from donations.operations.request_gift_refund import RefundAmountWrong as GiftRefundWrong
from donations.operations.request_gift_refund import request_gift_refund
from ledger.models import Entry
from ledger.queries import balance
from partners.models import AllocationReversal, Hold, Match, Partner, PartnerPayout
from partners.operations.settle_matches import settle_matches
from payments.models import StripeCall
from people import clock
from people.models import User
from shop.models import Order, OrderRefund
from shop.operations.request_refund import Disputed, NothingLeft, RefundAmountWrong, request_refund
from shop.outcomes import Outcome
from tests import asked
from tests.donations.conftest import make_fund
from tests.journeys import money_back as money
from tests.journeys.payouts import at_the_bank, ben, lay_ground, pay_out
from tests.local_stripe import LocalStripe
from tests.shop.conftest import make_shelf, promise, set_stock

pytestmark = pytest.mark.django_db(transaction=True)
CHAIN = {"discount": 480, "shipping": 500, "tax": 366}


@pytest.fixture(autouse=True)
def shelf(transactional_db: None) -> None:
    now = clock.wall_now()
    make_shelf(now, starts_on=now.date() - timedelta(days=30), ends_on=now.date() + timedelta(days=60))


@pytest.fixture
def fund(shelf: None) -> Fund:
    """40% of each gift to either partner."""
    made = make_fund()
    today = clock.wall_now().date()
    for partner in Partner.objects.order_by("pk"):
        promise(
            partner, f"fund:{made.slug}", rate_num=40, stacking_set="seed-40-40",
            starts_on=today - timedelta(days=30), ends_on=today + timedelta(days=60),
        )  # fmt: skip
    return made


def until_the_partners_are_paid(local: LocalStripe) -> tuple[Order, Order, str]:
    """E1 to E8; the first order, the disputed one and its dispute."""
    order = e1_to_e4(local)
    disputed = money.sell(**CHAIN)
    dispute = local.dispute(money.charge_id(disputed), fee=1500)
    money.hear(local)
    money.book_balance(local)
    assert balance("stripe_balance") == -1680
    assert pay_out(local) == {"dahlias-hope": 2531, "restoration-house-kc": 2000}
    came_back("restoration-house-kc")
    return order, disputed, dispute


def e1_to_e4(local: LocalStripe) -> Order:
    """A sale, a gift, and 2000 of the sale given back; what is left at Stripe is paid out and arrives at the bank."""
    lay_ground(*Partner.objects.all())
    order = money.sell(**CHAIN)
    money.give(Fund.objects.get(), 5180, 180)
    money.refund_at_stripe(order, 2000)
    money.hear(local)
    money.book_balance(local)
    assert (balance("stripe_balance"), balance("clearing")) == (8006, 0)
    local.advance(days=3)
    local.do("payouts")
    local.advance(days=3)
    money.hear(local)
    money.book_balance(local)
    at_the_bank("stripe", "STRIPE TRANSFER,80.06")
    return order


def came_back(slug: str) -> None:
    """E8: the bank returns a partner's payment; the rule proposes what it was, and a person says so."""
    payout = PartnerPayout.objects.get(partner__slug=slug)
    at_the_bank("return", f"RETURN R03 {payout.reference},{payout.amount_minor / 100:.2f}")
    match = Match.objects.get(kind=Match.Kind.RETURNED)
    assert match.state == Match.State.PROPOSED
    settle_matches(match_ids=[match.pk], by=ben(), now=clock.now())


def test_worked_chain_when_the_dispute_is_won(webhooks: LocalStripe, fund: Fund) -> None:
    """E1 to E8 and E9w."""
    _, _, dispute = until_the_partners_are_paid(webhooks)
    held = {name: balance(name, Partner.objects.get(slug="dahlias-hope").owner) for name in ("payable", "held")}

    webhooks.close_dispute(dispute, "won")
    money.hear(webhooks)
    money.book_balance(webhooks)

    assert held == {"payable": 0, "held": -864}
    assert money.columns() == (19042, 19042)
    assert money.balances() == {
        "1010": 5475, "1050": 3506, "4520": 960, "4540": 1666, "5110": 5395, "6110": 540, "6120": 1500,
        "2110/dahlias-hope": -864, "2110/restoration-house-kc": -2000, "2310": -591,
        "4010/fund:seed-collective": -5000, "4015": -180, "4510": -9600, "4530": -807,
    }  # fmt: skip


def test_worked_chain_when_the_dispute_is_lost(webhooks: LocalStripe, fund: Fund) -> None:
    """E1 to E8, E9l and E10."""
    order, disputed, dispute = until_the_partners_are_paid(webhooks)

    webhooks.close_dispute(dispute, "lost")
    money.hear(webhooks)
    money.book_balance(webhooks)

    assert money.columns() == (18992, 18992)
    assert money.balances() == {
        "1010": 5475, "4520": 960, "4540": 1666, "4550": 4320, "5110": 4531, "6110": 540, "6120": 1500,
        "1050": -1680, "2110/restoration-house-kc": -2000, "2310": -225, "4010/fund:seed-collective": -5000,
        "4015": -180, "4510": -9600, "4530": -307,
    }  # fmt: skip
    disputed.refresh_from_db()
    assert disputed.given_back_minor == 5186

    money.refund_at_stripe(order)
    money.hear(webhooks)
    money.book_balance(webhooks)

    last = OrderRefund.objects.filter(order=order).last()
    assert last is not None
    assert (last.goods_minor, last.shipping_minor, last.tax_minor) == (2654, 307, 225)
    assert money.columns() == (21646, 21646)
    hope = Partner.objects.get(slug="dahlias-hope").owner
    assert (balance("payable", hope), balance("allocations"), balance("clearing")) == (531, 4000, 0)
    assert list(AllocationReversal.objects.values_list("amount_minor", flat=True)) == [333, 864, 531]


@pytest.mark.parametrize(("evidence", "kept"), [("winning_evidence", 1500), ("losing_evidence", 3000)])
def test_what_a_contested_dispute_costs_stands_on_one_account(webhooks: LocalStripe, evidence: str, kept: int) -> None:
    """Stripe takes a second fee for the answer, in a row of its own, and brings only that one back when it is won."""
    order = money.sell(**CHAIN)
    dispute = webhooks.dispute(money.charge_id(order), fee=1500)
    answer = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    money.client().disputes.update(dispute, answer)
    money.hear(webhooks)
    money.book_balance(webhooks)
    contested = balance("dispute_fees")

    webhooks.advance(hours=2)
    money.hear(webhooks)
    money.book_balance(webhooks)

    assert (contested, balance("dispute_fees"), balance("processing_fees")) == (3000, kept, 180)
    assert (balance("disputes"), balance("clearing")) == (0, 0)


def test_covered_gift_partly_refunded(webhooks: LocalStripe, fund: Fund) -> None:
    gift = money.give(fund, 10256, 256)

    money.refund_at_stripe(gift, 2000)
    money.hear(webhooks)

    refund = GiftRefund.objects.get()
    assert (refund.gift_minor, refund.cover_minor) == (1950, 50)
    assert list(AllocationReversal.objects.values_list("amount_minor", flat=True)) == [780, 780]
    assert (balance("contributions", "fund:seed-collective"), balance("cover")) == (-8050, -206)
    gift.refresh_from_db()
    assert gift.refunded_minor == 2000


def test_refund_that_fails_later_is_mirrored_and_the_share_is_figured_again(webhooks: LocalStripe) -> None:
    order = money.sell(**CHAIN)
    refund = money.refund_at_stripe(order, 2000)
    money.hear(webhooks)

    webhooks.fail_refund(refund)
    money.hear(webhooks)
    money.book_balance(webhooks)

    assert list(AllocationReversal.objects.values_list("amount_minor", flat=True)) == [333, -333]
    assert (balance("sales_refunds"), balance("clearing"), balance("allocations")) == (0, 0, 864)
    order.refresh_from_db()
    assert (order.given_back_minor, OrderRefund.objects.get().state) == (0, "failed")


def test_inquiry_moves_nothing_until_it_becomes_a_dispute(webhooks: LocalStripe) -> None:
    order = money.sell(**CHAIN)
    dispute = webhooks.dispute(money.charge_id(order), inquiry=True)
    money.hear(webhooks)
    before = Hold.objects.count()

    webhooks.escalate_dispute(dispute)
    money.hear(webhooks)

    assert (before, Hold.objects.get().amount_minor, balance("allocations")) == (0, 864, 864)


def test_dispute_of_more_than_is_left_takes_no_more_from_the_partner(webhooks: LocalStripe) -> None:
    order = money.sell(**CHAIN)
    money.refund_at_stripe(order, 2000)
    dispute = webhooks.dispute(money.charge_id(order))
    money.hear(webhooks)

    webhooks.close_dispute(dispute, "lost")
    money.hear(webhooks)
    money.book_balance(webhooks)

    lost = OrderRefund.objects.get(cause="dispute")
    assert (lost.goods_minor, lost.shipping_minor, lost.tax_minor, lost.surplus_minor) == (2654, 307, 225, 2000)
    assert (balance("chargebacks"), balance("allocations"), balance("disputes")) == (4654, 0, 0)


def test_a_refund_that_waits_while_the_bank_takes_the_money_fails_and_the_dispute_goes_on(
    webhooks: LocalStripe,
) -> None:
    """Stripe sends no refund of what was taken back; before funds came nothing of it had moved."""
    webhooks.do("settings", refunds_overdraw=False)
    order = money.sell(**CHAIN)
    webhooks.settle()
    webhooks.advance(days=3)
    webhooks.do("payouts")
    webhooks.advance(minutes=1)
    refund = money.refund_at_stripe(order, 2000)
    dispute = webhooks.dispute(money.charge_id(order))
    money.hear(webhooks)

    money.sell(8)
    money.book_balance(webhooks)
    webhooks.advance(minutes=5)
    webhooks.close_dispute(dispute, "lost")
    money.hear(webhooks)
    money.book_balance(webhooks)

    failed = money.client().refunds.retrieve(refund)
    assert (failed.status, failed.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert list(OrderRefund.objects.filter(order=order).values_list("cause", "state").order_by("cause")) == [
        ("dispute", "lost"), ("refund", "failed")
    ]  # fmt: skip
    assert (balance("disputes"), balance("clearing"), balance("sales_refunds")) == (0, 0, 0)


def test_partial_dispute_lost_and_then_won_by_an_appeal(webhooks: LocalStripe) -> None:
    order = money.sell(**CHAIN)
    dispute = webhooks.dispute(money.charge_id(order), amount=2000)
    money.hear(webhooks)
    assert Hold.objects.get().amount_minor == 333
    webhooks.close_dispute(dispute, "lost")
    money.hear(webhooks)
    assert balance("allocations") == 531

    webhooks.appeal_dispute(dispute)
    webhooks.close_dispute(dispute, "won")
    money.hear(webhooks)
    money.book_balance(webhooks)

    assert (balance("allocations"), balance("chargebacks"), balance("disputes")) == (864, 0, 0)


def test_staff_refund_once_and_nothing_that_cannot_be(webhooks: LocalStripe) -> None:
    order = money.sell(**CHAIN)
    staff = User.objects.get(email="ana@tassel.example")
    asked = {"order_id": order.pk, "because": OrderRefund.Because.GOODWILL, "by": staff}

    for amount in (0, -1, 5187):
        with pytest.raises(RefundAmountWrong):
            request_refund(amount_minor=amount, now=clock.now(), **asked)
    first = request_refund(amount_minor=2000, form_key="a", now=clock.now(), **asked)
    again = request_refund(amount_minor=2000, form_key="a", now=clock.now(), **asked)
    rest = request_refund(amount_minor=3186, form_key="b", now=clock.now(), **asked)

    assert [made.outcome for made in (first, again, rest)] == [Outcome.REFUNDED] * 3
    assert first.refund == again.refund
    with pytest.raises(NothingLeft):
        request_refund(amount_minor=1, now=clock.now(), **asked)
    assert len(money.client().refunds.list({"charge": money.charge_id(order)}).data) == 2
    assert balance("allocations") == 0
    money.hear(webhooks)
    assert Entry.objects.filter(kind="refund").count() == 2


def test_disputed_charge_is_not_refunded(webhooks: LocalStripe) -> None:
    order = money.sell(**CHAIN)
    webhooks.dispute(money.charge_id(order))
    money.hear(webhooks)
    staff = User.objects.get(email="ana@tassel.example")

    with pytest.raises(Disputed):
        request_refund(
            order_id=order.pk, amount_minor=100, because=OrderRefund.Because.GOODWILL, by=staff, now=clock.now()
        )

    assert money.client().refunds.list({"charge": money.charge_id(order)}).data == []


PAIRS = asked.size(4)  # 200 when asked to prove it


def test_two_refunds_at_once_never_give_back_more_than_was_paid(webhooks: LocalStripe) -> None:
    """Of each order two people give 3000 of 4800 back at once, one of them at Stripe's dashboard every other time."""
    staff = User.objects.get(email="ana@tassel.example")
    set_stock("VALOR-DARK", 2 * PAIRS)
    orders = [money.sell(2) for _ in range(PAIRS)]

    def here(order: Order) -> Any:
        because = OrderRefund.Because.GOODWILL
        return request_refund(order_id=order.pk, amount_minor=3000, because=because, by=staff, now=clock.now())

    race(orders, here)
    money.hear(webhooks)

    assert_one_of_each(orders)
    assert [Order.objects.get(pk=order.pk).given_back_minor for order in orders] == [3000] * PAIRS
    assert balance("sales_refunds") == 3000 * PAIRS
    asked.tell(f"{PAIRS} pairs: of each one refund, 3000 of 4800, at Stripe and in the books")


def test_two_refunds_of_a_gift_at_once_never_give_back_more_than_was_given(webhooks: LocalStripe, fund: Fund) -> None:
    """As of an order; of each gift 180 cover the fee, and its partners give back their part of one refund."""
    staff = User.objects.get(email="ana@tassel.example")
    gifts = [money.give(fund, 5180, 180) for _ in range(PAIRS)]

    race(gifts, lambda gift: request_gift_refund(gift_id=gift.pk, amount_minor=3000, by=staff, now=clock.now()))
    money.hear(webhooks)

    assert_one_of_each(gifts)
    assert [Gift.objects.get(pk=gift.pk).refunded_minor for gift in gifts] == [3000] * PAIRS
    assert (balance("contributions", "fund:seed-collective"), balance("cover")) == (-2104 * PAIRS, -76 * PAIRS)
    assert sum(AllocationReversal.objects.values_list("amount_minor", flat=True)) == 2 * 1158 * PAIRS
    asked.tell(f"{PAIRS} pairs: of each gift one refund, 3000 of 5180, at Stripe and in the books")


def race(paid: Sequence[Order] | Sequence[Gift], ask: Callable[[Any], Any]) -> None:
    """Two at once for each: both here, or every other time one here and one at Stripe's dashboard."""
    together = threading.Barrier(2)

    def try_to(give_back: Callable[[Any], Any], one: Any) -> None:
        together.wait(timeout=30)
        try:
            with suppress(RefundAmountWrong, GiftRefundWrong, stripe.InvalidRequestError):
                give_back(one)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for number, one in enumerate(paid):
            rival = partial(money.refund_at_stripe, amount_minor=3000) if number % 2 else ask
            list(pool.map(try_to, (ask, rival), (one, one)))


def assert_one_of_each(paid: Sequence[Order] | Sequence[Gift]) -> None:
    """Stripe refuses the second as well; of two people here it is not even asked for (rules/reliability.md row 42)."""
    for one in paid:
        given = money.client().refunds.list({"charge": money.charge_id(one)}).data
        assert [refund.amount for refund in given] == [3000]
    calls = StripeCall.objects.filter(purpose="refund", subject__in=[one.ref for one in paid[::2]])
    assert calls.count() == len(paid[::2])
