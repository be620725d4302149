"""Whether a call of ours was carried out is seen at Stripe itself, when its idempotency key cannot tell any more.

What a call makes carries the call's key as `attempt` in its metadata and is looked for where it must be; what a call
changes is looked at (rules/reliability.md rows 17, 21 and 24).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from payments import gateway
from payments.models import StripeCall
from payments.readers.subscriptions import OVER
from payments.readers.words import word

WINDOW: Final = timedelta(minutes=10)  # between our clock and Stripe's
KEY_TRUSTED_FOR: Final = timedelta(hours=20)  # Stripe keeps keys for 24 h at least
Purpose = StripeCall.Purpose


def find_result(call: StripeCall) -> Any | None:
    """The object that the call made or changed, None when it did not. Raises StripeUnavailable, StripeRefused."""
    if call.purpose in _CHANGED:
        return _CHANGED[call.purpose](call)
    kind, where = _MADE[call.purpose](call)
    made = gateway.client().every(kind, where)
    return next((one for one in made if word(one.metadata, "attempt") == call.idempotency_key), None)


def makes_something(purpose: str) -> bool:
    """Whether doing it twice would be once too often: then what it makes must be known by its `attempt`."""
    return purpose in _MADE


def _around(call: StripeCall) -> dict[str, Any]:
    """When Stripe may have made it: from the intention on, until its key was not sent any more."""
    return gateway.created_between(call.intended_at - WINDOW, call.intended_at + KEY_TRUSTED_FOR + WINDOW)


def _expired(call: StripeCall) -> Any | None:
    session = gateway.client().checkout_session(call.target)
    return session if session.status == "expired" else None


def _cancelled(call: StripeCall) -> Any | None:
    subscription = gateway.client().subscription(call.target)
    return subscription if subscription.status in OVER else None


def _marked(call: StripeCall) -> Any | None:
    subscription = gateway.client().subscription(call.target)
    wanted = call.params["metadata"]
    return subscription if all(word(subscription.metadata, key) == wanted[key] for key in wanted) else None


_CHANGED: Final[Mapping[str, Callable[[StripeCall], Any | None]]] = {
    Purpose.EXPIRE_CHECKOUT: _expired,
    Purpose.CANCEL_SUBSCRIPTION: _cancelled,
    Purpose.MARK_SUBSCRIPTION: _marked,
    Purpose.LINK_ACCOUNT: lambda _call: None,  # a second link harms nobody: the first one is dead by then
}
_MADE: Final[Mapping[str, Callable[[StripeCall], tuple[str, dict[str, Any]]]]] = {
    Purpose.OPEN_CHECKOUT: lambda call: ("checkout.session", _around(call)),
    Purpose.REFUND: lambda call: ("refund", {"charge": call.params["charge"]}),
    Purpose.MAKE_ACCOUNT: lambda call: ("account", _around(call)),
    Purpose.TRANSFER: lambda call: ("transfer", {"transfer_group": call.params["transfer_group"]}),
}
