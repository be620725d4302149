"""A change at Stripe is intended, committed, sent, and its answer kept: at most one such change per key, ever.

The row is the memory that Stripe's idempotency keys lack after a day (rules/reliability.md section 0.2-3): while the
key is young the same key and the same parameters go out again; after that, or once Stripe has stored a failure under
the key, we look first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from payments import gateway
from payments.gateway import FailureStored, StripeRefused, StripeUnavailable
from payments.lookups import KEY_TRUSTED_FOR, find_result, makes_something
from payments.models import UNFINISHED_CALLS, StripeCall
from people import clock

SWEEP_AFTER = timedelta(seconds=90)  # longer than one call with all its retries
BACK_OFF_MAX = timedelta(hours=1)
log = structlog.get_logger(__name__)


class AttemptKeyReused(Exception):
    """The same key was given for something else: a mistake of the caller, never sent."""


class HeldBack(StripeUnavailable):
    """It may not leave now, so it was not sent: it waits, or what came of an earlier sending is still to be found."""


class NeverArrived(StripeRefused):
    """The call made nothing and its key is of no use any more: nothing happened; start a new attempt."""


def intend_call(
    *, purpose: str, subject: str, target: str = "", params: Mapping[str, Any], meaning: Any, key: str, now: datetime
) -> StripeCall:
    """Commit the intention, or return the row that the key already has, whose parameters are the ones to send.

    `meaning` is what may not differ under one key (parameters may: a repeated form computes a new expiry time).
    What the call makes at Stripe carries the key as `attempt` in its metadata, by which it can be found. Raises
    AttemptKeyReused when the meaning differs; RuntimeError inside a transaction.
    """
    digest = _digest(purpose, subject, target, meaning)
    with transaction.atomic(durable=True):
        call, _ = StripeCall.objects.get_or_create(
            idempotency_key=key,
            defaults={
                "purpose": purpose,
                "subject": subject,
                "target": target,
                "params": _marked(params, key) if makes_something(purpose) else dict(params),
                "params_hash": digest,
                "intended_at": now,
                "next_attempt_at": clock.wall_now() + SWEEP_AFTER,
            },
        )
    if call.params_hash != digest:
        raise AttemptKeyReused(key)
    return call


def forbid_call(*, purpose: str, subject: str, target: str = "", meaning: Any, key: str, now: datetime) -> bool:
    """Take a key that nothing was ever sent under, so that nothing is ever asked under it; whether it was free.

    Arguments as of `intend_call`. Whoever intends or sends the call at the same time waits until this transaction ends,
    and then finds it refused. An intention that nobody has begun to send, because its worker died, is taken over.
    """
    refused = {
        "state": StripeCall.State.FAILED,
        "error": "not_asked It was taken back before Stripe was asked.",
        "finished_at": clock.wall_now(),
    }
    call, made = StripeCall.objects.get_or_create(
        idempotency_key=key,
        defaults={
            "purpose": purpose,
            "subject": subject,
            "target": target,
            "params_hash": _digest(purpose, subject, target, meaning),
            "intended_at": now,
            "next_attempt_at": clock.wall_now(),
            **refused,
        },
    )
    unsent = StripeCall.objects.filter(pk=call.pk, state=StripeCall.State.INTENDED, attempts=0)
    return made or unsent.update(**refused) == 1


def _digest(purpose: str, subject: str, target: str, meaning: Any) -> str:
    return hashlib.sha256(json.dumps([purpose, subject, target, meaning], sort_keys=True).encode()).hexdigest()


def make_call(
    call: StripeCall, *, now: datetime, keep: Callable[[Any], object] | None = None, may_send: bool = True
) -> None:
    """Send an unfinished call; what `keep` does with the changed Stripe object is committed with the call's result.

    Without `may_send` what makes something is only looked for, as when its key is too old, and until then HeldBack.
    Raises StripeUnavailable (state unknown: call again, or leave it to the sweep), StripeRefused (state failed).
    """
    assert call.state in UNFINISHED_CALLS, call.state
    _sending(call)
    try:
        result = _send_or_find(call, now, may_send=may_send)
    except StripeUnavailable as error:
        _keep(call, state=StripeCall.State.UNKNOWN, error=str(error), next_attempt_at=_later(call))
        raise
    except StripeRefused as error:
        _finish(call, state=StripeCall.State.FAILED, error=f"{error.code} {error}".strip())
        raise
    with transaction.atomic():
        if keep is not None:
            keep(result)
        _finish(call, state=StripeCall.State.DONE, result_id=_id_of(result, call), error="")


def _id_of(result: Any, call: StripeCall) -> str:
    """A link has no id: it is known by the account that it leads to."""
    return str(getattr(result, "id", None) or call.target)


def _send_or_find(call: StripeCall, now: datetime, *, may_send: bool) -> Any:
    stored = None
    is_young = now - call.intended_at < KEY_TRUSTED_FOR
    if is_young and may_send:
        try:
            return _send(call, key=call.idempotency_key)
        except FailureStored as error:
            stored = error
    found = find_result(call)
    if found is not None:
        return found
    if not makes_something(call.purpose):
        return _send(call, key=f"{call.idempotency_key}:{call.attempts}")  # to end it twice is to end it once
    if is_young and not may_send:
        raise HeldBack("it is not there, and may not be sent again now")
    if stored is not None and call.purpose != StripeCall.Purpose.OPEN_CHECKOUT:
        raise stored  # it may be half done at Stripe: looked for again while there is a day's doubt
    raise NeverArrived("nothing was made, and its key is not to be sent again", code="never_arrived")


def _send(call: StripeCall, *, key: str) -> Any:
    return gateway.client().change(call.purpose, target=call.target, params=call.params, key=key)


def _marked(params: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {**params, "metadata": {**params.get("metadata", {}), "attempt": key}}


def _sending(call: StripeCall) -> None:
    """Committed before it leaves. Raises StripeRefused when it was taken back or refused since we read it."""
    call.attempts += 1
    _keep(call, state=StripeCall.State.SENT, attempts=call.attempts, next_attempt_at=clock.wall_now() + SWEEP_AFTER)
    refused = StripeCall.objects.filter(pk=call.pk, state=StripeCall.State.FAILED).first()
    if refused is not None:
        raise StripeRefused(refused.error, code=refused.error.partition(" ")[0])


def _finish(call: StripeCall, **fields: Any) -> None:
    _keep(call, finished_at=clock.wall_now(), **fields)
    log.info("stripe_call_finished", call=call.pk, purpose=call.purpose, subject=call.subject, state=call.state)


def _keep(call: StripeCall, **fields: Any) -> None:
    """Only an unfinished row changes: of two senders of one key the second one's news is no news."""
    if "error" in fields:
        fields["error"] = fields["error"][:300]
    StripeCall.objects.filter(pk=call.pk, state__in=UNFINISHED_CALLS).update(**fields)
    for name, value in fields.items():
        setattr(call, name, value)


def _later(call: StripeCall) -> datetime:
    wait: timedelta = min(SWEEP_AFTER * 2 ** min(call.attempts - 1, 10), BACK_OFF_MAX)
    return clock.wall_now() + wait
