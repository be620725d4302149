"""The worker's hands for payments. They find their work by themselves: losing every message costs seconds, no money."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog
from celery import shared_task

from payments.operations.ask_accounts import ask_accounts
from payments.operations.ask_unfinished import ask_payouts, ask_unposted
from payments.operations.check_endpoint import check_endpoint_when_due
from payments.operations.compare_balance import compare_balance
from payments.operations.cut_old_bodies import cut_old_bodies
from payments.operations.find_left_behind import (
    ask_expired_checkouts,
    ask_open_disputes,
    ask_open_returns,
    ask_unsettled_charges,
    ask_untold_transfers,
    finish_calls,
)
from payments.operations.list_balance_transactions import SHORT_OVERLAP, list_balance_transactions
from payments.operations.name_old_items import name_old_items
from payments.operations.name_unknown_calls import name_unknown_calls
from payments.operations.process_event import Outcome, process_next_event
from payments.operations.receive_event import TASK
from payments.operations.reconcile import NOT_LISTED
from payments.operations.reconcile_onward import Onward, reconcile_onward
from payments.operations.watch_signatures import name_bad_signatures
from people import clock
from people.alone import one_at_a_time
from people.wake import wake, woken

WORK_FOR_S = 90  # then the rest is left to the next wake-up, well below the worker's hard limit
# The sweep's own, with one look at its longest (process_event.LEASE) after each: together below that limit as well.
SWEEP_EVENTS_FOR_S: Final = 45
SWEEP_ASKS_FOR_S: Final = 40
# Looked at between days only: a day of which much is untold takes longer, and its pages are recorded as they come, so
# that whoever is stopped at the worker's hard limit has less left to ask about the next time.
LIST_FOR_S: Final = 60
ASK_PAYOUTS_FOR_S: Final = 25
BALANCE_WITHIN_S: Final = 3_600
RECONCILE: Final = "payments.tasks.reconcile"
log = structlog.get_logger(__name__)


@shared_task(name=TASK, ignore_result=True)
def process_events() -> int:
    """Work through the events that are due. Returns how many were taken up."""
    return _work_through(WORK_FOR_S)


@shared_task(name="payments.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Every 30 s: events that nobody was woken for or whose worker died, unanswered calls, lost ends, settlement.

    Events come first: a slow processor must not keep them behind questions that can wait. Whoever asks has an equal
    share of what is left of one time for all, in another order each time, so that it starves nobody either.
    """
    _work_through(SWEEP_EVENTS_FOR_S)
    now = clock.now()
    for step in (name_unknown_calls, name_bad_signatures):
        _guarded(step, now)
    asks = [
        finish_calls,
        ask_expired_checkouts,
        ask_unsettled_charges,
        ask_open_returns,
        ask_open_disputes,
        ask_untold_transfers,
        ask_accounts,
    ]
    random.shuffle(asks)
    _share_out(SWEEP_ASKS_FOR_S, asks, now)


@shared_task(name=RECONCILE, ignore_result=True)
def reconcile() -> int:
    """Every ten minutes: go on with the round that begins twice a day, and begin at once again while there is more.

    What no event told and no sweep asked about is applied, and said aloud. Returns how much it was. What Stripe could
    not list is no lost fact: it is said apart, and listed again by the next run.
    """
    woken(RECONCILE)
    onward = _go_on()
    if onward is None:
        return 0
    found = [one for one in onward.findings if one.trouble != NOT_LISTED]
    unlisted = [one.kind for one in onward.findings if one.trouble == NOT_LISTED]
    if unlisted:
        log.warning("kinds_not_listed", kinds=unlisted)
    if found:
        log.error("lost_facts_found", findings=len(found), kind=found[0].kind, first=found[0].object_id)
    if onward.more:
        wake(RECONCILE)  # when our turn is given back, or whoever wakes would leave it to us
    return len(found)


@shared_task(name="payments.tasks.list_balance", ignore_result=True)
def list_balance() -> None:
    """Every three minutes: what Stripe booked lately, and payouts whose events may be lost."""
    now = clock.now()
    _guarded(_list_lately, now)
    _guarded(ask_payouts, now, work_for_s=ASK_PAYOUTS_FOR_S)


@shared_task(name="payments.tasks.check_balance", ignore_result=True, time_limit=BALANCE_WITHIN_S)
@one_at_a_time
def check_balance() -> None:
    """Each night: 48 hours listed again, what was not posted tried again, old items named, both balances compared.

    A step that fails is an error in the log and keeps no other from its work; by night it is tried again.
    """
    now = clock.now()
    for step in (list_balance_transactions, ask_unposted, name_old_items, compare_balance):
        _guarded(step, now)


@shared_task(name="payments.tasks.check_endpoint", ignore_result=True)
def check_endpoint() -> bool:
    """Every minute while Stripe does not send us what we read, else once a day. Returns whether Stripe was asked."""
    return check_endpoint_when_due(now=clock.now())


@shared_task(name="payments.tasks.cut_bodies", ignore_result=True)
def cut_bodies() -> int:
    """Once a day: bodies and parameters of what was done 90 days ago shrink to ids, amounts and a hash."""
    return cut_old_bodies()


@one_at_a_time
def _go_on() -> Onward:
    return reconcile_onward(now=clock.now(), work_for_s=WORK_FOR_S)


def _work_through(work_for_s: float) -> int:
    woken(TASK)
    taken, until = 0, time.monotonic() + work_for_s
    while process_next_event(now=clock.now()) is not Outcome.NOTHING_DUE:
        taken += 1
        if time.monotonic() > until:
            wake(TASK)
            break
    return taken


def _share_out(work_for_s: float, steps: Sequence[Callable[..., object]], now: datetime) -> None:
    until = time.monotonic() + work_for_s
    for number, step in enumerate(steps):
        share_s = (until - time.monotonic()) / (len(steps) - number)
        if share_s < 0:
            log.warning("sweep_takes_long", left=[one.__name__ for one in steps[number:]])
            break
        _guarded(step, now, work_for_s=share_s)


def _list_lately(*, now: datetime) -> None:
    list_balance_transactions(now=now, overlap=SHORT_OVERLAP, work_for_s=LIST_FOR_S)


def _guarded(step: Callable[..., object], now: datetime, **more: float) -> None:
    try:
        step(now=now, **more)
    except Exception:
        log.exception("sweep_step_failed", step=step.__name__)
