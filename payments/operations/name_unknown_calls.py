"""A call of which nobody knows what came of it is an exception with a name, until somebody knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ledger.discrepancies import Found
from ledger.operations.open_exception import keep_exceptions
from payments.discrepancies import CALL_UNKNOWN
from payments.models import UNFINISHED_CALLS, StripeCall

UNKNOWN_AFTER: Final = timedelta(minutes=15)  # POLICY: by then the sweep has asked several times


def name_unknown_calls(*, now: datetime) -> int:
    """Have one open exception for each call without an answer for UNKNOWN_AFTER. Returns how many there are.

    The sweep goes on asking; the exception closes by itself with the answer (rules/reliability.md row 21).
    """
    unknown = StripeCall.objects.filter(state__in=UNFINISHED_CALLS, intended_at__lt=now - UNKNOWN_AFTER).order_by("id")
    found = [Found(f"stripe:call:{call.pk}", detail=f"{call.purpose} {call.subject}") for call in unknown]
    keep_exceptions(CALL_UNKNOWN, found, now=now)
    return len(found)
