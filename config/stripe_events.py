"""The "urls.py of Stripe": which operations each fact runs, in order."""

from __future__ import annotations


def register() -> None:
    """Fill the table of `payments.registry`; called once at start-up."""
