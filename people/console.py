"""Django's admin for records, behind the second factor."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from people.access import has_second_factor, refusal


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
