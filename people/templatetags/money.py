"""Template words for money, loaded everywhere: `{{ 960|money:"usd" }}` and `{% money_line parts %}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from people.money import format_minor
from people.money_line import Part, segments

register = template.Library()


@register.filter
def money(amount_minor: int, currency: str = "usd") -> str:
    """Minor units as words: 960 -> $9.60."""
    return format_minor(amount_minor, currency)


@register.filter
def negative(amount_minor: int) -> int:
    """What is taken off: 960 -> -960."""
    return -amount_minor


@register.inclusion_tag("people/money_line.html")
def money_line(parts: Sequence[Part], currency: str = "usd", label: str = "Where the money goes") -> dict[str, Any]:
    """The money line as SVG with a table that says the same to a screen reader."""
    return {
        "segments": segments(parts),
        "parts": parts,
        "currency": currency,
        "label": label,
        "total_minor": sum(part.amount_minor for part in parts),
    }
