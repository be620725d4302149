"""What an event should have told of payouts and unposted balance transactions is asked for, when it may be lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Exists, F, OuterRef, Q

from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import BalanceTransaction, StripePayout
from payments.operations.follow_object import follow_object
from payments.readers import read_balance_transaction, read_payout
from payments.registry import Reader
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
    troubled = BalanceTransaction.objects.exclude(problem="").order_by("bt_id").values_list("bt_id", flat=True)
    return sum(_ask(read_balance_transaction, bt_id, now) for bt_id in troubled[:AT_ONCE])


def _ask_payout(payout_id: str, now: datetime) -> bool:
    answered = _ask(read_payout, payout_id, now)
    StripePayout.objects.filter(payout_id=payout_id).update(asked_at=clock.wall_now())
    return answered


def _ask(reader: Reader, object_id: str, now: datetime) -> bool:
    try:
        follow_object(reader=reader, object_id=object_id, at=now, now=now)
    except (StripeUnavailable, StripeRefused) as error:
        log.warning("unfinished_not_answered", object_id=object_id, error=type(error).__name__)
        return False
    except Exception:
        log.exception("unfinished_not_recorded", object_id=object_id)
        return False
    return True
