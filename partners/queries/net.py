"""What is left of a share: without what was taken back of it and what is held while a payment is disputed."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from partners.models import AllocationReversal, Hold


def with_net(allocations: QuerySet[Any], through_seq: int | None = None) -> QuerySet[Any]:
    """Each allocation with `taken_back_minor`, `held_minor` and `net_minor`, what is left after both.

    With `through_seq` as the books sealed up to there know it, without it as all that is posted does.
    """
    of_this = OuterRef("pk")
    reversals, holds = AllocationReversal.objects.filter(allocation=of_this), Hold.objects.filter(allocation=of_this)
    if through_seq is not None:
        reversals = reversals.filter(entry__seal__seq__lte=through_seq)
    taken_back = _sum(reversals)
    held = _sum(holds.filter(ended_on__isnull=True) if through_seq is None else _held_then(holds, through_seq))
    figured: QuerySet[Any] = allocations.annotate(taken_back_minor=taken_back, held_minor=held)
    net: QuerySet[Any] = figured.annotate(net_minor=F("amount_minor") - F("taken_back_minor") - F("held_minor"))
    return net


def _held_then(holds: QuerySet[Hold], through_seq: int) -> QuerySet[Hold]:
    """Placed by then and not ended: neither released, nor all of it taken back with its lost dispute."""
    used_up = AllocationReversal.objects.filter(
        allocation=OuterRef("allocation"), cause=OuterRef("cause"), was_held=True, entry__seal__seq__lte=through_seq
    )
    released_later = Q(released_entry__isnull=False) & (
        Q(released_entry__seal__isnull=True) | Q(released_entry__seal__seq__gt=through_seq)
    )
    open_then = Q(ended_on__isnull=True) | released_later | (Q(released_entry__isnull=True) & ~Exists(used_up))
    return holds.filter(open_then, placed_entry__seal__seq__lte=through_seq)


def _sum(rows: QuerySet[Any]) -> Coalesce:
    sums = rows.order_by().values("allocation").annotate(total=Sum("amount_minor")).values("total")
    return Coalesce(Subquery(sums, output_field=BigIntegerField()), 0)
