"""What every template may ask: the organisation, and how many pieces lie in the cart."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from people.queries import organisation


def site(request: HttpRequest) -> dict[str, Any]:
    """`org` costs one query, and only when a template uses it."""
    return {"org": SimpleLazyObject(organisation)}
