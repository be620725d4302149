"""Closing the same months in books with a small and with a large history, and reading the large ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection

from config.bench import reading, shop
from config.bench.content import Figures, bytes_per_posting, one_row, require, require_books
from config.bench.databases import Databases
from config.bench.posting import post_in_batches
from config.bench.sizes import Sizes
from config.bench.timing import median_ms, ratio, seconds
from ledger.closing import close_subject, current_hash
from ledger.operations.approve_change import approve_change
from ledger.operations.close_month import close_month, current_close
from ledger.operations.propose_close import propose_close
from ledger.operations.seal_entries import seal_all
from ledger.operations.soft_close import soft_close
from people.models import Organisation, User
from people.operations.appoint import appoint

SMALL, LARGE = "small", "large"


def measure(sizes: Sizes, databases: Databases) -> Figures:
    """What the large books' balances cost before and after months are closed, and what closing them costs.

    `databases` has an "empty" one.
    """
    months = [202601 + turn for turn in range(sizes.turns + 1)]
    building = seconds(lambda: _build(sizes, databases, months))
    databases.use(LARGE)
    found = {"build_s": building, "bytes_per_posting": bytes_per_posting()}
    found |= reading.measure_open(sizes)
    for name in (SMALL, LARGE):
        databases.use(name)
        for yyyymm in shop.HISTORY:
            _approve(yyyymm)
            close_month(yyyymm=yyyymm, now=shop.NOW)
    found |= reading.measure_closed(sizes, shop.HISTORY)
    return found | _close(databases, months)


def _build(sizes: Sizes, databases: Databases, months: Sequence[int]) -> None:
    """Both books hold the same months to be closed; before them lies a year, in one ten times as full."""
    databases.copy(SMALL, "empty")
    Organisation.objects.create(display_name="Bench")  # with nobody to mail to: a broker is no part of this
    for name in ("ana", "ben"):
        user = User.objects.create_user(f"{name}@bench.invalid", is_staff=True)
        appoint(user=user, role="finance approver", now=shop.NOW)
    for turn, yyyymm in enumerate(months):
        first, last = shop.days_of(yyyymm)
        days = (last - first + timedelta(days=1)).days
        post_in_batches(shop.sales_over(first, days, sizes.closing_month, 1 + turn * sizes.closing_month))
    databases.copy(LARGE, SMALL)
    for name, entries in ((SMALL, sizes.small_history), (LARGE, sizes.large_history)):
        databases.use(name)
        posted = post_in_batches(shop.sales_over(shop.FIRST_DAY, 365, entries, 1_000_000))
        require_books(posted + len(months) * sizes.closing_month, shop.POSTINGS)
        seal_all()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _close(databases: Databases, months: Sequence[int]) -> Figures:
    """The first month is not counted: it warms both up."""
    times: dict[str, list[float]] = {SMALL: [], LARGE: []}
    for yyyymm in months:
        for name, kept in times.items():
            databases.use(name)
            _approve(yyyymm)
            kept.append(seconds(lambda: close_month(yyyymm=yyyymm, now=shop.NOW)))  # noqa: B023 - called at once
            _require_snapshot(yyyymm)
    small, large = times[SMALL][1:], times[LARGE][1:]
    return {"close_growth": ratio(large, small), "close_small_ms": median_ms(small), "close_large_ms": median_ms(large)}


def _approve(yyyymm: int) -> None:
    ana, ben = User.objects.order_by("email")
    soft_close(yyyymm=yyyymm, by=ana, now=shop.NOW)
    propose_close(yyyymm=yyyymm, by=ana, now=shop.NOW)
    subject = close_subject(yyyymm)
    approve_change(subject=subject, by=ben, content_hash=current_hash(subject), now=shop.NOW)


def _require_snapshot(yyyymm: int) -> None:
    """The close kept, account by account, what adding up every posting to its end gives."""
    [wrong] = one_row(
        """
        SELECT count(*)
          FROM (SELECT account_id, debits_minor - credits_minor AS kept FROM ledger_balancesnapshot
                 WHERE event_id = %s) s
          FULL JOIN (SELECT account_id, sum(amount_minor) AS added FROM leg
                      WHERE effective_date <= ledger_month_end(%s) GROUP BY account_id) l USING (account_id)
         WHERE s.kept IS DISTINCT FROM l.added
        """,
        [current_close(yyyymm).event_id, yyyymm],
    )
    require(wrong == 0, f"{wrong} accounts of the snapshot of {yyyymm} are wrong")
