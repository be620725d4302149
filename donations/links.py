"""Unguessable links to a gift or plan: 128 bits, never stored, found again by their hash.

A token follows from the attempt's key and the deployment's secret, so a repeated form asks the payment provider for
exactly the same return address, and a mail written later can hold the same link.
"""

from __future__ import annotations

import hashlib

from django.utils.crypto import salted_hmac


def token_for(attempt_key: str) -> str:
    """The token of the gift or plan with this attempt key: 32 hexadecimal digits."""
    return salted_hmac("donations.links", attempt_key, algorithm="sha256").hexdigest()[:32]


def hash_of(token: str) -> str:
    """What the row keeps."""
    return hashlib.sha256(token.encode()).hexdigest()
