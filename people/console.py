"""Django's admin for records, behind the second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite, display
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from people.access import has_second_factor, refusal
from people.money import format_minor


class StaffConsole(AdminSite):
    """The record console. Its own login page is never shown: the site's sign-in and its limits hold here too."""

    site_header = site_title = "Staff console"
    index_title = "Records"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_factor(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:  # type: ignore[override]
        """Send to the site's sign-in, to enrolling a second factor, or back to the console."""
        if not request.user.is_authenticated:
            wanted = request.GET.get("next") or reverse("admin:index")
            return redirect(f"{reverse('account_login')}?next={wanted}")
        return refusal(request) or redirect("admin:index")


class ReadOnly:
    """For an admin or an inline: rows that only operations write (rules/reliability.md row 64).

    What `exclude` keeps out of sight is not asked for in the address either: `?text__startswith=` would spell it out.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        allowed: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[misc]
        out_of_sight = getattr(self, "exclude", None) or ()
        return allowed and lookup.partition("__")[0] not in out_of_sight

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NeverDeleted:
    """For an admin: rows that are changed, closed or switched off, and that others go on naming."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def amount(field: str, words: str) -> Callable[[Any], str]:
    """A column for `list_display`: minor units as money of the row's own currency, sorted as a number."""

    @display(description=words, ordering=field)
    def column(row: Any) -> str:
        return format_minor(getattr(row, field), row.currency)

    column.__name__ = field
    return column
