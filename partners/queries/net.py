"""What is left of a share: without what was taken back of it and what is held while a payment is disputed."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from partners.models import AllocationReversal, Hold


def with_net(allocations: QuerySet[Any]) -> QuerySet[Any]:
    """Each allocation with `taken_back_minor`, `held_minor` and `net_minor`, what is left after both."""
    of_this = OuterRef("pk")
    taken_back = _sum(AllocationReversal.objects.filter(allocation=of_this))
    held = _sum(Hold.objects.filter(allocation=of_this, ended_on__isnull=True))
    figured: QuerySet[Any] = allocations.annotate(taken_back_minor=taken_back, held_minor=held)
    net: QuerySet[Any] = figured.annotate(net_minor=F("amount_minor") - F("taken_back_minor") - F("held_minor"))
    return net


def _sum(rows: QuerySet[Any]) -> Coalesce:
    sums = rows.order_by().values("allocation").annotate(total=Sum("amount_minor")).values("total")
    return Coalesce(Subquery(sums, output_field=BigIntegerField()), 0)
