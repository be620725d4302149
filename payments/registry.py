"""The tables by which a processor's event becomes our operations; `config/stripe_events.py` fills them at start-up.

Two steps, two tables:

    reads("checkout.session.completed", read_checkout)   an event's type -> who looks at the object it is about
    on(CheckoutPaid, "order", mark_order_paid)           a fact and its kind -> what we do, in order

`config.stripe_events.register` should register each of these readers (all in `payments.readers`):

    checkout.session.completed, .async_payment_succeeded, .async_payment_failed, .expired   -> read_checkout
    invoice.paid, invoice.payment_failed                                                    -> read_invoice
    customer.subscription.updated, .paused, .resumed, .deleted                              -> read_subscription
    charge.succeeded, charge.updated                                                        -> read_charge
    payout.created, .updated, .paid, .failed, .canceled, .reconciliation_completed          -> read_payout
    charge.refunded; refund.* and charge.dispute.*, about their charge                      -> read_returns
    transfer.created, .reversed, .updated                                                   -> read_transfer

`reads_account` registers the reader of events about a connected account, all of them about the account itself:
    account.updated, account.external_account.created, .updated, .deleted                   -> read_account

`asks_before_sending` registers who says whether money of a kind may still leave, just before it does.

Everything else in Stripe's list is kept and marked ignored with the reason of `payments.unread`; `ignores` gives a type
another one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from payments import unread
from payments.facts import Fact
from payments.readings import Reading

Reader = Callable[[str, datetime], Reading]
About = Callable[[str], str]
Operation = Callable[..., StrEnum]
Guard = Callable[[str], bool]

_readers: dict[str, Reader] = {}
_abouts: dict[str, About] = {}
_account_readers: dict[str, Reader] = {}
_reasons: dict[str, str] = {}
_operations: dict[tuple[type[Fact], str], tuple[Operation, ...]] = {}
_guards: dict[str, Guard] = {}


class AlreadyRegistered(Exception):
    """Two places claim the same row of the table."""


def reads(event_type: str, reader: Reader, *, about: About | None = None) -> None:
    """Events of this type are about an object that `reader(object_id, at)` looks up and translates.

    `about(object_id)` asks which object that is, where it is not the event's own: a refund is seen with its charge.
    """
    _put(_readers, event_type, reader)
    if about is not None:
        _put(_abouts, event_type, about)


def reads_account(event_type: str, reader: Reader) -> None:
    """Events of this type that come from a connected account are about that account, which `reader` looks up."""
    _put(_account_readers, event_type, reader)


def ignores(event_type: str, reason: str) -> None:
    """Events of this type are kept and marked ignored, with the reason."""
    _put(_reasons, event_type, reason)


def on(fact_type: type[Fact], kind: str, *operations: Operation) -> None:
    """A fact of this type and kind runs each `operation(fact, now=...) -> Outcome`, in order, in one transaction."""
    _put(_operations, (fact_type, kind), operations)


def asks_before_sending(kind: str, guard: Guard) -> None:
    """A transfer of this kind is sent, by whomever and however late, only if `guard(attempt_key)` still allows it."""
    _put(_guards, kind, guard)


def may_send(kind: str, attempt_key: str) -> bool:
    """Whether the attempt may still be sent; yes where nobody wants to be asked."""
    guard = _guards.get(kind)
    return guard is None or guard(attempt_key)


def reader_for(event_type: str) -> Reader | None:
    return _readers.get(event_type)


def account_reader_for(event_type: str) -> Reader | None:
    return _account_readers.get(event_type)


def types_read() -> set[str]:
    """The event types that somebody here reads; Stripe must send them."""
    return set(_readers)


def object_of(event_type: str, object_id: str) -> str:
    """The object to look at for an event about `object_id`; may ask Stripe."""
    about = _abouts.get(event_type)
    return about(object_id) if about else object_id


def reason_for(event_type: str) -> str:
    """Why an event of a type without a reader is ignored."""
    return _reasons.get(event_type) or unread.reason(event_type)


def operations_for(fact: Fact) -> tuple[Operation, ...]:
    """What is registered for the fact; empty when nobody listens."""
    return _operations.get((type(fact), fact.kind), ())


def is_heard(fact_type: type[Fact], kind: str) -> bool:
    """Whether anything is registered for facts of this type and kind."""
    return bool(_operations.get((fact_type, kind)))


def _put(table: dict[Any, Any], row: Any, value: Any) -> None:
    if table.setdefault(row, value) != value:
        raise AlreadyRegistered(str(row))
