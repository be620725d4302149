"""The only door to Stripe: time limits, retries, a key for whatever changes something, errors in our words.

Facts that shape it (rules/stripe.md section 0): a StripeClient retries nothing unless told to, and never a 429; its
time limit is 80 s unless told otherwise; a key that it makes up itself does not survive our own retry.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast

import stripe
import structlog
from django.conf import settings
from django.db import transaction

TIMEOUT_S = 10
NETWORK_RETRIES = 2
RATE_LIMIT_TRIES = 5
RATE_LIMIT_WAIT_MAX_S = 4.0
API_VERSION = "2026-10-28.endive"
PAGE = 100

ListedEvent = stripe.Event

log = structlog.get_logger(__name__)
T = TypeVar("T")


class StripeUnavailable(Exception):
    """No clear answer: it may have happened or not. The same call with the same key is safe, now or later."""


class FailureStored(StripeUnavailable):
    """Stripe replays the failure that it stored under our key, and will for a day: look for what came of the call."""


class KeyConflict(FailureStored):
    """Our key was used before, Stripe says, for something else: perhaps for this very call, in other words.

    A library that was upgraded in between, or Stripe itself, may compare the same intention otherwise. So it is no
    refusal: what was done under the key is looked for before anybody says that nothing moved.
    """


class StripeMisconfigured(StripeUnavailable):
    """Stripe does not accept our key: nothing happened, and nothing will until somebody mends the settings."""


class StripeRefused(Exception):
    """A clear no: nothing happened, and the same call will get the same answer."""

    def __init__(self, message: str, *, code: str = "", decline_code: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.decline_code = decline_code


class NoSuchObject(StripeRefused):
    """Stripe knows no such object (or no longer lets it be changed)."""


class KeyMissing(Exception):
    """A call that changes something was about to be made without an idempotency key of ours."""


class Gateway:
    """Stripe's objects in, Stripe's objects out: whoever calls this is inside `payments`."""

    def __init__(self, client: stripe.StripeClient, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def checkout_session(self, session_id: str) -> stripe.checkout.Session:
        """With its payment intent, that one's latest charge, and that one's balance transaction."""
        expand = ["payment_intent.latest_charge.balance_transaction"]
        return self._ask(lambda c: c.v1.checkout.sessions.retrieve(session_id, {"expand": expand}))

    def charge(self, charge_id: str) -> stripe.Charge:
        """With its balance transaction, when there is one yet."""
        return self._ask(lambda c: c.v1.charges.retrieve(charge_id, {"expand": ["balance_transaction"]}))

    def invoice(self, invoice_id: str) -> stripe.Invoice:
        """With its payments and their payment intents."""
        expand = ["payments.data.payment.payment_intent"]
        return self._ask(lambda c: c.v1.invoices.retrieve(invoice_id, {"expand": expand}))

    def subscription(self, subscription_id: str) -> stripe.Subscription:
        return self._ask(lambda c: c.v1.subscriptions.retrieve(subscription_id))

    def balance(self) -> stripe.Balance:
        return self._ask(lambda c: c.v1.balance.retrieve())

    def balance_transaction(self, bt_id: str) -> stripe.BalanceTransaction:
        return self._ask(lambda c: c.v1.balance_transactions.retrieve(bt_id))

    def payout(self, payout_id: str) -> stripe.Payout:
        """With its balance transaction, and the one that brought the money back."""
        expand = ["balance_transaction", "failure_balance_transaction"]
        return self._ask(lambda c: c.v1.payouts.retrieve(payout_id, {"expand": expand}))

    def balance_transaction_pages(
        self, *, since: datetime | None = None, before: datetime | None = None, payout: str = ""
    ) -> Iterator[list[stripe.BalanceTransaction]]:
        """Those created from `since` on and before `before`, or listed in a payout: a page at a time, newest first.

        What comes in while we list is ahead of the first page: it moves no later page, and the next listing has it.
        """
        created = ({"gte": int(since.timestamp())} if since else {}) | (
            {"lt": int(before.timestamp())} if before else {}
        )
        params = ({"created": created} if created else {}) | ({"payout": payout} if payout else {})
        return self._pages(lambda c, page: c.v1.balance_transactions.list(page), params)

    def refund(self, refund_id: str) -> stripe.Refund:
        return self._ask(lambda c: c.v1.refunds.retrieve(refund_id))

    def dispute(self, dispute_id: str) -> stripe.Dispute:
        return self._ask(lambda c: c.v1.disputes.retrieve(dispute_id))

    def refunds(self, charge_id: str) -> Iterator[stripe.Refund]:
        """Those of a charge, with their balance transactions, newest first."""
        expand = ["data.balance_transaction", "data.failure_balance_transaction"]
        for page in self._pages(lambda c, page: c.v1.refunds.list(page), {"charge": charge_id, "expand": expand}):
            yield from page

    def disputes(self, charge_id: str) -> Iterator[stripe.Dispute]:
        """Those of a charge, newest first; a dispute shows its balance transactions whole."""
        for page in self._pages(lambda c, page: c.v1.disputes.list(page), {"charge": charge_id}):
            yield from page

    def transfer(self, transfer_id: str) -> stripe.Transfer:
        """With its balance transaction."""
        return self._ask(lambda c: c.v1.transfers.retrieve(transfer_id, {"expand": ["balance_transaction"]}))

    def transfer_reversals(self, transfer_id: str) -> Iterator[stripe.TransferReversal]:
        """What was taken back of a transfer, with its balance transactions, newest first."""
        expand = {"expand": ["data.balance_transaction"]}
        for page in self._pages(lambda c, page: c.v1.transfers.reversals.list(transfer_id, page), expand):
            yield from page

    def account(self, account_id: str) -> stripe.Account:
        """A connected account; NoSuchObject for one that was deleted or is not connected to us any more."""
        return self._ask(lambda c: c.v1.accounts.retrieve(account_id))

    def source_of_balance_transaction(self, bt_id: str) -> Any:
        """The object that a balance transaction is about, whole; None where Stripe names none."""
        asked: Any = {"expand": ["source"]}
        return self._ask(lambda c: c.v1.balance_transactions.retrieve(bt_id, asked)).source

    def checkout_sessions(self, *, since: datetime, until: datetime) -> Iterator[stripe.checkout.Session]:
        """Those created in the window, newest first; a page at a time."""
        for page in self._pages(lambda c, page: c.v1.checkout.sessions.list(page), created_between(since, until)):
            yield from page

    def created(self, kind: str, *, since: datetime, until: datetime) -> Iterator[tuple[str, datetime]]:
        """The id of each object of a kind (a key of `_LISTS`) created in the window, and when; newest first."""
        listing, more = _LISTS[kind]
        for page in self._pages(listing, created_between(since, until) | more):
            yield from ((one.id, datetime.fromtimestamp(one.created, UTC)) for one in page)

    def every(self, kind: str, where: Mapping[str, Any]) -> Iterator[Any]:
        """All objects of a kind (a key of `_LISTS`) that Stripe's own filters `where` let through, newest first."""
        listing, more = _LISTS[kind]
        for page in self._pages(listing, more | dict(where)):
            yield from page

    def event_pages(self, *, since: datetime, until: datetime) -> Iterator[list[ListedEvent]]:
        """The events of the window, newest first; Stripe lists 30 days at most."""
        return self._pages(lambda c, page: c.v1.events.list(page), created_between(since, until))

    def _pages(self, listing: Callable[[stripe.StripeClient, Any], Any], params: dict[str, Any]) -> Iterator[list[Any]]:
        after: dict[str, str] = {}
        while True:
            asked = params | {"limit": PAGE} | after
            page = self._ask(lambda c, asked=asked: listing(c, asked))  # type: ignore[misc]
            if page.data:
                yield list(page.data)
            if not page.has_more or not page.data:
                return
            after = {"starting_after": page.data[-1].id}

    def change(self, purpose: str, *, target: str, params: Mapping[str, Any], key: str) -> Any:
        """Do what the purpose of a StripeCall names, under its idempotency key; returns the changed object.

        Raises KeyMissing, StripeUnavailable (same key again; FailureStored: look instead), StripeRefused.
        """
        if not key:
            raise KeyMissing(purpose)
        call = _CHANGES[purpose]
        return self._ask(lambda c: call(c, target, dict(params), {"idempotency_key": key}))

    def _ask(self, call: Callable[[stripe.StripeClient], T]) -> T:
        with transaction.atomic(durable=True):
            pass  # raises inside a transaction: no lock waits for the network (DESIGN.md section 1.8)
        for attempt in range(1, RATE_LIMIT_TRIES + 1):
            try:
                return call(self._client)
            except stripe.RateLimitError as error:
                if attempt == RATE_LIMIT_TRIES:
                    raise StripeUnavailable("Stripe asks us to slow down") from error
                self._sleep(_wait_s(attempt))
            except stripe.StripeError as error:
                raise _in_our_words(error) from error
        raise AssertionError("unreachable")


@cache
def _gateway(key: str, api_base: str) -> Gateway:
    return Gateway(
        stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            max_network_retries=NETWORK_RETRIES,
            base_addresses=cast(Any, {"api": api_base} if api_base else {}),
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
        )
    )


def client() -> Gateway:
    """The gateway of this deployment's key and address."""
    return _gateway(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def _wait_s(attempt: int) -> float:
    """Doubling from half a second, with half of it left to chance so that workers do not return together."""
    wait_s = min(0.5 * 2.0 ** (attempt - 1), RATE_LIMIT_WAIT_MAX_S)
    return wait_s * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing


def _in_our_words(error: stripe.StripeError) -> StripeUnavailable | StripeRefused:
    code = _code(error)
    message = str(error.user_message or type(error).__name__)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError) and code != "account_invalid":
        log.error("stripe_key_not_accepted", request_id=error.request_id)
        return StripeMisconfigured("Stripe does not accept our key")
    if isinstance(error, stripe.CardError):
        return StripeRefused(message, code=code, decline_code=_decline_code(error))
    if isinstance(error, stripe.InvalidRequestError | stripe.PermissionError):  # their account is gone, our key is good
        missing = error.http_status == 404 or code in ("resource_missing", "account_invalid")
        return (NoSuchObject if missing else StripeRefused)(message, code=code)
    if isinstance(error, stripe.IdempotencyError):
        log.error("stripe_key_conflict", request_id=error.request_id)
        return KeyConflict(message)
    if (error.http_status or 0) >= 500 and (error.headers or {}).get("Idempotent-Replayed") == "true":
        return FailureStored(message)
    return StripeUnavailable(message)


def _code(error: stripe.StripeError) -> str:
    """The library leaves `error.code` empty for some classes of error, though Stripe's body has one."""
    return str(error.code or getattr(error.error, "code", None) or "")


def _decline_code(error: stripe.CardError) -> str:
    return str(getattr(error.error, "decline_code", None) or "")


def created_between(since: datetime, until: datetime) -> dict[str, Any]:
    """Stripe's filter for what it made between two moments, both included."""
    return {"created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())}}


_LISTS: dict[str, tuple[Callable[[stripe.StripeClient, Any], Any], dict[str, Any]]] = {
    "checkout.session": (lambda c, page: c.v1.checkout.sessions.list(page), {}),
    "subscription": (lambda c, page: c.v1.subscriptions.list(page), {"status": "all"}),
    "invoice": (lambda c, page: c.v1.invoices.list(page), {}),
    "charge": (lambda c, page: c.v1.charges.list(page), {}),
    "payout": (lambda c, page: c.v1.payouts.list(page), {}),
    "customer": (lambda c, page: c.v1.customers.list(page), {}),
    "refund": (lambda c, page: c.v1.refunds.list(page), {}),
    "dispute": (lambda c, page: c.v1.disputes.list(page), {}),
    "transfer": (lambda c, page: c.v1.transfers.list(page), {}),
    "account": (lambda c, page: c.v1.accounts.list(page), {}),
    "webhook_endpoint": (lambda c, page: c.v1.webhook_endpoints.list(page), {}),
}
_Change = Callable[[stripe.StripeClient, str, Any, Any], Any]
_CHANGES: dict[str, _Change] = {
    "open_checkout": lambda c, _target, params, options: c.v1.checkout.sessions.create(params, options),
    "expire_checkout": lambda c, target, params, options: c.v1.checkout.sessions.expire(target, params, options),
    "cancel_subscription": lambda c, target, params, options: c.v1.subscriptions.cancel(target, params, options),
    "mark_subscription": lambda c, target, params, options: c.v1.subscriptions.update(target, params, options),
    "refund": lambda c, _target, params, options: c.v1.refunds.create(params, options),
    "transfer": lambda c, _target, params, options: c.v1.transfers.create(params, options),
    "make_account": lambda c, _target, params, options: c.v2.core.accounts.create(params, options),
    "link_account": lambda c, target, params, options: c.v2.core.account_links.create(
        {"account": target, "use_case": params["use_case"]}, options
    ),
}
