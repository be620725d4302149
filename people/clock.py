"""The one clock (DESIGN.md section 1.13): wall time plus the offset that the sandbox writes into a shared file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings


def wall_now() -> datetime:
    """Wall time, for leases, sessions, signatures and `recorded_at`."""
    return datetime.now(UTC)


def now() -> datetime:
    """Business time: called at doors only; operations get it passed in."""
    if settings.CLOCK_FILE is None:
        return wall_now()
    try:
        offset_s = int(settings.CLOCK_FILE.read_text() or "0")
    except FileNotFoundError:
        offset_s = 0
    return wall_now() + timedelta(seconds=offset_s)
