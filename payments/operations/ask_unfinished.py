"""What an event should have told of payouts and balance transactions is asked for, when it may be lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

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
MOVES_PAYOUTS: Final = ("payout", "payout_reversal")
log = structlog.get_logger(__name__)


def ask_payouts(*, now: datetime) -> int:
    """Look at payouts that booked something we cannot place yet, or that are not over. Returns how many answered.

    A balance transaction may name a payout that we have never heard of, or one whose failure is news; a payout may have
    arrived, or been itemised, without an event.
    """
    known = StripePayout.objects.filter(payout_id=OuterRef("source_id"))
    told = known.filter(Q(bt_id=OuterRef("bt_id")) | Q(failure_bt_id=OuterRef("bt_id")))
    news = BalanceTransaction.objects.filter(~Exists(told), category__in=MOVES_PAYOUTS).exclude(source_id="")
    unplaced = news.order_by("-id").values_list("source_id", flat=True)[:AT_ONCE]
    under_way = StripePayout.objects.filter(
        Q(asked_at__isnull=True) | Q(asked_at__lt=clock.wall_now() - ASK_AGAIN_AFTER),
        Q(status__in=["pending", "in_transit"]) | Q(reconciliation_status="in_progress"),
    ).order_by(F("asked_at").asc(nulls_first=True))
    ids = dict.fromkeys([*unplaced, *under_way.values_list("payout_id", flat=True)[:AT_ONCE]])
    return sum(_ask_payout(payout_id, now) for payout_id in ids)


def ask_unposted(*, now: datetime) -> int:
    """Look again at balance transactions that could not be posted: the cause may be gone. Returns how many answered."""
    troubled = BalanceTransaction.objects.exclude(problem="").order_by("bt_id")[:AT_ONCE]
    return sum(_answers(_again(row, now), row.bt_id) for row in troubled)


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
    answered = _answers(lambda: follow_object(reader=read_payout, object_id=payout_id, at=now, now=now), payout_id)
    StripePayout.objects.filter(payout_id=payout_id).update(asked_at=clock.wall_now())
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
