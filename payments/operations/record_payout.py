"""A payout is in our rows as Stripe has it, and once Stripe has said what it is made of, that is compared with it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import Q, Sum

from ledger.discrepancies import Found
from ledger.operations.open_exception import close_exceptions, open_exception
from payments.discrepancies import PARTS_DIFFER
from payments.models import BalanceTransaction, StripePayout
from payments.readings import PayoutSeen


def record_payout(seen: PayoutSeen, *, now: datetime) -> StripePayout:
    """Keep the latest look at a payout; its balance transactions are recorded already.

    They alone post: 1060/1050 when it leaves, the other way when it fails, also after it was called paid. Contents that
    do not add up to the payout (L7) are an exception until they do. `follow_object` keeps an older look from here.
    """
    with transaction.atomic():
        fresh = {name: value for name, value in asdict(seen).items() if name not in ("payout_id", "contents")}
        payout, made = StripePayout.objects.select_for_update().get_or_create(payout_id=seen.payout_id, defaults=fresh)
        changed = [] if made else [name for name, value in fresh.items() if getattr(payout, name) != value]
        for name in changed:
            setattr(payout, name, fresh[name])
        if changed:
            payout.save(update_fields=changed)
        if seen.contents is not None:
            BalanceTransaction.objects.filter(
                Q(payout__isnull=True) | ~Q(payout=payout), bt_id__in=seen.contents
            ).update(payout=payout)
            _compare(payout, now)
    return payout


def _compare(payout: StripePayout, now: datetime) -> None:
    """L7: what the payout is made of, without its own row, comes to the payout."""
    parts = payout.contents.exclude(source_id=payout.payout_id).aggregate(net=Sum("net_minor"))["net"] or 0
    if parts == payout.amount_minor:
        close_exceptions(PARTS_DIFFER, [payout.ref], now=now)
        return
    difference = parts - payout.amount_minor
    open_exception(PARTS_DIFFER, Found(payout.ref, difference, payout.currency, "its parts less itself"), now=now)
