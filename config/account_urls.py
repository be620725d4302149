"""Signing in: a code by mail, and the second factor. What else allauth brings has no door here.

Nobody signs up, has a password, or changes an address by a form; those addresses answer like any that leads nowhere.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.generic import RedirectView

UNUSED = r"^(signup|email|confirm-email|password|reauthenticate)/"


def closed(request: HttpRequest, *_: str) -> HttpResponse:
    """Nothing is here."""
    raise Http404


urlpatterns = [
    path("login/", RedirectView.as_view(pattern_name="account_request_login_code", query_string=True)),
    re_path(UNUSED, closed),
    path("", include("allauth.urls")),
]
