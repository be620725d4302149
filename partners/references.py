"""How a partner may speak of one purchase or gift with us: a keyed reference that says nothing about its buyer."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

_LENGTH = 10


def reference_of(source: str) -> str:
    """ "order:1042" -> "T-4F9A2C71B0": always the same here, and not to be guessed or turned back without our key."""
    return f"T-{salted_hmac('partners.references', source, algorithm='sha256').hexdigest()[:_LENGTH].upper()}"
