"""Whatever Stripe booked is here, whether or not an event told of it: its balance transactions are the truth.

Each run begins a while before the end of the last one that came to an end, because Stripe may show a row later than it
dates it (rules/ledger.md section 7: 48 hours). Everything is recorded by id, so runs may overlap, race and be killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from payments import gateway
from payments.models import BalanceListing, BalanceTransaction
from payments.operations.ask_unfinished import ask_untold
from payments.operations.record_balance_transactions import record_balance_transactions
from payments.readers.balance import balance_transaction_seen
from people.queries import books_begin_at

OVERLAP: Final = timedelta(hours=48)
SHORT_OVERLAP: Final = timedelta(hours=1)
STEP: Final = timedelta(days=1)  # a run that is killed has lost a day's listing at most
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """How many balance transactions were seen and how many of them were new; not `complete` when time ran out."""

    seen: int
    new: int
    complete: bool = True


def list_balance_transactions(
    *,
    now: datetime,
    overlap: timedelta = OVERLAP,
    since: datetime | None = None,
    work_for_s: float | None = None,
    tell: Callable[[datetime, Listed], None] = lambda _through, _so_far: None,
) -> Listed:
    """List and record every balance transaction from `overlap` before the last listing's end, or from `since`, on.

    Of a refund, dispute or transfer that no event told enough about, that is looked at first (`ask_untold`).

    Day by day, the oldest first; `tell(through, so_far)` hears of each. After `work_for_s` no new day is begun. Never
    inside a transaction (RuntimeError). Raises StripeUnavailable: what was recorded stays, the next run goes on.
    """
    until = None if work_for_s is None else time.monotonic() + work_for_s
    seen = new = 0
    for start, before in _days(since or _from(now, overlap), now):
        if until is not None and time.monotonic() > until:
            log.warning("balance_listing_takes_long", through=start.isoformat())
            return Listed(seen=seen, new=new, complete=False)
        for page in gateway.client().balance_transaction_pages(since=start, before=before):
            rows = [balance_transaction_seen(bt) for bt in page]
            new += len(rows) - BalanceTransaction.objects.filter(bt_id__in=[row.bt_id for row in rows]).count()
            ask_untold(rows, now=now)
            record_balance_transactions(rows, now=now)
            seen += len(page)
        _listed_through(before or now)
        tell(before or now, Listed(seen=seen, new=new))
    log.info("balance_listed", seen=seen, new=new)
    return Listed(seen=seen, new=new)


def _from(now: datetime, overlap: timedelta) -> datetime:
    """The first listing of all begins with the books, however long ago that was."""
    through = BalanceListing.objects.values_list("through", flat=True).first()
    since = min(through or now, now) - overlap
    begin_at = books_begin_at() if through is None else None
    return min(since, begin_at) if begin_at is not None else since


def _days(start: datetime, now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """From `start` on, a step each; the last one is open, because Stripe's clock may be ahead of ours."""
    while start + STEP < now:
        yield start, start + STEP
        start += STEP
    yield start, None


def _listed_through(moment: datetime) -> None:
    """Never back: a run that began earlier may end later."""
    BalanceListing.objects.get_or_create(pk=1, defaults={"through": moment})
    BalanceListing.objects.filter(pk=1, through__lt=moment).update(through=moment)
