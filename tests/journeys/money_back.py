"""Sales and gifts at the local Stripe, what its owner and payers' banks then do, and the books that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from unittest import mock

import requests
from django.conf import settings
from django.db.models import F

from donations.models import Fund, Gift
from ledger.accounts import label
from ledger.models import Entry
from ledger.queries import trial_balance
from partners.models import BankAccount, Partner
from payments import gateway, tasks
from payments.models import StripeEvent
from payments.operations import open_checkout as open_checkout_module
from payments.operations.confirm_return import confirm_return
from payments.operations.list_balance_transactions import list_balance_transactions
from payments.operations.open_checkout import CheckoutLine, CheckoutRequest, open_checkout
from people import clock
from people.queries import local_day
from shop.models import Order
from tests.local_stripe import LocalStripe
from tests.shop.conftest import placed_order

CARD = {"email": "bea@example.org", "exp": "12/34", "cvc": "123", "name": "Bea Buyer", "postal": "64111"}
FOUR_2 = "4242424242424242"
STATE = "MO"


def client() -> Any:
    """The SDK, as somebody at Stripe's dashboard would act."""
    return gateway.client()._client.v1


@contextmanager
def on_top(*, shipping_minor: int, taxed: bool) -> Iterator[None]:
    """The page is asked for shipping, and for tax by the payer's state, which the shop does not ask for yet. What was
    paid is told by Stripe, as always."""
    params = open_checkout_module._params
    price = {"type": "fixed_amount", "fixed_amount": {"amount": shipping_minor, "currency": "usd"}}
    options = [{"shipping_rate_data": {"display_name": "Post", **price}}]

    def more(request: CheckoutRequest) -> dict[str, Any]:
        post = {"shipping_options": options} if shipping_minor else {}
        return params(request) | post | ({"automatic_tax": {"enabled": True}} if taxed else {})

    if taxed:
        rates = {"tax_rates": {STATE: {"percent": "8.475", "shipping": False}}}
        assert requests.post(f"{settings.STRIPE_API_BASE}/_sandbox/settings", json=rates, timeout=20).ok
    with mock.patch.object(open_checkout_module, "_params", more):
        yield


def sell(pieces: int = 2, *, discount: int = 0, shipping: int = 0, tax: int = 0, card: str = FOUR_2) -> Order:
    """A paid order of Valor at 2400; `discount` and `shipping` stand on the order as the shop will put them there.

    `tax` is what Stripe must come to, at 8.475 % of the goods.
    """
    now = clock.now()
    order = placed_order(now, VALOR_DARK=pieces).order
    if discount or shipping:
        order.lines.update(discount_minor=discount, net_minor=F("net_minor") - discount)
        order.discount_minor, order.shipping_minor = discount, shipping
        order.total_minor = order.subtotal_minor - discount + shipping
        order.save()
    with on_top(shipping_minor=shipping, taxed=bool(tax)):
        pay("order", order.ref, order.net_minor, card)
    order.refresh_from_db()
    assert (order.state, order.tax_minor) == (Order.State.PAID, tax)
    return order


def give(fund: Fund, charged: int, cover: int = 0) -> Gift:
    """A gift of `charged`, of which `cover` is the fee that the donor chose to cover."""
    number = Gift.objects.count() + 1
    gift = Gift.objects.create(
        attempt_key=f"gift:{number}:1", token_hash=f"{number:064}", email="ada@example.org", name="Ada", fund=fund,
        charged_minor=charged, fee_cover_minor=cover, currency="usd", asked_at=clock.now(),
    )  # fmt: skip
    pay("gift", gift.ref, charged)
    gift.refresh_from_db()
    assert gift.state == Gift.State.PAID
    return gift


def pay(kind: str, subject: str, amount_minor: int, card: str = FOUR_2, *, attempt: int = 1) -> None:
    page = open_checkout(
        request=CheckoutRequest(
            kind=kind,
            subject=subject,
            mode="payment",
            currency="usd",
            lines=[CheckoutLine(name="Worked chain", amount_minor=amount_minor)],
            success_url="http://localhost:8000/done?session={CHECKOUT_SESSION_ID}",
            cancel_url="http://localhost:8000/",
            expires_at=clock.now() + timedelta(minutes=35),
            attempt_key=f"{subject}:{amount_minor}:{attempt}",
        ),
        now=clock.now(),
    )
    form = CARD | {"card_number": card, "state": STATE}
    for _ in range(2):  # whoever reads another total than before presses the button again
        answer = requests.post(page.url, data=form, allow_redirects=False, timeout=20)
        if answer.status_code == 303:
            break
    assert answer.status_code == 303, answer.text
    confirm_return(session_id=page.session_id, now=clock.now())


def charge_id(paid: Order | Gift) -> str:
    return (paid.charge_ref or "").rpartition(":")[2]


def refund_at_stripe(paid: Order | Gift, amount_minor: int | None = None) -> str:
    """Somebody refunds in Stripe's dashboard; all that is left unless an amount is given."""
    amount = {} if amount_minor is None else {"amount": amount_minor}
    return str(client().refunds.create({"charge": charge_id(paid), **amount}).id)


def hear(stripe: LocalStripe) -> None:
    """Every event that has arrived is worked on, also one that waits for another."""
    stripe.drain()
    for _ in range(4):
        while tasks.process_events():  # each works for a while only, and here may be hundreds
            pass
        StripeEvent.objects.filter(state="received").update(next_attempt_at=clock.wall_now(), lease_until=None)
    assert set(StripeEvent.objects.values_list("state", flat=True)) <= {"done", "ignored"}, events_not_done()


def events_not_done() -> list[tuple[str, str, str]]:
    return list(StripeEvent.objects.exclude(state__in=["done", "ignored"]).values_list("type", "state", "reason"))


def book_balance(stripe: LocalStripe) -> None:
    """Every balance transaction has its entry."""
    stripe.settle()
    list_balance_transactions(now=clock.now())


def balances() -> dict[str, int]:
    """Every balance that is not zero, debit-positive, partners by their slug: "2110/dahlias-hope"; the bank is one."""
    slugs = {partner.owner: partner.slug for partner in Partner.objects.all()}
    slugs |= {account.ref: "" for account in BankAccount.objects.all()}
    return {
        label(line.code, slugs.get(line.owner, line.owner)): line.balance_minor
        for line in trial_balance()
        if line.balance_minor
    }


def columns() -> tuple[int, int]:
    """The two columns of the trial balance."""
    amounts = [line.balance_minor for line in trial_balance()]
    return sum(amount for amount in amounts if amount > 0), -sum(amount for amount in amounts if amount < 0)


def keys() -> list[str]:
    return sorted(Entry.objects.values_list("idempotency_key", flat=True))


def today() -> date:
    return local_day(clock.now())
