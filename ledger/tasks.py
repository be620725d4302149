"""The ledger's work that waits for the alarm clock."""

from __future__ import annotations

from celery import shared_task

from ledger.anchors import tell_mismatch
from ledger.operations.anchor_head import anchor_head
from ledger.operations.ask_month_work import TASK as MONTH_WORK
from ledger.operations.check_books import check_books as check_books_once
from ledger.operations.do_month_work import Outcome, do_next
from ledger.operations.open_months import open_months
from ledger.operations.seal_entries import ContentMismatch, seal_all
from ledger.operations.tell_overdue_exceptions import tell_overdue_exceptions
from people import clock
from people.alone import one_at_a_time
from people.wake import woken

# Longer than other tasks may take: the message comes back meanwhile and finds somebody at it (people/alone.py).
BOOKS_WITHIN_S = 3600


@shared_task(name="ledger.tasks.seal", ignore_result=True)
def seal() -> int:
    """Every ten seconds by the beat: seal what was committed meanwhile. Returns the last number of the sequence.

    Raises ContentMismatch, after a mail to the organisation's contact.
    """
    try:
        return seal_all()
    except ContentMismatch as mismatch:
        tell_mismatch(mismatch.entry_id, mismatch.what, now=clock.now())
        raise


@shared_task(name="ledger.tasks.anchor", ignore_result=True)
def anchor() -> str:
    """Every hour by the beat: tell somebody outside the head of the chain, once a day. Returns the outcome."""
    return anchor_head(now=clock.now()).value


@shared_task(name="ledger.tasks.look_ahead", ignore_result=True)
def look_ahead() -> int:
    """Every hour by the beat: the months of the next two years are in the books. Returns how many were new."""
    return open_months(around=clock.now().date(), back=0)


@shared_task(name="ledger.tasks.tell_overdue", ignore_result=True)
def tell_overdue() -> str:
    """Every hour by the beat: finance hears once a day what has not added up for too long. Returns the outcome."""
    return tell_overdue_exceptions(now=clock.now()).value


@shared_task(name=MONTH_WORK, ignore_result=True, time_limit=BOOKS_WITHIN_S)
def do_month_work() -> int:
    """Check or close the months that somebody asked for; also the sweep. Returns how many pieces of work were done."""
    woken(MONTH_WORK)
    done = 0
    while do_next(now=clock.now) is not Outcome.NOTHING_DUE:
        done += 1
    return done


@shared_task(name="ledger.tasks.check_books", ignore_result=True, time_limit=BOOKS_WITHIN_S)
@one_at_a_time
def check_books() -> str:
    """Every hour by the beat: the books check themselves, once each night. Returns the outcome."""
    return check_books_once(now=clock.now()).value
