"""What a lost message, a killed worker or a lost reply left behind is taken up again (reliability rows 6, 30-35).

Each of these asks Stripe about one row and applies the answer by the same way as an event would. Who asks is written
down first, so a row that cannot be answered comes back later and does not keep the others waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import UNFINISHED_CALLS, Charge, CheckoutSession, Refund, StripeCall, Transfer
from payments.operations.follow_object import follow_object
from payments.operations.make_account import finish_account
from payments.operations.make_call import SWEEP_AFTER, make_call
from payments.operations.make_transfer import finish_transfer
from payments.operations.open_checkout import keep_checkout
from payments.operations.refund_charge import finish_refund
from payments.readers import read_charge, read_checkout, read_returns, read_subscription, read_transfer
from payments.registry import Reader
from people import clock

AT_ONCE = 50
STEP_FOR_S = 25  # three steps and the events before them stay below the worker's hard limit
SETTLES_WITHIN = timedelta(seconds=5)
ASK_AGAIN_AFTER = timedelta(seconds=25)
ASK_BANK_AGAIN_AFTER = timedelta(hours=1)  # a bank debit takes days
FORGET_AFTER = timedelta(days=30)
ENDS: Mapping[str, Reader] = {
    StripeCall.Purpose.EXPIRE_CHECKOUT: read_checkout,
    StripeCall.Purpose.CANCEL_SUBSCRIPTION: read_subscription,
}
LONGEST_NOT_ASKED = F("asked_at").asc(nulls_first=True)
log = structlog.get_logger(__name__)
Row = TypeVar("Row", bound=Model)


def finish_calls(*, now: datetime) -> int:
    """Calls whose answer we never saw: sent again under their key, or looked for. Returns how many got an answer."""
    due = StripeCall.objects.filter(state__in=UNFINISHED_CALLS, next_attempt_at__lte=clock.wall_now())
    calls = claim(due.order_by("next_attempt_at"), next_attempt_at=clock.wall_now() + SWEEP_AFTER)
    return each(calls, lambda call: _finish_call(call, now))


def ask_expired_checkouts(*, now: datetime) -> int:
    """Sessions that are past their end and still open here, or awaited: the event may be lost. Returns how many."""
    past_their_end = Q(state=CheckoutSession.State.OPEN, expires_at__lt=now)
    awaited = Q(state=CheckoutSession.State.COMPLETE, payment_status="unpaid", failed=False, mode="payment")
    due = CheckoutSession.objects.filter(
        (past_their_end & _not_asked_since(ASK_AGAIN_AFTER))
        | (awaited & Q(expires_at__gt=now - FORGET_AFTER) & _not_asked_since(ASK_BANK_AGAIN_AFTER))
    )
    sessions = claim(due.order_by(LONGEST_NOT_ASKED), asked_at=clock.wall_now())
    return each(sessions, lambda session: _ask_checkout(session, now))


def ask_unsettled_charges(*, now: datetime) -> int:
    """Charges that succeeded and whose balance transaction we have not seen. Returns how many were asked about."""
    due = Charge.objects.filter(
        _not_asked_since(ASK_AGAIN_AFTER),
        status="succeeded",
        balance_transaction__isnull=True,
        seen_at__lt=clock.wall_now() - SETTLES_WITHIN,
    )
    charges = claim(due.order_by(LONGEST_NOT_ASKED), asked_at=clock.wall_now())
    return each(charges, lambda charge: _ask_charge(charge, now))


def ask_open_returns(*, now: datetime) -> int:
    """Charges with a refund that is not decided, or that we know only from our own call. Returns how many."""
    pending = Q(refunds__status__in=Refund.PENDING) & _not_asked_since(ASK_BANK_AGAIN_AFTER)
    told = Refund.objects.filter(refund_id=OuterRef("result_id"))
    untold = StripeCall.objects.filter(~Exists(told), purpose=StripeCall.Purpose.REFUND, state=StripeCall.State.DONE)
    only_called = Q(charge_id__in=untold.values("target")) & _not_asked_since(ASK_AGAIN_AFTER)
    due = Charge.objects.filter(pk__in=Charge.objects.filter(pending | only_called).values("pk"))
    charges = claim(due.order_by(LONGEST_NOT_ASKED), asked_at=clock.wall_now())
    return each(charges, lambda charge: _ask_returns(charge, now))


def ask_untold_transfers(*, now: datetime) -> int:
    """Transfers that we know only from our own call: its worker died before it looked. Returns how many."""
    told = Transfer.objects.filter(transfer_id=OuterRef("result_id"))
    due = StripeCall.objects.filter(
        ~Exists(told),
        purpose=StripeCall.Purpose.TRANSFER,
        state=StripeCall.State.DONE,
        next_attempt_at__lte=clock.wall_now(),
    )
    calls = claim(due.order_by("next_attempt_at"), next_attempt_at=clock.wall_now() + SWEEP_AFTER)
    return each(calls, lambda call: _ask_transfer(call, now))


def _finish_call(call: StripeCall, now: datetime) -> None:
    if call.purpose == StripeCall.Purpose.OPEN_CHECKOUT:
        make_call(call, now=now, keep=keep_checkout)
        return
    if call.purpose == StripeCall.Purpose.REFUND:
        finish_refund(call, now=now)
        return
    if call.purpose == StripeCall.Purpose.TRANSFER:
        finish_transfer(call, kind=call.params["metadata"]["kind"], now=now)
        return
    if call.purpose == StripeCall.Purpose.MAKE_ACCOUNT:
        finish_account(call, now=now)
        return
    if call.purpose not in ENDS:
        make_call(call, now=now)
        return
    with suppress(StripeRefused):  # it is over already; the look below says how
        make_call(call, now=now)
    follow_object(reader=ENDS[call.purpose], object_id=call.target, at=now, now=now)


def _ask_checkout(session: CheckoutSession, now: datetime) -> None:
    follow_object(reader=read_checkout, object_id=session.session_id, at=now, now=now)


def _ask_charge(charge: Charge, now: datetime) -> None:
    follow_object(reader=read_charge, object_id=charge.charge_id, at=now, now=now)


def _ask_returns(charge: Charge, now: datetime) -> None:
    follow_object(reader=read_returns, object_id=charge.charge_id, at=now, now=now)


def _ask_transfer(call: StripeCall, now: datetime) -> None:
    follow_object(reader=read_transfer, object_id=call.result_id, at=now, now=now)


def _not_asked_since(wait: timedelta) -> Q:
    return Q(asked_at__isnull=True) | Q(asked_at__lt=clock.wall_now() - wait)


def claim(due: QuerySet[Row], **marks: datetime) -> list[Row]:
    """Up to AT_ONCE rows that no other sweep has, marked as asked about before anybody is asked."""
    with transaction.atomic():
        rows = list(due.select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
        due.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(**marks)
    return rows


def each(rows: Sequence[Row], work: Callable[[Row], None]) -> int:
    """How many got an answer. What a slow processor leaves no time for keeps its mark and comes back by itself."""
    until = time.monotonic() + STEP_FOR_S
    answered = 0
    for row in rows:
        if time.monotonic() > until:
            log.warning("left_behind_takes_long", step_rows=len(rows), answered=answered)
            break
        answered += _one(row, work)
    return answered


def _one(row: Row, work: Callable[[Row], None]) -> bool:
    """Ids and fixed words are logged, never the processor's sentence: it may quote what a payer typed."""
    try:
        work(row)
    except StripeUnavailable as error:
        log.info("left_behind_waits", row=str(row), error=type(error).__name__)
        return False
    except StripeRefused as error:
        log.warning("left_behind_refused", row=str(row), code=error.code)
        return True
    except Exception:
        log.exception("left_behind_failed", row=str(row))
        return False
    return True
