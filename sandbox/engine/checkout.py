"""The hosted payment page's side of a Checkout Session: pay, authenticate, complete, expire."""

from __future__ import annotations

from typing import Any

from sandbox import banks, cards
from sandbox.cards import CardInput
from sandbox.context import Context
from sandbox.engine import billing, charging, debiting, setting_up, taxing
from sandbox.engine.types import PayResult
from sandbox.events import changed, emit, snapshot
from sandbox.objects import Object, address
from sandbox.objects import customer as customers

NO_LONGER_OPEN = "This checkout has ended. Go back to the shop and start again."
SHIPPING_MISSING = "Please enter the address to ship to."
EMAIL_MISSING = "Please enter an e-mail address."


def pay(
    ctx: Context,
    session_id: str,
    card: CardInput,
    *,
    email: str | None = None,
    name: str | None = None,
    shipping: dict[str, Any] | None = None,
    state: str | None = None,
) -> PayResult:
    """Somebody presses Pay. `shipping` is {"name": …, "address": {…}} where the session collects it.

    `state` is the payer's own, for automatic tax on what is not shipped.
    """
    session = ctx.store.get("checkout.session", session_id)
    if session["status"] == "complete":
        return _succeeded(session)
    locate(ctx, session, shipping=shipping, state=state)
    payer = _payer(ctx, session, email, name or card.name or None, shipping)
    complaint = _complaint(ctx, session, card, payer)
    if complaint is not None:
        return PayResult("declined", message=complaint)
    method = charging.new_method(ctx, card, email=payer["email"], name=payer["name"])
    ctx.store.hidden(session_id).update(payer=payer, method=method["id"], action=None)
    if session["amount_total"] == 0:
        return _complete(ctx, session, None, method)
    intent = ctx.store.find(session["setup_intent"]) or _intent(ctx, session, payer)
    if _must_authenticate(ctx, session, method):
        return _ask_to_authenticate(ctx, session, intent, method)
    return _charge(ctx, session, intent, method)


def debit(
    ctx: Context,
    session_id: str,
    account_number: str,
    *,
    email: str | None = None,
    name: str | None = None,
    shipping: dict[str, Any] | None = None,
    state: str | None = None,
) -> PayResult:
    """Somebody pays from a US bank account: the checkout is complete, and unpaid until the bank has decided."""
    session = ctx.store.get("checkout.session", session_id)
    if session["status"] == "complete":
        return _succeeded(session)
    locate(ctx, session, shipping=shipping, state=state)
    payer = _payer(ctx, session, email, name, shipping)
    complaint = _payer_complaint(ctx, session, payer) or _bank_complaint(session, account_number)
    if complaint is not None:
        return PayResult("declined", message=complaint)
    bank = banks.BY_NUMBER[cards.digits(account_number)]
    method = debiting.new_method(ctx, bank, email=payer["email"], name=payer["name"])
    ctx.store.hidden(session_id).update(payer=payer, method=method["id"], action=None)
    return _complete(ctx, session, _intent(ctx, session, payer), method)


def locate(
    ctx: Context,
    session: Object,
    *,
    shipping: dict[str, Any] | None = None,
    state: str | None = None,
    shipping_rate: str | None = None,
) -> None:
    """What the payer has said of where it goes and how: the totals of an open session follow."""
    if session["status"] != "open":
        return
    if shipping_rate in [option["shipping_rate"] for option in session["shipping_options"]]:
        taxing.ship_by(ctx, session, str(shipping_rate))
    if not session["automatic_tax"]["enabled"]:
        return
    location = taxing.customer_location(ctx.store.find(session["customer"]))
    if session["shipping_address_collection"] and shipping:
        location = shipping.get("address")
    elif state:
        location = address({"country": "US", "state": state})
    if location is not None:
        ctx.store.hidden(session["id"])["tax_location"] = location
        taxing.apply(ctx, session, location)


def complete_action(ctx: Context, action_id: str, *, approve: bool) -> PayResult:
    """The payer approved or refused on the 3-D Secure page of `action_id`."""
    session = session_of_action(ctx, action_id)
    if session["status"] == "complete":
        return _succeeded(session)
    if session["status"] != "open":
        return PayResult("declined", message=NO_LONGER_OPEN)
    hidden = ctx.store.hidden(session["id"])
    intent = _begun(ctx, session)
    assert intent is not None, "a step of authentication belongs to an intent"
    method = ctx.store.get("payment_method", hidden["method"])
    if hidden["action"] != action_id or intent["status"] != "requires_action":
        return PayResult("declined", message=cards.AUTHENTICATION_FAILED.message)
    hidden["action"] = None
    if not approve:
        _fail(ctx, intent, method, cards.AUTHENTICATION_FAILED)
        return PayResult("declined", message=cards.AUTHENTICATION_FAILED.message)
    return _charge(ctx, session, intent, method)


def expire(ctx: Context, session: Object) -> None:
    """Close an open session for good; its payment intent, if somebody tried, is cancelled."""
    session.update(status="expired", url=None)
    intent = _begun(ctx, session)
    if intent is not None and intent["object"] == "setup_intent":
        setting_up.cancel(ctx, intent)
    elif intent is not None:
        before = snapshot(intent)
        intent.update(cancellation_reason="expired", canceled_at=ctx.now(), next_action=None, status="canceled")
        emit(ctx, "payment_intent.canceled", intent, before=before)
    emit(ctx, "checkout.session.expired", session)


def expire_when_due(ctx: Context, session_id: str, _due: int) -> None:
    """The session's time is over."""
    session = ctx.store.get("checkout.session", session_id)
    if session["status"] == "open":
        expire(ctx, session)


def success_url(session: Object) -> str:
    """The shop's return address with the session's id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _payer(
    ctx: Context, session: Object, email: str | None, name: str | None, shipping: dict[str, Any] | None
) -> Object:
    known = ctx.store.find(session["customer"]) or {}
    block = None
    if session["shipping_address_collection"] and shipping:
        block = {"address": address(shipping.get("address")), "name": shipping.get("name") or name}
    return {
        "email": known.get("email") or session["customer_email"] or email,
        "name": name or known.get("name"),
        "shipping": block,
    }


def _complaint(ctx: Context, session: Object, card: CardInput, payer: Object) -> str | None:
    complaint = _payer_complaint(ctx, session, payer)
    if complaint is not None:
        return complaint
    problem = cards.problem(card, ctx.now())
    if problem is None and cards.find(card.number).decline is cards.NOT_A_TEST_CARD:
        problem = cards.NOT_A_TEST_CARD
    return problem.message if problem else None


def _bank_complaint(session: Object, account_number: str) -> str | None:
    if "us_bank_account" not in session["payment_method_types"]:
        return "This shop does not take payments from bank accounts here."
    if cards.digits(account_number) not in banks.BY_NUMBER:
        return "This is not the number of a test bank account."
    return None


def _payer_complaint(ctx: Context, session: Object, payer: Object) -> str | None:
    customer = ctx.store.find(session["customer"]) or {}
    if session["status"] != "open" or customer.get("deleted"):
        return NO_LONGER_OPEN
    if not payer["email"]:
        return EMAIL_MISSING
    collection = session["shipping_address_collection"]
    if collection:
        shipping = payer["shipping"]
        if shipping is None or not shipping["address"]["line1"]:
            return SHIPPING_MISSING
        if shipping["address"]["country"] not in collection["allowed_countries"]:
            return "This shop does not ship to that country."
    if session["automatic_tax"]["status"] == "requires_location_inputs":
        return taxing.LOCATION_MISSING
    return None


def _intent(ctx: Context, session: Object, payer: Object) -> Object:
    hidden = ctx.store.hidden(session["id"])
    if hidden.get("intent") is None:
        data = dict(hidden.get("payment_intent_data") or {})
        if session["mode"] == "subscription":
            data = {"description": "Subscription creation", "setup_future_usage": "off_session"}
        if payer["shipping"] is not None:
            data["shipping"] = payer["shipping"]
        intent = charging.new_intent(
            ctx, session["amount_total"], session["currency"], customer=session["customer"], data=data
        )
        intent["payment_method_types"] = list(session["payment_method_types"])
        hidden["intent"] = intent["id"]
        if session["mode"] == "payment":
            session["payment_intent"] = intent["id"]
    intent = ctx.store.get("payment_intent", hidden["intent"])
    intent["amount"] = session["amount_total"]  # an address typed since the last try may have changed the tax
    return intent


def _must_authenticate(ctx: Context, session: Object, method: Object) -> bool:
    wanted = charging.card_of(ctx, method).authentication
    keeps_card = session["mode"] in ("setup", "subscription") or bool(
        (ctx.store.hidden(session["id"]).get("payment_intent_data") or {}).get("setup_future_usage")
    )
    return wanted == "always" or (wanted == "setup" and keeps_card)


def _ask_to_authenticate(ctx: Context, session: Object, intent: Object, method: Object) -> PayResult:
    action_id = charging.action_token()
    ctx.store.hidden(session["id"])["action"] = action_id
    ctx.store.private.setdefault("actions", {})[action_id] = session["id"]
    error = "last_setup_error" if intent["object"] == "setup_intent" else "last_payment_error"
    intent[error] = None
    intent.update(
        next_action={
            "redirect_to_url": {
                "return_url": session["url"],
                "url": f"{ctx.base_url}/c/authenticate/{action_id}",
            },
            "type": "redirect_to_url",
        },
        payment_method=method["id"],
        status="requires_action",
    )
    emit(ctx, f"{intent['object']}.requires_action", intent)
    return PayResult("requires_action", action_id=action_id)


def session_of_action(ctx: Context, action_id: str) -> Object:
    """The session that waits for this 3-D Secure step; StripeError 404 when there is none."""
    session_id = ctx.store.private.get("actions", {}).get(action_id, "")
    return ctx.store.get("checkout.session", session_id)


def _charge(ctx: Context, session: Object, intent: Object, method: Object) -> PayResult:
    decline = charging.verdict(ctx, method, off_session=False)
    if decline is None:
        return _complete(ctx, session, intent, method)
    if intent["object"] == "setup_intent":
        setting_up.fail(ctx, intent, method, decline)
    else:
        charging.refuse(ctx, intent, method, decline)
    return PayResult("declined", message=decline.message)


def _fail(ctx: Context, intent: Object, method: Object, decline: cards.Decline) -> None:
    """Without the bank having been asked."""
    if intent["object"] == "setup_intent":
        setting_up.fail(ctx, intent, method, decline)
    else:
        charging.fail(ctx, intent, method, decline)


def _begun(ctx: Context, session: Object) -> Object | None:
    """The session's intent, if it has one by now."""
    return ctx.store.find(session["setup_intent"] or ctx.store.hidden(session["id"]).get("intent"))


def _complete(ctx: Context, session: Object, intent: Object | None, method: Object) -> PayResult:
    payer = ctx.store.hidden(session["id"])["payer"]
    customer = _customer(ctx, session, payer)
    keeps_card = session["mode"] in ("setup", "subscription") or _keeps_card(intent)
    if customer is not None and keeps_card:
        charging.attach(ctx, method, customer["id"])
    if intent is not None:
        intent["customer"] = customer["id"] if customer else None
        _take(ctx, intent, method)
    if session["mode"] == "subscription" and customer is not None:
        subscription = billing.start(ctx, session, customer, method, intent)
        session.update(subscription=subscription["id"], invoice=subscription["latest_invoice"])
    session.update(
        collected_information={
            "business_name": None,
            "individual_name": None,
            "shipping_details": payer["shipping"],
        },
        customer=customer["id"] if customer else None,
        customer_details=_details(payer, method),
        payment_status=_payment_status(session, method),
        status="complete",
        url=None,
    )
    emit(ctx, "checkout.session.completed", session)
    return _succeeded(session)


def _take(ctx: Context, intent: Object, method: Object) -> None:
    if intent["object"] == "setup_intent":
        setting_up.succeed(ctx, intent, method)
    elif method["type"] == "us_bank_account":
        debiting.begin(ctx, intent, method)
    else:
        charging.capture(ctx, intent, method)


def _payment_status(session: Object, method: Object) -> str:
    if not session["amount_total"]:
        return "no_payment_required"
    return "unpaid" if method["type"] == "us_bank_account" else "paid"


def _keeps_card(intent: Object | None) -> bool:
    return intent is not None and intent["setup_future_usage"] is not None


def _customer(ctx: Context, session: Object, payer: Object) -> Object | None:
    if session["customer"] is not None:
        known = ctx.store.get("customer", session["customer"])
        before = snapshot(known)
        known["email"] = known["email"] or payer["email"]
        _update_customer(ctx, session, known, payer)
        changed(ctx, "customer.updated", known, before)
        return known
    if session["mode"] != "subscription" and session["customer_creation"] != "always":
        return None
    given = {"email": payer["email"], "name": payer["name"], "shipping": payer["shipping"]}
    customer = ctx.store.add(customers.build(given, ctx.now()))
    emit(ctx, "customer.created", customer)
    return customer


def _update_customer(ctx: Context, session: Object, customer: Object, payer: Object) -> None:
    """What the payer typed goes to the customer only where the shop said `customer_update[…]=auto`."""
    wanted = ctx.store.hidden(session["id"]).get("customer_update") or {}
    if wanted.get("name") == "auto" and payer["name"]:
        customer["name"] = payer["name"]
    location = ctx.store.hidden(session["id"]).get("tax_location")
    if wanted.get("address") == "auto" and location:
        customer["address"] = location
    if wanted.get("shipping") == "auto" and payer["shipping"]:
        customer["shipping"] = customers.shipping(payer["shipping"])


def _details(payer: Object, method: Object) -> Object:
    return {
        "address": method["billing_details"]["address"],
        "business_name": None,
        "email": payer["email"],
        "individual_name": None,
        "name": payer["name"],
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _succeeded(session: Object) -> PayResult:
    return PayResult("succeeded", redirect_url=success_url(session))
