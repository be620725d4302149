"""The webhook door: checked, kept, answered; worked on later."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments.inbox import BODY_MAX_BYTES, BadSignature, Refused, open_envelope
from payments.operations.receive_event import receive_event
from payments.operations.watch_signatures import count_bad_signature

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """200 once the event is committed; 413 above 256 KiB; 400 for what is not Stripe's, of which nothing is kept."""
    body = _limited_body(request)
    if body is None:
        return _refuse("too large", 413)
    try:
        event = open_envelope(
            body,
            request.headers.get("Stripe-Signature", ""),
            secrets=settings.STRIPE_WEBHOOK_SECRETS,
            livemode=settings.STRIPE_LIVE,
        )
    except BadSignature as error:
        if "Stripe-Signature" in request.headers:  # without it, it never pretended to be Stripe's
            count_bad_signature()
        return _refuse(str(error), 400)
    except Refused as error:
        return _refuse(str(error), 400)
    receive_event(event)
    return HttpResponse(status=200)


def _limited_body(request: HttpRequest) -> bytes | None:
    """The body, or None when it says it is too large; Django reads no more than was said, so never above the limit."""
    try:
        if int(request.headers.get("Content-Length") or 0) > BODY_MAX_BYTES:
            return None
    except ValueError:
        return b""
    return request.read(BODY_MAX_BYTES)


def _refuse(reason: str, status: int) -> HttpResponse:
    log.warning("webhook_refused", reason=reason, status=status)
    return HttpResponse(reason, status=status, content_type="text/plain")
