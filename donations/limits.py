"""A light limit on attempts to give, against card testing (rules/giving.md 3.7); nothing is asked of Stripe before it.

Attempts are counted per hour of the business clock, so a replayed quarter of a year is not mistaken for one busy
minute. Addresses are counted under keyed hashes: the cache holds nothing personal.
"""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache
from django.utils.crypto import salted_hmac

PER_EMAIL_HOURLY = 10
PER_ADDRESS_HOURLY = 60  # a congregation may give from one network on one evening
HOUR_S = 3600


class TooManyAttempts(Exception):
    """More attempts in this hour than we take; nothing was asked of the payment provider."""


def count_attempt(*, email: str, ip_address: str, now: datetime) -> None:
    """Count one attempt by an e-mail address and a network address. Raises TooManyAttempts."""
    counts = [
        _count("email", email.strip().lower(), now) <= PER_EMAIL_HOURLY,
        _count("address", ip_address, now) <= PER_ADDRESS_HOURLY,
    ]
    if not all(counts):
        raise TooManyAttempts


def _count(kind: str, value: str, now: datetime) -> int:
    digest = salted_hmac("donations.limits", value, algorithm="sha256").hexdigest()[:32]
    key = f"give:{kind}:{digest}:{int(now.timestamp()) // HOUR_S}"
    if cache.add(key, 1, timeout=HOUR_S):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the entry ran out between the two calls
        return 1
