"""Whether Stripe is told to send us what we need: its own words about our webhook endpoint, compared with ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from payments import gateway, registry

EVERYTHING = "*"


def endpoint_problems() -> list[str]:
    """What is wrong with the webhook endpoint at Stripe, in words; empty when all is well. Raises StripeUnavailable."""
    address = settings.BASE_URL + reverse("payments:webhook")
    ours = [one for one in gateway.client().every("webhook_endpoint", {}) if one.url == address]
    if not ours:
        return [f"Stripe has no webhook endpoint with the address {address}."]
    live = [one for one in ours if one.status == "enabled"]
    if not live:
        return [f"The webhook endpoint {ours[0].id} is {ours[0].status} at Stripe: nothing is sent."]
    return [*_versions(live), *_modes(live), *_types(live)]


def _versions(endpoints: Sequence[Any]) -> Iterator[str]:
    for one in endpoints:
        if one.api_version != gateway.API_VERSION:
            spoken = one.api_version or "the account's default version"
            yield f"The webhook endpoint {one.id} speaks {spoken}, we read {gateway.API_VERSION}: make it anew."


def _modes(endpoints: Sequence[Any]) -> Iterator[str]:
    for one in endpoints:
        if one.livemode is not settings.STRIPE_LIVE:
            yield f"The webhook endpoint {one.id} is of the other mode (live or test): every event would be refused."


def _types(endpoints: Sequence[Any]) -> Iterator[str]:
    sent = {event_type for one in endpoints for event_type in one.enabled_events}
    missing = [] if EVERYTHING in sent else sorted(registry.types_read() - sent)
    if missing:
        yield f"Stripe does not send {', '.join(missing)}: add these types to the webhook endpoint {endpoints[0].id}."
