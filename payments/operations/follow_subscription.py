"""What a subscription and its invoices show now is true here too, whether or not events told of it."""

from __future__ import annotations

from datetime import datetime

import structlog

from payments import gateway
from payments.gateway import StripeRefused, StripeUnavailable
from payments.operations.follow_object import follow_object
from payments.readers import read_invoice, read_subscription

__all__ = ["StripeRefused", "StripeUnavailable", "follow_subscription"]
log = structlog.get_logger(__name__)


def follow_subscription(*, subscription_ref: str, since: datetime, now: datetime) -> int:
    """Look at each invoice that was made from `since` on, the oldest first, then at the subscription itself.

    Returns how many invoices told something new. Each look is applied by the same operations and under the same locks
    as its event, so it may run beside live traffic and again. An invoice in trouble hides no other: the rest is looked
    at, and then its error is raised. Only what Stripe does not answer ends it at once: it would be asked in vain again.
    Never inside a transaction (RuntimeError). Raises StripeUnavailable, StripeRefused, or what an operation raised.
    """
    where = {"subscription": subscription_ref, "created": {"gte": int(since.timestamp())}}
    invoices = [invoice.id for invoice in gateway.client().every("invoice", where)]
    told = 0
    trouble: list[Exception] = []
    for invoice_id in reversed(invoices):
        try:
            followed = follow_object(reader=read_invoice, object_id=invoice_id, at=now, now=now, count=True)
        except StripeUnavailable:
            raise
        except Exception as error:
            log.exception("invoice_not_followed", invoice=invoice_id)
            trouble.append(error)
        else:
            told += bool(followed.changed and followed.outcomes)
    follow_object(reader=read_subscription, object_id=subscription_ref, at=now, now=now)
    if trouble:
        raise trouble[0]
    return told
