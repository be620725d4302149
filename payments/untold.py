"""Balance transactions that tell more of a refund, dispute or transfer than our rows know: the event may be lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from django.db.models import QuerySet

from payments.models import BalanceTransaction, Dispute, Refund
from payments.readings import BalanceTransactionSeen
from payments.transfer_bookings import BOOKED_BY_OTHERS

# What is known of a charge of which nobody has told what it paid for was told to nobody either.
_REFUNDS: Final = Refund.objects.exclude(charge__kind="")
_DISPUTES: Final = Dispute.objects.exclude(charge__kind="")
# Reporting category -> the rows that know of such a movement already, by the id that they have at Stripe.
_TOLD: Final[Mapping[str, tuple[QuerySet[Refund] | QuerySet[Dispute], str]]] = {
    "refund": (_REFUNDS.filter(taken_at__isnull=False), "refund_id"),
    "refund_failure": (_REFUNDS.filter(returned_at__isnull=False), "refund_id"),
    "dispute": (_DISPUTES.filter(withdrawn_at__isnull=False), "dispute_id"),
    "dispute_reversal": (_DISPUTES.filter(reinstated_at__isnull=False), "dispute_id"),
}


def untold(seen: Sequence[BalanceTransactionSeen]) -> set[str]:
    """Ids of those whose refund, dispute or transfer has to be looked at; one query a category, none without any."""
    wanted: set[str] = set()
    for category, (told, name) in _TOLD.items():
        of_it = {one.bt_id: one.source_id for one in seen if one.category == category and one.source_id}
        if of_it:
            known = set(told.filter(**{f"{name}__in": of_it.values()}).values_list(name, flat=True))
            wanted |= {bt_id for bt_id, source_id in of_it.items() if source_id not in known}
    return wanted | _unbooked([one.bt_id for one in seen if one.category in BOOKED_BY_OTHERS])


def _unbooked(bt_ids: Collection[str]) -> set[str]:
    """A transfer's that is not here, or not booked by whoever sent it."""
    if not bt_ids:
        return set()
    booked = BalanceTransaction.objects.filter(bt_id__in=bt_ids, problem="")
    return set(bt_ids) - set(booked.values_list("bt_id", flat=True))
