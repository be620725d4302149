"""Whether Stripe sends us what we read is asked before we say that we are ready, and daily after (reliability row 11).

While an exception says that it does not, it is asked each time, so that the exception ends soon after it is mended.

Without its news we would sell and never hear of it. Once it was right for this version at this address, a restart does
not depend on Stripe; an upgrade that reads more types asks anew.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from ledger.discrepancies import Found
from ledger.models import ReconciliationException
from ledger.operations.open_exception import keep_exceptions
from payments import gateway, registry
from payments.discrepancies import ENDPOINT_WRONG
from payments.endpoint_check import endpoint_problems
from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import EndpointCheck
from people import clock

CHECK_EVERY: Final = timedelta(days=1)
SUBJECT: Final = "stripe:webhook"
log = structlog.get_logger(__name__)


def check_endpoint(*, now: datetime) -> list[str]:
    """Ask Stripe, and keep the answer: that all is well, or an exception with the first of what is wrong.

    Returns what is wrong, in words. Never inside a transaction (RuntimeError). Raises StripeUnavailable, StripeRefused.
    """
    problems = endpoint_problems()
    if problems:
        log.error("webhook_endpoint_wrong", problems=problems)
    else:
        EndpointCheck.objects.update_or_create(reads=_what_we_read(), defaults={"passed_at": clock.wall_now()})
    keep_exceptions(ENDPOINT_WRONG, [Found(SUBJECT, detail=problems[0][:200])] if problems else [], now=now)
    return problems


def check_endpoint_when_due(*, now: datetime) -> bool:
    """Ask when it has not been right for CHECK_EVERY, or never; whether somebody was asked. Stripe away: later.

    What is known to be wrong, by whomever and wherever it was asked, is asked about at once.
    """
    if not _is_known_wrong() and not (settings.STRIPE_ENDPOINT_MUST_PASS and not _was_right_lately()):
        return False
    try:
        check_endpoint(now=now)
    except (StripeUnavailable, StripeRefused) as error:
        log.error("webhook_endpoint_not_checked", error=type(error).__name__)
    return True


def may_be_ready() -> bool:
    """Whether the endpoint was ever right for this version at this address; always where nobody sends anything."""
    return not settings.STRIPE_ENDPOINT_MUST_PASS or EndpointCheck.objects.filter(reads=_what_we_read()).exists()


def _is_known_wrong() -> bool:
    return ReconciliationException.objects.filter(
        kind=ENDPOINT_WRONG.word, subject=SUBJECT, resolved_at__isnull=True
    ).exists()


def _was_right_lately() -> bool:
    lately = clock.wall_now() - CHECK_EVERY
    return EndpointCheck.objects.filter(reads=_what_we_read(), passed_at__gt=lately).exists()


def _what_we_read() -> str:
    ours = [settings.BASE_URL, settings.STRIPE_LIVE, gateway.API_VERSION, sorted(registry.types_read())]
    return hashlib.sha256(json.dumps(ours).encode()).hexdigest()
