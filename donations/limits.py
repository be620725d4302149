"""A light limit on attempts to give, against card testing (rules/giving.md 3.7): nothing is asked of Stripe before."""

from __future__ import annotations

from datetime import datetime

from people import limits

PER_EMAIL_HOURLY = 10
PER_ADDRESS_HOURLY = 60  # a congregation may give from one network on one evening


class TooManyAttempts(Exception):
    """More attempts in this hour than we take; nothing was asked of the payment provider."""


def count_attempt(*, email: str, ip_address: str, now: datetime) -> None:
    """Count one attempt by an e-mail address and a network address. Raises TooManyAttempts."""
    by_email = limits.count_attempt(what="give:email", who=email.strip().lower(), now=now)
    by_address = limits.count_attempt(what="give:address", who=ip_address, now=now)
    if by_email > PER_EMAIL_HOURLY or by_address > PER_ADDRESS_HOURLY:
        raise TooManyAttempts
