"""Refunds of an order by staff: what is refused before any call, what stays unknown, what pages and desk say."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client

from ledger.drafts import AccountRef
from ledger.models import Entry, ReconciliationException
from partners.models import AllocationReversal, Hold
from payments.facts import DisputeLost, DisputeOpened, RefundFailed, RefundMade, RefundRefused
from payments.models import Charge
from payments.operations.refund_charge import RefundRequest, StripeRefused, StripeUnavailable
from payments.refund_tasks import ANSWERED_WITHIN
from people.models import Mail, User
from shop import desk_tasks
from shop.models import Order, OrderRefund
from shop.operations import send_refunds as send_refunds_module
from shop.operations.close_dispute import lose_dispute
from shop.operations.mark_order_paid import mark_order_paid
from shop.operations.open_dispute import open_dispute
from shop.operations.record_refund import record_refund
from shop.operations.request_refund import AmountNotTaken, NothingLeft, RefundAmountWrong, Requested, request_refund
from shop.operations.undo_refund import refuse_refund, undo_refund
from shop.outcomes import Outcome
from shop.queries.orders import order_view
from shop.refunding import NoSuchPart
from tests.by_hand import book
from tests.green_books import what_is_wrong
from tests.partners.conftest import person
from tests.shop.conftest import NOW, paid_fact, placed_order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf", "stripe")]


class Stripe:
    """Stands where the processor stands: makes each refund once and tells of it, or has trouble."""

    def __init__(self) -> None:
        self.asked: list[RefundRequest] = []
        self.trouble: Exception | None = None

    def refund(self, *, request: RefundRequest, now: Any) -> None:
        self.asked.append(request)
        if isinstance(self.trouble, StripeRefused):
            fact = RefundRefused(
                kind="order", subject=request.subject, request_ref=request.request_ref, code="no_funds"
            )
            refuse(fact)
        if self.trouble:
            raise self.trouble
        record(made(request.charge_ref, request.subject, request.amount_minor, len(self.asked), request.request_ref))


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Stripe:
    stands_in = Stripe()
    monkeypatch.setattr(send_refunds_module, "refund_charge", stands_in.refund)
    return stands_in


def made(charge_ref: str, subject: str, amount: int, number: int = 1, request_ref: str = "") -> RefundMade:
    return RefundMade(
        kind="order", subject=subject, charge_ref=charge_ref, cause_ref=f"stripe:refund:re_{number}", currency="usd",
        amount_minor=amount, at=NOW, request_ref=request_ref,
    )  # fmt: skip


def record(fact: RefundMade) -> Outcome:
    with transaction.atomic():
        return record_refund(fact, now=NOW)


def refuse(fact: RefundRefused) -> None:
    with transaction.atomic():
        refuse_refund(fact, now=NOW)


def paid(**quantities: int) -> Order:
    order = placed_order(**quantities).order
    fact = paid_fact(order)
    mark_order_paid(fact, now=NOW)
    order.refresh_from_db()
    return order


def ask(order: Order, amount: int, **more: Any) -> Requested:
    by = person(f"staff{User.objects.count()}@tassel.example", "fulfilment")
    because = OrderRefund.Because.GOODWILL
    return request_refund(order_id=order.pk, amount_minor=amount, because=because, by=by, now=NOW, **more)


def taken_back() -> list[int]:
    return list(AllocationReversal.objects.values_list("amount_minor", flat=True))


def test_refunds_in_three_steps_take_back_exactly_the_share() -> None:
    """rules/shop.md case 4 in our prices: the floor each time, and all of it in the end."""
    order = paid(VALOR_DARK=3)  # 7200, of which 1440 are promised

    for amount in (2399, 500, 4301):
        assert ask(order, amount).outcome is Outcome.REFUNDED
    with pytest.raises(NothingLeft):
        ask(order, 1)

    assert taken_back() == [479, 100, 861]
    assert sum(taken_back()) == 1440
    assert what_is_wrong() == []


def test_thousandths_that_stripe_does_not_take_are_refused_before_any_call(stripe: Stripe) -> None:
    order = paid(VALOR_DARK=3)
    Charge.objects.update(currency="kwd")

    with pytest.raises(AmountNotTaken):
        ask(order, 1235)
    ask(order, 1230)

    assert [request.amount_minor for request in stripe.asked] == [1230]


@pytest.mark.parametrize("amount", [0, -1, 7201])
def test_an_amount_that_cannot_be_is_refused_before_any_call(stripe: Stripe, amount: int) -> None:
    order = paid(VALOR_DARK=3)

    with pytest.raises(RefundAmountWrong) as refused:
        ask(order, amount)

    assert refused.value.left_minor == 7200
    assert (stripe.asked, OrderRefund.objects.count()) == ([], 0)


def test_a_refund_of_one_line_takes_only_its_partners_share(stripe: Stripe) -> None:
    order = paid(VALOR_DARK=1, REHOPE=1)
    valor = order.lines.get(sku="VALOR-DARK")

    ask(order, 2400, part=f"line:{valor.pk}")
    with pytest.raises(NothingLeft):
        ask(order, 1, part=f"line:{valor.pk}")
    with pytest.raises(NoSuchPart):
        ask(order, 1, part="line:0")

    assert taken_back() == [480]
    assert len(stripe.asked) == 1


def test_what_stripe_did_not_answer_is_named_and_keeps_its_part(stripe: Stripe) -> None:
    order = paid(VALOR_DARK=1)
    stripe.trouble = StripeUnavailable("no answer")

    asked = ask(order, 2000)

    assert asked.outcome is Outcome.ASKED
    with pytest.raises(RefundAmountWrong) as refused:
        ask(order, 401)
    assert refused.value.left_minor == 400
    later = NOW + ANSWERED_WITHIN * 2
    assert "Stripe has not answered yet" in desk_tasks.waiting(later)[0].detail
    request = stripe.asked[0]
    record(made(request.charge_ref, request.subject, 2000, request_ref=request.request_ref))
    asked.refund.refresh_from_db()
    assert asked.refund.state == "made"


def test_a_refused_refund_moves_nothing_and_may_be_asked_again(stripe: Stripe) -> None:
    order = paid(VALOR_DARK=1)
    stripe.trouble = StripeRefused("no", code="no_funds")

    assert ask(order, 2400).outcome is Outcome.REFUSED
    stripe.trouble = None

    assert not Entry.objects.filter(kind="refund").exists()
    assert OrderRefund.objects.get().code == "no_funds"
    assert ask(order, 2400).outcome is Outcome.REFUNDED


def test_a_refund_made_at_stripe_is_spread_by_rule_and_waits_for_staff() -> None:
    order = paid(VALOR_DARK=1, REHOPE=1)

    assert record(made(order.charge_ref, order.ref, 1300)) is Outcome.REFUNDED
    assert record(made(order.charge_ref, order.ref, 1300)) is Outcome.ALREADY_KNOWN

    assert list(OrderRefund.objects.get().lines.values_list("amount_minor", flat=True)) == [600, 700]
    assert taken_back() == [120, 140]
    (task,) = desk_tasks.waiting(NOW)
    assert "Check the refund of order" in task.title
    assert Mail.objects.filter(subject__startswith="We gave $13.00").count() == 1


def test_a_refund_that_we_made_waits_for_nobody(stripe: Stripe) -> None:
    assert ask(paid(VALOR_DARK=1), 1200).outcome is Outcome.REFUNDED

    assert desk_tasks.waiting(NOW + ANSWERED_WITHIN * 2) == []


def test_a_refund_that_comes_back_is_owed_again() -> None:
    order = paid(VALOR_DARK=1)
    record(made(order.charge_ref, order.ref, 1200))
    failed = RefundFailed(
        kind="order", subject=order.ref, charge_ref=order.charge_ref, cause_ref="stripe:refund:re_1", currency="usd",
        amount_minor=1200, at=NOW, request_ref="",
    )  # fmt: skip

    with transaction.atomic():
        assert [undo_refund(failed, now=NOW) for _ in range(2)] == [Outcome.REFUND_FAILED, Outcome.ALREADY_KNOWN]

    assert record(made(order.charge_ref, order.ref, 1200)) is Outcome.ALREADY_KNOWN
    assert taken_back() == [240, -240]
    (task,) = desk_tasks.waiting(NOW)
    assert "still owed it" in task.detail
    assert what_is_wrong() == []


def test_the_order_page_shows_in_rose_what_was_taken_back() -> None:
    order = paid(VALOR_DARK=1)
    record(made(order.charge_ref, order.ref, 1200))

    order.refresh_from_db()
    parts = {part.label: (part.amount_minor, part.kind) for part in order_view(order).parts}

    assert parts == {
        "To Dahlia's Hope": (240, "promised"),
        "Keeps the shop going": (960, "shop"),
        "Given back to you": (1200, "returned"),
    }


def staff(*roles: str) -> Client:
    user = person(f"{'.'.join(roles).replace(' ', '-')}@tassel.example", *roles)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    client = Client()
    client.force_login(user)
    return client


def test_staff_see_what_a_refund_takes_and_make_it_once(stripe: Stripe) -> None:
    order = paid(VALOR_DARK=1)
    desk, page = staff("fulfilment"), f"/desk/orders/{order.pk}/"

    preview = desk.get(page, {"amount": "12", "because": "goodwill"}).content.decode()
    assert "Dahlia&#x27;s Hope, of $4.80" in preview and "$2.40" in preview
    assert stripe.asked == []
    form = {"amount": "12", "because": "goodwill", "form_key": "once"}
    for _ in range(2):
        assert desk.post(f"{page}refund/", form, follow=True).status_code == 200

    assert len(stripe.asked) == 1
    assert taken_back() == [240]
    assert "$12.00 of it went back" in desk.get(page).content.decode()


def test_the_desks_order_costs_few_queries_however_much_went_back(
    stripe: Stripe, django_assert_max_num_queries: Any
) -> None:
    order = paid(VALOR_DARK=3, REHOPE=2, PLAIN=2)
    desk, page = staff("fulfilment"), f"/desk/orders/{order.pk}/"
    for number in range(1, 7):
        record(made(order.charge_ref, order.ref, 500, number))

    for typed in ({}, {"amount": "12", "because": "goodwill"}):
        with django_assert_max_num_queries(15):
            assert desk.get(page, typed).status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"), [("0", "more than zero"), ("24.01", "At most $24.00"), ("x", "in figures")]
)
def test_the_form_says_what_cannot_be(stripe: Stripe, typed: str, words: str) -> None:
    order = paid(VALOR_DARK=1)
    desk = staff("finance preparer")

    answer = desk.post(f"/desk/orders/{order.pk}/refund/", {"amount": typed, "because": "goodwill"})

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert stripe.asked == []


def test_who_only_reads_cannot_refund(stripe: Stripe) -> None:
    order = paid(VALOR_DARK=1)

    answer = staff("auditor").post(f"/desk/orders/{order.pk}/refund/", {"amount": "1", "because": "goodwill"})

    assert (answer.status_code, stripe.asked) == (403, [])


def lost_after(order: Order, first: int, *, failed_late: bool) -> None:
    """A refund leaves, the bank takes all of it too, and the refund comes back; before or after the bank decided."""
    charge_ref = OrderRefund.objects.values_list("charge_ref", flat=True).get()
    told = {
        "kind": "order", "subject": order.ref, "charge_ref": charge_ref, "cause_ref": "stripe:dispute:dp_1",
        "currency": "usd", "amount_minor": 7200, "at": NOW,
    }  # fmt: skip
    came_back = RefundFailed(**{**told, "cause_ref": "stripe:refund:re_1", "amount_minor": first}, request_ref="")
    with transaction.atomic():
        open_dispute(DisputeOpened(**told, reason="fraudulent", answer_by=NOW), now=NOW)
        if failed_late:
            lose_dispute(DisputeLost(**told), now=NOW)
        undo_refund(came_back, now=NOW)
        if not failed_late:
            lose_dispute(DisputeLost(**told), now=NOW)


@pytest.mark.parametrize("first", [7200, 3000])
def test_a_lost_dispute_takes_the_parts_of_a_refund_that_came_back(first: int) -> None:
    order = paid(VALOR_DARK=3)  # 7200, of which 1440 are promised
    ask(order, first)

    lost_after(order, first, failed_late=False)

    dispute = OrderRefund.objects.get(cause="dispute")
    assert (dispute.goods_minor, dispute.surplus_minor) == (7200, 0)
    assert sum(taken_back()) == 1440
    assert not Hold.objects.filter(ended_on__isnull=True).exists()
    assert what_is_wrong() == []


def test_a_refund_that_came_back_after_the_dispute_was_lost_is_an_exception() -> None:
    order = paid(VALOR_DARK=3)
    ask(order, 7200)

    lost_after(order, 7200, failed_late=True)

    (named,) = ReconciliationException.objects.filter(resolved_at__isnull=True)
    assert (named.kind, named.subject, named.amount_minor) == ("loss_not_shared", "stripe:dispute:dp_1", 7200)


def test_what_was_booked_by_hand_out_of_suspense_is_not_given_back_as_well(stripe: Stripe) -> None:
    order = placed_order(VALOR_DARK=3).order
    fact = paid_fact(order, total_minor=7100)
    mark_order_paid(fact, now=NOW)

    book(AccountRef("suspense"), AccountRef("sales"), 7000, now=NOW, about=fact.charge_ref)
    with pytest.raises(RefundAmountWrong) as refused:
        ask(order, 101)

    assert (refused.value.left_minor, stripe.asked) == (100, [])
