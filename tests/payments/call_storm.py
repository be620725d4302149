"""Many calls to the local Stripe, more than a quarter of which goes wrong (rules/reliability.md F4)."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import stripe
from django.db import connection

from ledger.models import ReconciliationException
from payments import gateway
from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import UNFINISHED_CALLS, StripeCall
from payments.operations.find_left_behind import finish_calls
from payments.operations.make_call import intend_call, make_call
from payments.operations.name_unknown_calls import UNKNOWN_AFTER, name_unknown_calls
from people import clock
from tests.local_stripe import LocalStripe

RIVALS = 4
KINDS = ("checkout.session", "refund", "transfer")  # what the product makes here, known by its attempt
# The first two happen in every storm. Then, of all POSTs a third, a fifth of these applied and lost: each rule is asked
# only where the ones before it let a request pass.
FAULTS = [
    {"fault": "sticky_500", "key": "storm:transfer:*", "times": 1},
    {"fault": "sticky_500", "key": "storm:refund:*", "times": 1, "applied": True},
    {"fault": "applied_then_dropped", "method": "POST", "path": "/v1/*", "probability": 0.068},
    {"fault": "reset", "method": "POST", "path": "/v1/*", "probability": 0.058},
    {"fault": "status", "status": 503, "method": "POST", "path": "/v1/*", "probability": 0.062},
    {"fault": "key_in_use", "method": "POST", "path": "/v1/*", "probability": 0.066},
    {"fault": "rate_limited", "method": "POST", "path": "/v1/*", "probability": 0.054},
    {"fault": "cut_body", "keep_bytes": 10, "length": "full", "method": "POST", "path": "/v1/*", "probability": 0.038},
    {"fault": "sticky_500", "applied": True, "method": "POST", "path": "/v1/*", "probability": 0.02},
    {"fault": "sticky_500", "method": "POST", "path": "/v1/*", "probability": 0.041},
]


@dataclass(frozen=True, kw_only=True)
class Came:
    """How the storm ended. `never_arrived` were looked for in vain after a day and asked for anew."""

    seed: int
    intents: int
    faults: int
    answered_at_once: int
    unknown: int
    unnamed: int
    never_arrived: int
    twice: list[str]
    missing: list[str]
    unasked: list[str]

    @property
    def exact(self) -> bool:
        """Objects at Stripe equal intents, and every unknown had its name."""
        return not (self.twice or self.missing or self.unasked or self.unnamed)


def calls_under_faults(sandbox: LocalStripe, *, size: int, seed: int) -> Came:
    """Intend `size` calls, send them while Stripe fails, sweep, name, let a day pass, look up, and count at Stripe.

    Wants an empty sandbox, committed data (no test transaction) and the sandbox's clock as the product's own.
    """
    ground = _Ground(sandbox)
    draw = random.Random(seed)
    intents = [ground.intent(draw, number) for number in range(size)]
    sandbox._post("faults", {"seed": seed, "api": FAULTS})
    with ThreadPoolExecutor(RIVALS) as pool:
        at_once = sum(pool.map(_sent, intents))
    _sweep_until_nothing_moves()
    unknown, unnamed = _named()
    faults = sum(sandbox._get("_sandbox/faults")["counts"]["api"].values())
    sandbox._http.delete(f"{sandbox.url}/_sandbox/faults", timeout=20)
    sandbox.advance(hours=21)
    _sweep_until_nothing_moves()
    lost = [intent for intent in intents if StripeCall.objects.get(idempotency_key=intent["key"]).state == "failed"]
    again = [intent | {"key": f"{intent['key']}:2"} for intent in lost]
    assert all(map(_sent, again)), "without faults every call has its answer"
    left = StripeCall.objects.filter(state__in=UNFINISHED_CALLS).count()
    wanted = {intent["key"] for intent in [*intents, *again]} - {intent["key"] for intent in lost}
    found = Counter(attempt for kind in KINDS for attempt in ground.attempts(kind))
    return Came(
        seed=seed,
        intents=size,
        faults=faults,
        answered_at_once=at_once,
        unknown=unknown,
        unnamed=unnamed + left,
        never_arrived=len(lost),
        twice=sorted(attempt for attempt, number in found.items() if number > 1),
        missing=sorted(wanted - set(found)),
        unasked=sorted(set(found) - wanted),
    )


class _Ground:
    """What the calls stand on: a paid charge, a customer with a card, a price, a partner and money to send."""

    def __init__(self, sandbox: LocalStripe) -> None:
        self._stripe = stripe.StripeClient("sk_test_storm", base_addresses={"api": sandbox.url})
        v1 = self._stripe.v1
        customer = v1.customers.create({"email": "ada@example.org"}).id
        card = v1.payment_methods.attach("pm_card_visa", {"customer": customer})
        v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card.id}})
        price = v1.prices.create(_price(99_999_900)).id
        v1.subscriptions.create({"customer": customer, "items": [{"price": price}]})
        self.charge = v1.charges.list().data[0].id
        partner: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
        self.partner = v1.accounts.create(partner).id
        sandbox._post(f"accounts/{self.partner}/onboard")
        topup = {"amount": 90_000_000, "type": "topup", "available_in_s": 0}
        sandbox._post("balance_transactions", topup)

    def intent(self, draw: random.Random, number: int) -> dict[str, Any]:
        amount = draw.randint(50, 900)
        line = {"price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "x"}}, "quantity": 1}
        params: dict[str, dict[str, Any]] = {
            "open_checkout": {"mode": "payment", "success_url": "http://x.test/done", "line_items": [line]},
            "refund": {"charge": self.charge, "amount": amount},
            "transfer": _transfer(amount, self.partner, f"batch:{draw.randint(1, 5)}"),
        }
        purpose = draw.choice(list(params))
        subject = f"storm:{purpose}:{number}"
        params["transfer"]["metadata"] = {"kind": "storm", "subject": subject}
        return {"purpose": purpose, "subject": subject, "params": params[purpose], "meaning": [], "key": subject}

    def attempts(self, kind: str) -> list[str]:
        """The attempts that Stripe's objects of a kind carry, as the product could list them."""
        objects = gateway.client().every(kind, {})
        return [one.metadata["attempt"] for one in objects if one.metadata and "attempt" in one.metadata]


def _price(amount_minor: int) -> Any:
    recurring = {"recurring": {"interval": "month"}, "product_data": {"name": "Seed"}}
    return {"currency": "usd", "unit_amount": amount_minor, **recurring}


def _transfer(amount: int, destination: str, group: str) -> dict[str, Any]:
    return {"amount": amount, "currency": "usd", "destination": destination, "transfer_group": group}


def _sent(intent: dict[str, Any]) -> bool:
    try:
        now = clock.now()
        make_call(intend_call(now=now, **intent), now=now)
    except (StripeUnavailable, StripeRefused):
        return False
    finally:
        connection.close()
    return True


def _sweep() -> None:
    """The sweep's turn has come for every call without an answer, once."""
    StripeCall.objects.filter(state__in=UNFINISHED_CALLS).update(next_attempt_at=clock.wall_now())
    due = StripeCall.objects.filter(state__in=UNFINISHED_CALLS, next_attempt_at__lte=clock.wall_now())
    while due.exists():  # a call that was tried comes back later, so each round has others
        finish_calls(now=clock.now())


def _sweep_until_nothing_moves() -> None:
    """A step of the sweep that takes long leaves the rest to the next one, as on a machine with much else to do."""
    unfinished, before = StripeCall.objects.filter(state__in=UNFINISHED_CALLS), 0
    while (left := unfinished.count()) != before:
        before = left
        _sweep()


def _named() -> tuple[int, int]:
    """(calls without an answer, how many of them have no open exception) a while after the storm."""
    name_unknown_calls(now=clock.now() + UNKNOWN_AFTER * 2)
    unfinished = StripeCall.objects.filter(state__in=UNFINISHED_CALLS)
    unknown = {f"stripe:call:{pk}" for pk in unfinished.values_list("pk", flat=True)}
    named = ReconciliationException.objects.filter(kind="stripe_call_unknown", resolved_at=None)
    return len(unknown), len(unknown - set(named.values_list("subject", flat=True)))
