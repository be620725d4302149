"""Who may pass which door: staff with a second factor, roles as groups, and for money a factor just shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings as sign_in
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import get_adapter as mfa
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.views.decorators.cache import never_cache

from people.models import User

ROLES = (
    "catalogue",
    "fulfilment",
    "donor care",
    "finance preparer",
    "finance approver",
    "board",
    "auditor",
    "partner contact",
)
View = Callable[..., HttpResponseBase]


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Whether this signed-in user has enrolled an authenticator app."""
    return user.is_authenticated and bool(mfa().is_mfa_enabled(user))


def staff_required(view: View) -> View:
    """A desk page: sign in first, then enrol a second factor; to anybody else the page does not exist. Never stored."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return refusal(request) or view(request, *args, **kwargs)

    return guarded


def refusal(request: HttpRequest) -> HttpResponse | None:
    """The answer for somebody who may not pass a staff door, or None for one who may. Raises Http404 for others."""
    user = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not (user.is_active and user.is_staff):
        raise Http404
    if not has_second_factor(user):
        return redirect("mfa_activate_totp")
    return None


def role_required(*roles: str) -> Callable[[View], View]:
    """A desk page for the holders of one of `roles` (superusers hold none by themselves)."""
    unknown = set(roles) - set(ROLES)
    if unknown:
        raise ValueError(f"no such role: {', '.join(sorted(unknown))}")

    def decorate(view: View) -> View:
        @staff_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not roles_of(request) & set(roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.opens_for = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


def roles_of(request: HttpRequest) -> frozenset[str]:
    """The roles that the visitor holds. One query for a request, however often its page asks."""
    known: frozenset[str] | None = getattr(request, "held_roles", None)
    if known is None:
        groups = request.user.groups.values_list("name", flat=True) if request.user.is_authenticated else ()
        known = request.held_roles = frozenset(groups)  # type: ignore[attr-defined]
    return known


def may_open(request: HttpRequest, href: str) -> bool:
    """Whether a link leads this visitor to a page: the page's own view says for which roles it opens.

    It is for what is shown, so that nobody is led to a refusal; the view itself asks again.
    """
    try:
        view = resolve(urlsplit(href).path).func
    except Resolver404:
        return True
    opens_for: frozenset[str] | None = getattr(view, "opens_for", None)
    return opens_for is None or bool(roles_of(request) & opens_for)


def has_role(user: User | AnonymousUser, *roles: str) -> bool:
    """Whether the user holds one of the roles."""
    return user.is_authenticated and user.groups.filter(name__in=roles).exists()


def confirm_afresh(view: View) -> View:
    """A step with money or with roles: who takes it has shown the second factor within the last minutes.

    Otherwise allauth asks for it and then goes on with the very form that was sent, so nothing is typed twice. A file
    would be lost: a step that takes one asks `is_confirmed` before its form. Stands below `role_required`, so that a
    stranger is not asked for a code. Rule: rules/reliability.md row 77.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_confirmed(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded


def is_confirmed(request: HttpRequest) -> bool:
    """Whether this session showed its second factor, at sign-in or since, within ACCOUNT_REAUTHENTICATION_TIMEOUT."""
    shown = [record["at"] for record in get_authentication_records(request, request.user) if record["method"] == "mfa"]
    return bool(shown) and time.time() - max(shown) < sign_in.REAUTHENTICATION_TIMEOUT
