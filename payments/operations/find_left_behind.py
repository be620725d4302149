"""What a lost message, a killed worker or a lost reply left behind is taken up again (reliability rows 6, 30-35).

Each of these asks Stripe about one row after the other and applies the answer by the same way as an event would. That
a row is asked about is written down first, so one that cannot be answered comes back later and keeps no other waiting;
what `work_for_s` leaves no time for keeps its place in front.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import UNFINISHED_CALLS, Charge, CheckoutSession, Dispute, Refund, StripeCall, Transfer
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
STEP_FOR_S: Final = 25.0  # for whoever asks for one of these alone; the sweep shares its own time out
SETTLES_WITHIN = timedelta(seconds=5)
ASK_AGAIN_AFTER = timedelta(seconds=25)
ASK_BANK_AGAIN_AFTER = timedelta(hours=1)  # a bank debit takes days
ASK_DISPUTE_AGAIN_AFTER = timedelta(hours=20)  # a bank decides in weeks or months
FORGET_AFTER = timedelta(days=30)
ENDS: Mapping[str, Reader] = {
    StripeCall.Purpose.EXPIRE_CHECKOUT: read_checkout,
    StripeCall.Purpose.CANCEL_SUBSCRIPTION: read_subscription,
}
LONGEST_NOT_ASKED = F("asked_at").asc(nulls_first=True)
log = structlog.get_logger(__name__)
Row = TypeVar("Row", bound=Model)


def finish_calls(*, now: datetime, work_for_s: float = STEP_FOR_S) -> int:
    """Calls whose answer we never saw: sent again under their key, or looked for. Returns how many got an answer."""
    due = StripeCall.objects.filter(state__in=UNFINISHED_CALLS, next_attempt_at__lte=clock.wall_now())
    return each(due.order_by("next_attempt_at"), put_off, lambda call: _finish_call(call, now), work_for_s)


def ask_expired_checkouts(*, now: datetime, work_for_s: float = STEP_FOR_S) -> int:
    """Sessions that are past their end and still open here, or awaited: the event may be lost. Returns how many."""
    past_their_end = Q(state=CheckoutSession.State.OPEN, expires_at__lt=now)
    awaited = Q(state=CheckoutSession.State.COMPLETE, payment_status="unpaid", failed=False, mode="payment")
    due = CheckoutSession.objects.filter(
        (past_their_end & _not_asked_since(ASK_AGAIN_AFTER))
        | (awaited & Q(expires_at__gt=now - FORGET_AFTER) & _not_asked_since(ASK_BANK_AGAIN_AFTER))
    )
    return each(due.order_by(LONGEST_NOT_ASKED), asked, lambda session: _ask_checkout(session, now), work_for_s)


def ask_unsettled_charges(*, now: datetime, work_for_s: float = STEP_FOR_S) -> int:
    """Charges that succeeded and whose balance transaction we have not seen. Returns how many were asked about."""
    due = Charge.objects.filter(
        _not_asked_since(ASK_AGAIN_AFTER),
        status="succeeded",
        balance_transaction__isnull=True,
        seen_at__lt=clock.wall_now() - SETTLES_WITHIN,
    )
    return each(due.order_by(LONGEST_NOT_ASKED), asked, lambda charge: _ask_charge(charge, now), work_for_s)


def ask_open_returns(*, now: datetime, work_for_s: float = STEP_FOR_S) -> int:
    """Charges with a refund that is not decided, or that we know only from our own call. Returns how many."""
    pending = Q(refunds__status__in=Refund.PENDING) & _not_asked_since(ASK_BANK_AGAIN_AFTER)
    told = Refund.objects.filter(refund_id=OuterRef("result_id"))
    untold = StripeCall.objects.filter(~Exists(told), purpose=StripeCall.Purpose.REFUND, state=StripeCall.State.DONE)
    only_called = Q(charge_id__in=untold.values("target")) & _not_asked_since(ASK_AGAIN_AFTER)
    due = Charge.objects.filter(pk__in=Charge.objects.filter(pending | only_called).values("pk"))
    return each(due.order_by(LONGEST_NOT_ASKED), asked, lambda charge: _ask_returns(charge, now), work_for_s)


def ask_open_disputes(*, now: datetime, work_for_s: float = STEP_FOR_S) -> int:
    """Charges with a dispute that the bank has not decided, once a day. Returns how many were asked about.

    A loss moves no money, so without its event nothing else would ever tell of it.
    """
    due = Charge.objects.filter(
        _not_asked_since(ASK_DISPUTE_AGAIN_AFTER),
        pk__in=Dispute.objects.exclude(status__in=Dispute.OVER).values("charge"),
    )
    return each(due.order_by(LONGEST_NOT_ASKED), asked, lambda charge: _ask_returns(charge, now), work_for_s)


def ask_untold_transfers(*, now: datetime, work_for_s: float = STEP_FOR_S) -> int:
    """Transfers that we know only from our own call: its worker died before it looked. Returns how many."""
    told = Transfer.objects.filter(transfer_id=OuterRef("result_id"))
    due = StripeCall.objects.filter(
        ~Exists(told),
        purpose=StripeCall.Purpose.TRANSFER,
        state=StripeCall.State.DONE,
        next_attempt_at__lte=clock.wall_now(),
    )
    return each(due.order_by("next_attempt_at"), put_off, lambda call: _ask_transfer(call, now), work_for_s)


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


def asked(_row: Model) -> tuple[str, datetime]:
    return "asked_at", clock.wall_now()


def put_off(_call: StripeCall) -> tuple[str, datetime]:
    return "next_attempt_at", clock.wall_now() + SWEEP_AFTER


def each(
    due: QuerySet[Row], mark: Callable[[Any], tuple[str, datetime]], work: Callable[[Row], None], work_for_s: float
) -> int:
    """Claim and work on up to AT_ONCE rows; how many got an answer. After `work_for_s` none is begun."""
    until = time.monotonic() + work_for_s
    answered = 0
    for row in list(due[:AT_ONCE]):
        if time.monotonic() > until:
            log.warning("left_behind_takes_long", rows=due.model.__name__, answered=answered)
            break
        if _claim(row, *mark(row)):
            answered += _one(row, work)
    return answered


def _claim(row: Model, field: str, moment: datetime) -> bool:
    """Marked before anybody is asked; not when another sweep has marked it since we read it."""
    unchanged = type(row)._default_manager.filter(pk=row.pk, **{field: getattr(row, field)})
    return unchanged.update(**{field: moment}) == 1


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
