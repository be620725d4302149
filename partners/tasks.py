"""The worker's hands for partners: what waits for the alarm clock, and transfers to connected accounts."""

from __future__ import annotations

import time

from celery import shared_task

from partners.operations.accrue_waiting import accrue_waiting as accrue
from partners.operations.make_accounts import TASK as MAKE
from partners.operations.make_accounts import make_accounts as make
from partners.operations.match_lines import match_lines
from partners.operations.remind_of_agreements import remind_of_agreements as remind
from partners.operations.send_transfers import TASK as SEND
from partners.operations.send_transfers import send_transfers as send
from partners.operations.top_up_minimums import top_up_minimums as top_up
from partners.operations.upload_statement import TASK as WORK
from partners.operations.work_statements import Outcome, work_next_statement
from people import clock
from people.alone import one_at_a_time
from people.wake import wake, woken

WORK_FOR_S = 90  # then the rest is left to the next wake-up, well below the worker's hard limit


@shared_task(name="partners.tasks.accrue_waiting", ignore_result=True)
def accrue_waiting() -> int:
    """Every minute by the beat: shares net of card fees whose fee is known by now. Returns how many were accrued."""
    return accrue(now=clock.now())


@shared_task(name=SEND, ignore_result=True)
def send_transfers() -> int:
    """Send every transfer that waits; also the sweep, since waiting rows are found by themselves."""
    woken(SEND)
    return send(now=clock.now())


@shared_task(name=MAKE, ignore_result=True)
def make_accounts() -> int:
    """Ask Stripe for every account that waits; also the sweep, since waiting rows are found by themselves."""
    woken(MAKE)
    return make(now=clock.now())


@shared_task(name=WORK, ignore_result=True, time_limit=1_800)
def work_statements() -> int:
    """Do every step of files that is due; also the sweep, since due rows are found by themselves. Returns how many.

    A step over a very large file may take longer than other tasks: its lease keeps a second worker from it.
    """
    woken(WORK)
    worked, until = 0, time.monotonic() + WORK_FOR_S
    while work_next_statement(now=clock.now()) is not Outcome.NOTHING_DUE:
        worked += 1
        if time.monotonic() > until:
            wake(WORK)
            break
    return worked


@shared_task(name="partners.tasks.top_up_minimums", ignore_result=True)
def top_up_minimums() -> int:
    """Every hour by the beat: minimums whose period and refund window are over. Returns how many were topped up."""
    return top_up(now=clock.now())


@shared_task(name="partners.tasks.remind_of_agreements", ignore_result=True)
def remind_of_agreements() -> int:
    """Every hour by the beat: agreements that run out, and what states will ask. Returns how many mails were queued."""
    return remind(now=clock.now())


@shared_task(name="partners.tasks.match_bank", ignore_result=True, time_limit=1_800)
@one_at_a_time
def match_bank() -> int:
    """Every quarter of an hour: payouts that came after their bank line find it, and what stays open is named."""
    return match_lines(now=clock.now())
