"""Links on the desk's pages: nobody is shown one that would refuse them."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from people import access

register = template.Library()


@register.simple_tag(takes_context=True)
def may_open(context: template.Context, href: str) -> bool:
    """`{% may_open source.href as is_open %}`: whether this visitor may follow the link; an empty one leads nowhere."""
    return bool(href) and access.may_open(context["request"], href)


@register.filter
def worded(code: str) -> str:
    """A code of ours or of Stripe's as words: `other_adjustment` -> "other adjustment"."""
    return str(code).replace("_", " ")


@register.simple_tag(takes_context=True)
def desk_link(context: template.Context, page: str, words: str, here: str) -> SafeString:
    """`{% desk_link "months:months" "Months" "months" %}`: an item of the desk's navigation, or nothing.

    `here` is what the page says of itself in its context, so that the item of the page at hand is marked.
    """
    href = reverse(page)
    if not access.may_open(context["request"], href):
        return mark_safe("")
    current = mark_safe(' aria-current="page"') if context.get("here") == here else ""
    return format_html('<li><a href="{}"{}>{}</a></li>', href, current, words)
