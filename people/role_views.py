"""Roles on the desk: who holds which since when, what is asked, and the second person's answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from people import clock
from people.access import ROLES, confirm_afresh, role_required
from people.approvers import APPROVING, MayNotApprove
from people.desk import READERS
from people.models import Approval, RoleGrant, User
from people.operations.decide_role import NotWaiting, NotYours, ReasonMissing, approve_role, refuse_role
from people.operations.remove_role import remove_role
from people.operations.request_role import NotAskable, request_role


class AskForm(forms.Form):
    """A role for a member of staff, and why."""

    user = forms.ModelChoiceField(
        User.objects.filter(is_staff=True, is_active=True).order_by("name", "email"),
        label="Who",
        empty_label="Choose a person",
        error_messages={"required": "Choose who gets the role."},
    )
    role = forms.ChoiceField(
        label="Role",
        choices=[("", "Choose a role"), *((role, role.capitalize()) for role in ROLES)],
        error_messages={"required": "Choose a role."},
    )
    reason = forms.CharField(
        label="Why", max_length=500, error_messages={"required": "Say why: the second person will want to know."}
    )


@role_required(*READERS)
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """Who holds which role, who asked and agreed, and what waits."""
    return _roles(request, AskForm())


def _roles(request: HttpRequest, form: AskForm) -> HttpResponse:
    me = _me(request)
    grants = RoleGrant.objects.select_related("user", "requested_by", "ended_by")
    waiting = list(grants.filter(granted_at=None, ended_at=None).order_by("requested_at"))
    ended = Paginator(grants.filter(ended_at__isnull=False).order_by("-ended_at"), 20).get_page(request.GET.get("page"))
    held = list(grants.filter(granted_at__isnull=False, ended_at=None).order_by("user__name", "user__email", "role"))
    rows = [*waiting, *held, *ended]
    said = Approval.objects.filter(subject__in=[grant.approval_subject for grant in rows]).select_related("decided_by")
    words = {approval.subject: approval for approval in said}
    mine = set(me.groups.values_list("name", flat=True))
    context = {
        "form": form,
        "waiting": [(grant, words.get(grant.approval_subject), _may_decide(grant, me)) for grant in waiting],
        "held": [(grant, words.get(grant.approval_subject)) for grant in held],
        "ended": ended,
        "may_act": bool(mine & set(APPROVING)),
        "now": clock.now(),
        "here": "roles",
    }
    return render(request, "people/roles/roles.html", context, status=400 if form.errors else 200)


def _may_decide(grant: RoleGrant, me: User) -> bool:
    return me.pk not in (grant.user_id, grant.requested_by_id)


@role_required(*APPROVING)
@require_POST
@confirm_afresh
def ask(request: HttpRequest) -> HttpResponse:
    form = AskForm(request.POST)
    if form.is_valid():
        try:
            request_role(**form.cleaned_data, by=_me(request), now=clock.now())
        except NotAskable as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, "Asked. Another person who approves decides.")
            return redirect("roles:roles")
    return _roles(request, form)


@role_required(*APPROVING)
@require_POST
@confirm_afresh
def approve(request: HttpRequest, grant_id: int) -> HttpResponse:
    done = "Given. As an approver they count after seven days; everybody who approves was told."
    return _step(request, grant_id, done, lambda by, now: approve_role(grant_id=grant_id, by=by, now=now))


@role_required(*APPROVING)
@require_POST
def refuse(request: HttpRequest, grant_id: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _step(
        request, grant_id, "Refused.", lambda by, now: refuse_role(grant_id=grant_id, by=by, reason=reason, now=now)
    )


@role_required(*APPROVING)
@require_POST
@confirm_afresh
def remove(request: HttpRequest, grant_id: int) -> HttpResponse:
    done = "Taken away, from this moment on."
    return _step(request, grant_id, done, lambda by, now: remove_role(grant_id=grant_id, by=by, now=now))


def _step(request: HttpRequest, grant_id: int, done: str, step: Callable[[User, datetime], Any]) -> HttpResponse:
    get_object_or_404(RoleGrant, pk=grant_id)
    try:
        step(_me(request), clock.now())
    except (NotWaiting, NotYours, ReasonMissing, MayNotApprove) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("roles:roles")


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
