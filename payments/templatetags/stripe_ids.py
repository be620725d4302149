"""An id of Stripe's on a page: text to copy, and a link to Stripe's dashboard where there is one."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
_FOLDERS: Final = {
    "ch": "payments",
    "py": "payments",
    "pi": "payments",
    "po": "payouts",
    "dp": "disputes",
    "du": "disputes",
    "evt": "events",
    "cus": "customers",
    "sub": "subscriptions",
    "in": "invoices",
    "tr": "connect/transfers",
    "acct": "connect/accounts",
}


@register.simple_tag
def stripe_id(value: Any) -> SafeString:
    """`ch_1` or `stripe:charge:ch_1` as selectable text. Only a real Stripe has a dashboard; the local one has none."""
    value = str(value).rpartition(":")[2]
    written = format_html('<span class="mono stripe-id">{}</span>', value)
    folder = _FOLDERS.get(value.partition("_")[0])
    if settings.STRIPE_API_BASE or not folder:
        return written
    mode = "" if settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")) else "test/"
    address = f"https://dashboard.stripe.com/{mode}{folder}/{value}"
    return format_html('{} <a href="{}" rel="noreferrer">at Stripe</a>', written, address)
