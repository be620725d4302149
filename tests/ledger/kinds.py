"""Kinds of discrepancies for tests of what becomes of any of them."""

from __future__ import annotations

from datetime import timedelta

from ledger.discrepancies import Discrepancy


def made_up(word: str, limit: timedelta) -> Discrepancy:
    """One that no package names, so that the desk falls back to its word."""
    return Discrepancy(word, limit, title="A test's kind", happened="It does not add up.", to_do="Look into it.")
