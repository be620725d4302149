"""What an event should have told of payouts and balance transactions is asked for, when it may be lost.

Whoever was asked about longest ago is first, so that rows which cannot be answered starve no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog
from django.db.models import Exists, F, OuterRef, Q

from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import BalanceTransaction, StripePayout
from payments.operations.follow_object import follow_object
from payments.operations.follow_returns import follow_returns
from payments.operations.follow_transfer import follow_transfer
from payments.readers import read_balance_transaction, read_payout
from payments.readings import BalanceTransactionSeen
from payments.transfer_bookings import BOOKED_BY_OTHERS
from payments.untold import untold
from people import clock

AT_ONCE: Final = 50
ASK_AGAIN_AFTER: Final = timedelta(hours=1)
LONGEST_NOT_ASKED: Final = F("asked_at").asc(nulls_first=True)
UNPOSTED_FOR_S: Final = 600.0
MOVES_PAYOUTS: Final = ("payout", "payout_reversal")
log = structlog.get_logger(__name__)
T = TypeVar("T")


def ask_payouts(*, now: datetime, work_for_s: float = 25.0) -> int:
    """Look at payouts that booked something we cannot place yet, or that are not over. Returns how many answered.

    A balance transaction may name a payout that we have never heard of, or one whose failure is news; a payout may have
    arrived, or been itemised, without an event. After `work_for_s` no other is asked about.
    """
    known = StripePayout.objects.filter(payout_id=OuterRef("source_id"))
    told = known.filter(Q(bt_id=OuterRef("bt_id")) | Q(failure_bt_id=OuterRef("bt_id")))
    news = BalanceTransaction.objects.filter(~Exists(told), category__in=MOVES_PAYOUTS).exclude(source_id="")
    unplaced = news.order_by(LONGEST_NOT_ASKED, "-id").values_list("source_id", flat=True)[:AT_ONCE]
    under_way = StripePayout.objects.filter(
        Q(asked_at__isnull=True) | Q(asked_at__lt=clock.wall_now() - ASK_AGAIN_AFTER),
        Q(status__in=["pending", "in_transit"]) | Q(reconciliation_status="in_progress"),
    ).order_by(LONGEST_NOT_ASKED)
    ids = dict.fromkeys([*unplaced, *under_way.values_list("payout_id", flat=True)[:AT_ONCE]])
    return _each(ids, lambda payout_id: _ask_payout(payout_id, now), work_for_s)


def ask_unposted(*, now: datetime, work_for_s: float = UNPOSTED_FOR_S) -> int:
    """Look again at balance transactions that could not be posted: the cause may be gone. Returns how many answered.

    After `work_for_s` no other is looked at.
    """
    troubled = BalanceTransaction.objects.exclude(problem="").order_by(LONGEST_NOT_ASKED, "bt_id")
    return _each(list(troubled), lambda row: _ask_unposted(row, now), work_for_s)


def ask_untold(seen: Sequence[BalanceTransactionSeen], *, now: datetime) -> int:
    """Look at each refund, dispute and transfer of which these tell more than any event did. Returns how many answered.

    A balance transaction tells of its money only; what follows from it, such as the mirror of a refund that failed, is
    a fact about the payment. One that cannot be answered is asked about again while it is listed.
    """
    wanted = untold(seen)
    return sum(_answers(_news(one, now), one.source_id) for one in seen if one.bt_id in wanted)


def _again(row: BalanceTransaction, now: datetime) -> Callable[[], object]:
    if row.category in BOOKED_BY_OTHERS:
        return lambda: follow_transfer(bt_id=row.bt_id, source_id=row.source_id, at=now, now=now)
    return lambda: follow_object(reader=read_balance_transaction, object_id=row.bt_id, at=now, now=now)


def _news(seen: BalanceTransactionSeen, now: datetime) -> Callable[[], object]:
    at = seen.created_at
    if seen.category in BOOKED_BY_OTHERS:
        return lambda: follow_transfer(bt_id=seen.bt_id, source_id=seen.source_id, at=at, now=now)
    return lambda: follow_returns(object_id=seen.source_id, at=at, now=now)


def _ask_payout(payout_id: str, now: datetime) -> bool:
    BalanceTransaction.objects.filter(source_id=payout_id).update(asked_at=clock.wall_now())
    answered = _answers(lambda: follow_object(reader=read_payout, object_id=payout_id, at=now, now=now), payout_id)
    StripePayout.objects.filter(payout_id=payout_id).update(asked_at=clock.wall_now())
    return answered


def _ask_unposted(row: BalanceTransaction, now: datetime) -> bool:
    BalanceTransaction.objects.filter(pk=row.pk).update(asked_at=clock.wall_now())
    return _answers(_again(row, now), row.bt_id)


def _each(things: Iterable[T], ask: Callable[[T], bool], work_for_s: float) -> int:
    until = time.monotonic() + work_for_s
    answered = 0
    for thing in things:
        if time.monotonic() > until:
            log.warning("unfinished_takes_long", answered=answered)
            break
        answered += ask(thing)
    return answered


def _answers(look: Callable[[], object], object_id: str) -> bool:
    try:
        look()
    except (StripeUnavailable, StripeRefused) as error:
        log.warning("unfinished_not_answered", object_id=object_id, error=type(error).__name__)
        return False
    except Exception:
        log.exception("unfinished_not_recorded", object_id=object_id)
        return False
    return True
