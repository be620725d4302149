"""Unguessable addresses of orders: 128 random bits, of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from shop.models import Order, OrderLink


def make_link(order: Order, *, now: datetime) -> str:
    """A new token for `order`. This is the only time that it can be read."""
    token = secrets.token_urlsafe(16)
    OrderLink.objects.create(order=order, token_hash=token_hash(token), made_at=now)
    return token


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def order_address(token: str, page: str = "order") -> str:
    """The full address of an order's page: `order`, `return` or `cancelled`."""
    return settings.BASE_URL + reverse(f"shop:{page}", args=[token])
