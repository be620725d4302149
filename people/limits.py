"""How often somebody may try something in an hour, counted once for all processes (rules/reliability.md rows 74-81).

Attempts are counted per hour of the business clock, so a replayed quarter of a year is not mistaken for one busy
minute. Who tries is kept under a keyed hash: the cache holds nothing personal.
"""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

HOUR_S = 3600


def count_attempt(*, what: str, who: str, now: datetime) -> int:
    """Count one attempt; returns how many there were in this hour with it.

    The cache's own `incr` is two steps for the database cache, and forgets the hour after five minutes: rivals take
    turns under an advisory lock instead, and each count lives for an hour. Not inside a transaction that may roll back.
    """
    digest = salted_hmac("people.limits", who, algorithm="sha256").hexdigest()[:32]
    key = f"limit:{what}:{digest}:{int(now.timestamp()) // HOUR_S}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        attempts = int(cache.get(key, 0)) + 1
        cache.set(key, attempts, timeout=HOUR_S)
    return attempts
