"""Somebody knows when webhooks are signed by none of our secrets: a wrong secret here loses every event silently.

A stranger may post forgeries as fast as he likes, so the door counts to five in the cache and no further, and writes no
row; the sweep names what it finds there. What Stripe signed is in the inbox, so a good signature costs nothing more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from django.core.cache import cache

from ledger.discrepancies import Found
from ledger.operations.open_exception import keep_exceptions
from payments.discrepancies import SIGNATURES_BAD
from payments.models import StripeEvent

STRAIGHT_MAX: Final = 5  # rules/reliability.md row 11
KEY: Final = "payments:bad-signatures"
SUBJECT: Final = "stripe:webhook"
log = structlog.get_logger(__name__)


def count_bad_signature() -> None:
    """One more in a row; the fifth is an error in the log. Never raises: the door answers, whatever the cache does."""
    try:
        straight, last_good = _counted()
        if straight >= STRAIGHT_MAX:
            return
        good = _last_good()
        straight = straight + 1 if good == last_good else 1
        cache.set(KEY, (straight, good), timeout=None)
    except Exception:
        log.exception("bad_signature_not_counted")
        return
    if straight == STRAIGHT_MAX:
        log.error("webhook_signatures_bad", straight=straight)


def name_bad_signatures(*, now: datetime) -> bool:
    """Have an exception open while the last STRAIGHT_MAX webhooks had a bad signature. Returns whether it is."""
    straight, last_good = _counted()
    interrupted = _last_good() != last_good
    if straight and interrupted:
        cache.delete(KEY)
    bad = straight >= STRAIGHT_MAX and not interrupted
    found = [Found(SUBJECT, detail=f"{STRAIGHT_MAX} or more in a row")] if bad else []
    keep_exceptions(SIGNATURES_BAD, found, now=now)
    return bad


def _counted() -> tuple[int, int]:
    """(how many in a row, the last event before them)."""
    straight, last_good = cache.get(KEY) or (0, 0)
    return int(straight), int(last_good)


def _last_good() -> int:
    return StripeEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
