"""The worker's hands for payments. Both find their work by themselves: losing every message costs seconds, no money."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from celery import shared_task

from payments.operations.ask_accounts import ask_accounts
from payments.operations.ask_unfinished import ask_payouts, ask_unposted
from payments.operations.compare_balance import compare_balance
from payments.operations.cut_old_bodies import cut_old_bodies
from payments.operations.find_left_behind import (
    ask_expired_checkouts,
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
from payments.operations.reconcile import reconcile as reconcile_objects
from payments.operations.watch_signatures import name_bad_signatures
from people import clock
from people.wake import wake, woken

WORK_FOR_S = 90  # then the rest is left to the next wake-up, well below the worker's hard limit
RECONCILE_BACK: Final = timedelta(days=3)  # Stripe tries for as long to deliver an event
RECONCILE_WITHIN_S: Final = 3_600
BALANCE_WITHIN_S: Final = 3_600
log = structlog.get_logger(__name__)


@shared_task(name=TASK, ignore_result=True)
def process_events() -> int:
    """Work through the events that are due. Returns how many were taken up."""
    woken(TASK)
    taken, until = 0, time.monotonic() + WORK_FOR_S
    while process_next_event(now=clock.now()) is not Outcome.NOTHING_DUE:
        taken += 1
        if time.monotonic() > until:
            wake(TASK)
            break
    return taken


@shared_task(name="payments.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Every 30 s: events that nobody was woken for or whose worker died, unanswered calls, lost ends, settlement.

    Events come first: a slow processor must not keep them behind questions that can wait.
    """
    process_events()
    now = clock.now()
    asks = (ask_expired_checkouts, ask_unsettled_charges, ask_open_returns, ask_untold_transfers, ask_accounts)
    for step in (finish_calls, name_unknown_calls, name_bad_signatures, *asks):
        _guarded(step, now)


@shared_task(name="payments.tasks.reconcile", ignore_result=True, time_limit=RECONCILE_WITHIN_S)
def reconcile() -> int:
    """Twice a day: what no event told and no sweep asked about is applied, and said aloud. Returns how much it was."""
    now = clock.now()
    report = reconcile_objects(since=now - RECONCILE_BACK, until=now, repair=True, now=now)
    if report.findings:
        log.error("lost_facts_found", findings=len(report.findings), first=report.findings[0].object_id)
    return len(report.findings)


@shared_task(name="payments.tasks.list_balance", ignore_result=True)
def list_balance() -> None:
    """Every three minutes: what Stripe booked lately, and payouts whose events may be lost."""
    now = clock.now()
    _guarded(_list_lately, now)
    _guarded(ask_payouts, now)


@shared_task(name="payments.tasks.check_balance", ignore_result=True, time_limit=BALANCE_WITHIN_S)
def check_balance() -> None:
    """Each night: 48 hours listed again, what was not posted tried again, old items named, both balances compared.

    A step that fails is an error in the log and keeps no other from its work; by night it is tried again.
    """
    now = clock.now()
    for step in (list_balance_transactions, ask_unposted, name_old_items, compare_balance):
        _guarded(step, now)


@shared_task(name="payments.tasks.cut_bodies", ignore_result=True)
def cut_bodies() -> int:
    """Once a day: bodies and parameters of what was done 90 days ago shrink to ids, amounts and a hash."""
    return cut_old_bodies()


def _list_lately(*, now: datetime) -> None:
    list_balance_transactions(now=now, overlap=SHORT_OVERLAP, work_for_s=WORK_FOR_S)


def _guarded(step: Callable[..., object], now: datetime) -> None:
    try:
        step(now=now)
    except Exception:
        log.exception("sweep_step_failed", step=step.__name__)
