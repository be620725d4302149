"""What waits for finance in the documents: those that could not be made, are to be published, or to be made again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.urls import reverse

from ledger.operations.close_month import Closed, current_closes
from people.desk import DeskTask
from reports.models import Document


def waiting(now: datetime) -> list[DeskTask]:
    """For each month one task of each kind that there is. Two queries."""
    newer = Document.objects.filter(supersedes=OuterRef("pk"))
    failed = Q(state=Document.State.FAILED)
    final = Q(state=Document.State.READY, final=True)
    groups: list[Any] = list(
        Document.objects.filter(failed | final, ~Exists(newer))
        .order_by("period", "through_seq")
        .values("period", "through_seq")
        .annotate(
            failed=Count("pk", filter=failed),
            frozen=Count("pk", filter=final),
            unpublished=Count("pk", filter=final & Q(published_at__isnull=True)),
            since=Min("requested_at"),
        )
    )
    closes = current_closes({_yyyymm(group["period"]) for group in groups}) if groups else {}
    by_month = groupby(groups, key=itemgetter("period"))
    return [task for period, found in by_month for task in _tasks(period, list(found), closes.get(_yyyymm(period)))]


def _tasks(period: str, groups: list[Any], closed: Closed | None) -> Iterator[DeskTask]:
    """Those of one month; `groups` are its newest documents by the number that they rest on."""
    since = min(group["since"] for group in groups)
    if failed := sum(group["failed"] for group in groups):
        yield _task("Look after", failed, period, "The file could not be made", since)
    if closed is None:
        return  # opened again: what is to be done is to close it
    if stale := sum(group["frozen"] for group in groups if group["through_seq"] != closed.through_seq):
        yield _task("Make again", stale, period, "The month was opened and closed again", since)
    if ready := sum(group["unpublished"] for group in groups if group["through_seq"] == closed.through_seq):
        yield _task("Publish", ready, period, "The file is ready", since)


def _task(verb: str, number: int, period: str, why: str, since: datetime) -> DeskTask:
    statements = "1 statement" if number == 1 else f"{number} statements"
    return DeskTask(
        f"{verb} {statements} of {period}", why, since, f"{reverse('reports:desk_statements')}?month={period}"
    )


def _yyyymm(period: str) -> int:
    return int(period.replace("-", ""))
