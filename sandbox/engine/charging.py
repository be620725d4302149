"""A card is asked for money: the payment intent, its charge, and the events of both outcomes."""

from __future__ import annotations

import hashlib

from sandbox import cards, ids
from sandbox.cards import CardInput, Decline
from sandbox.context import Context
from sandbox.errors import invalid
from sandbox.events import emit, snapshot
from sandbox.objects import Object, billing_details
from sandbox.objects import charge as charges
from sandbox.objects import payment_intent as intents
from sandbox.objects import payment_method as methods

AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
NO_METHOD = Decline(
    "payment_method_unactivated", None, "There is no payment method to charge on the customer or the subscription."
)


def new_method(ctx: Context, card: CardInput, *, email: str | None, name: str | None) -> Object:
    """Keep an unattached payment method for a test card; the number itself stays private."""
    number = cards.digits(card.number)
    billing = billing_details(email, card.name or name, None, card.postal or None)
    return ctx.store.add(methods.build(_face(card), billing, ctx.now()), number=number)


def card_of(ctx: Context, method: Object) -> cards.TestCard:
    """The test card behind a payment method."""
    return cards.find(ctx.store.hidden(method["id"])["number"])


def new_intent(
    ctx: Context,
    amount_minor: int,
    currency: str,
    *,
    customer: str | None = None,
    data: dict[str, object] | None = None,
) -> Object:
    """A payment intent and its `payment_intent.created`."""
    intent = ctx.store.add(intents.build(amount_minor, currency, ctx.now(), customer=customer, data=data))
    emit(ctx, "payment_intent.created", intent)
    return intent


def verdict(ctx: Context, method: Object | None, *, off_session: bool) -> Decline | None:
    """Whether the bank would refuse, before anything is charged; off session nobody is there to authenticate."""
    if method is None:
        return NO_METHOD
    card = card_of(ctx, method)
    if card.decline is not None:
        return card.decline
    if off_session and card.later_decline is not None:
        return card.later_decline
    if off_session and card.authentication == "always":
        return AUTHENTICATION_REQUIRED
    return None


def capture(ctx: Context, intent: Object, method: Object) -> Object:
    """The bank agrees: a paid charge whose balance transaction follows a moment later. Returns the charge."""
    charge = charges.build(intent, method, ctx.now(), receipt_base=ctx.base_url)
    ctx.store.add(charge)
    if method["customer"] is None:
        ctx.store.hidden(method["id"])["spent"] = True
    intent.update(
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        next_action=None,
        payment_method=method["id"],
        status="succeeded",
    )
    emit(ctx, "charge.succeeded", charge)
    emit(ctx, "payment_intent.succeeded", intent)
    ctx.store.schedule(settles_at(ctx), "settle_charge", charge["id"])
    return charge


def refuse(ctx: Context, intent: Object, method: Object | None, decline: Decline) -> None:
    """The bank refuses: a failed charge (if there was a card to ask), and the intent waits for another method."""
    charge = None
    if method is not None:
        charge = charges.build(intent, method, ctx.now(), receipt_base=ctx.base_url)
        charges.refuse(charge, decline.code, decline.decline_code, decline.message)
        ctx.store.add(charge)
        intent["latest_charge"] = charge["id"]
        emit(ctx, "charge.failed", charge)
    fail(ctx, intent, method, decline, charge=charge)


def fail(
    ctx: Context, intent: Object, method: Object | None, decline: Decline, *, charge: Object | None = None
) -> None:
    """Write the error on the intent and tell it; without a charge when the bank was never asked."""
    charged = {"charge": charge["id"]} if charge else {}
    intent.update(
        last_payment_error=charged | error(decline, method, card_error=charge is not None),
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    emit(ctx, "payment_intent.payment_failed", intent)


def error(decline: Decline, method: Object | None, *, card_error: bool) -> Object:
    """What an intent says of its last refusal; what does not apply is left out."""
    said = {
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://docs.stripe.com/error-codes#{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": snapshot(method) if method else None,
        "type": "card_error" if card_error else "invalid_request_error",
    }
    return {name: value for name, value in said.items() if value is not None}


def attach(ctx: Context, method: Object, customer: str) -> None:
    """Keep a card for a customer's later payments."""
    if method["customer"] == customer:
        return
    method["customer"] = customer
    emit(ctx, "payment_method.attached", method)


def replace_card(ctx: Context, customer_id: str, number: str) -> Object:
    """Put another test card on file for a customer and every running subscription: so a good card goes bad."""
    customer = ctx.store.get("customer", customer_id, "customer")
    card = CardInput(number=number, exp_month=12, exp_year=2034, cvc="123", name=customer.get("name") or "")
    if cards.digits(number) not in cards.BY_NUMBER:
        raise invalid("Send the number of a test card.", param="number")
    method = new_method(ctx, card, email=customer["email"], name=customer["name"])
    attach(ctx, method, customer_id)
    for subscription in ctx.store.all("subscription"):
        if subscription["customer"] == customer_id and subscription["ended_at"] is None:
            before = snapshot(subscription)
            subscription["default_payment_method"] = method["id"]
            emit(ctx, "customer.subscription.updated", subscription, before=before)
    return method


def _face(card: CardInput) -> Object:
    known = cards.find(card.number)
    given = "pass" if card.postal else None
    return {
        "brand": known.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": given,
            "cvc_check": "fail" if known.decline is cards.INCORRECT_CVC else "pass",
        },
        "country": known.country,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "fingerprint": hashlib.sha256(known.number.encode()).hexdigest()[:16],
        "funding": "credit",
        "last4": known.last4,
    }


def settles_at(ctx: Context) -> int:
    """When a charge that is paid now gets its balance transaction.

    At least the settle delay away: the clock counts whole seconds, and this one may be nearly over.
    """
    delay_s = ctx.settings.settle_delay_s
    return ctx.now() + (delay_s + 1 if delay_s else 0)


def action_token() -> str:
    """A name for a 3-D Secure step that nobody can guess."""
    return "act_" + ids.token(24)
