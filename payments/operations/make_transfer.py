"""Money is on its way from our balance at Stripe to a connected account, at most once for each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from payments import registry
from payments.facts import TransferRefused
from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import StripeCall
from payments.operations.apply_fact import apply_fact
from payments.operations.follow_object import follow_object
from payments.operations.make_call import AttemptKeyReused, HeldBack, forbid_call, intend_call, make_call
from payments.readers.transfers import read_transfer
from payments.readings import transfer_ref

__all__ = [
    "AttemptKeyReused",
    "HeldBack",
    "NothingToSend",
    "StripeRefused",
    "StripeUnavailable",
    "TransferRequest",
    "finish_transfer",
    "make_transfer",
    "never_make_transfer",
]


class NothingToSend(ValueError):
    """The amount is not above zero, or there is nobody to send it to, or no group to look for it by."""


@dataclass(frozen=True, kw_only=True)
class TransferRequest:
    """What is to be sent to which connected account, and for what.

    kind ("payout") and subject ("payout:12") come back in every fact about it; `destination` is the account's id
    ("acct_…"), `amount_minor` in minor units of `currency`. `group` ("payout_batch:3") is Stripe's transfer_group, by
    which a call without an answer is looked for. `attempt_key` ("payout:12:1") is one per attempt: the same key never
    sends twice, and after a refusal a new attempt wants a new one.
    """

    kind: str
    subject: str
    destination: str
    amount_minor: int
    currency: str
    group: str
    attempt_key: str


def make_transfer(*, request: TransferRequest, now: datetime) -> str:
    """Ask for the transfer; returns its `transfer_ref`. Never inside a transaction (RuntimeError).

    Whoever asks commits before that the money is on its way (phase 1), and registers in `config/stripe_events.py`:

        on(TransferMade, "payout", settle_by_transfer)          builders.transfer(bt_ref=fact.bt_ref, …): 2120x/1050
        on(TransferReversed, "payout", take_transfer_back)      builders.transfer_reversed(bt_ref=…): 1050/2110x
        on(TransferRefused, "payout", restore_payable)          builders.payout_failed(…): 2120x/2110x
        asks_before_sending("payout", may_leave)                whether the attempt may leave, before each sending

    Each `operation(fact, now=...) -> Outcome`, told at least once. TransferMade has been told when this returns,
    unless Stripe has not booked it yet. Raises StripeUnavailable (nobody knows: the same attempt_key again at any time;
    the sweep does so by itself, and after 20 hours looks for it by its group), HeldBack
    of these (it may not leave now, so it was not sent by us, or not again), StripeRefused (nothing moved;
    TransferRefused has been told), AttemptKeyReused (the key stands for another amount or account), NothingToSend.
    Source: rules/ledger.md sections 5 and 6, rules/stripe.md section 6.
    """
    if request.amount_minor <= 0 or not request.destination or not request.group:
        raise NothingToSend(f"{request.subject}: {request.amount_minor} to {request.destination!r}")
    key = _key(request.attempt_key)
    metadata = {"kind": request.kind, "subject": request.subject, "request": request.attempt_key}
    params = {
        "amount": request.amount_minor,
        "currency": request.currency,
        "destination": request.destination,
        "transfer_group": request.group,
        "metadata": metadata,
    }
    call = intend_call(
        purpose=StripeCall.Purpose.TRANSFER,
        subject=request.subject,
        target=request.destination,
        params=params,
        meaning=_meaning(request),
        key=key,
        now=now,
    )
    return finish_transfer(call, kind=request.kind, now=now)


def never_make_transfer(*, request: TransferRequest, now: datetime) -> bool:
    """Make sure, in the caller's transaction, that it is never sent; False when its sending began: it may have left."""
    return forbid_call(
        purpose=StripeCall.Purpose.TRANSFER,
        subject=request.subject,
        target=request.destination,
        meaning=_meaning(request),
        key=_key(request.attempt_key),
        now=now,
    )


def _meaning(request: TransferRequest) -> list[Any]:
    return [request.kind, request.amount_minor, request.currency, request.group]


def finish_transfer(call: StripeCall, *, kind: str, now: datetime) -> str:
    """Send the call if it has no answer yet and may leave, and apply what the transfer then shows; as `make_transfer`.

    What may not leave any more is looked for where an earlier sending may have arrived, and never sent again.
    """
    attempt_key = call.idempotency_key.removeprefix(_key(""))
    try:
        if call.state == StripeCall.State.FAILED:
            raise StripeRefused(call.error, code=call.error.partition(" ")[0])
        if call.state != StripeCall.State.DONE:
            _send(call, now, may_send=registry.may_send(kind, attempt_key))
    except StripeRefused as refusal:
        fact = TransferRefused(kind=kind, subject=call.subject, attempt_key=attempt_key, code=refusal.code)
        apply_fact(fact, now)
        raise
    follow_object(reader=read_transfer, object_id=call.result_id, at=now, now=now)
    return transfer_ref(call.result_id)


def _send(call: StripeCall, now: datetime, *, may_send: bool) -> None:
    if call.attempts == 0 and not may_send:
        raise HeldBack("it may not leave now, and was never sent")
    make_call(call, now=now, may_send=may_send)


def _key(attempt_key: str) -> str:
    return f"transfer:{attempt_key}"
