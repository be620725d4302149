"""Entries by hand on the desk: proposed by one person with a document, put into the books by another."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger.accounts import UnknownAccount
from ledger.drafts import BadPosting
from ledger.hand_board import DECIDERS, STATES, WAITING, found, hand_entry, proposed_words, total_of
from ledger.hand_forms import (
    HandEntryForm,
    LineForms,
    as_typed,
    content_of,
    line_forms,
    sent_again,
    started,
)
from ledger.hand_lines import lines_of
from ledger.manual_entries import (
    AttachmentMissing,
    DayAhead,
    MonthClosed,
    NotByHand,
    NotWaiting,
    ReasonMissing,
    SamePerson,
    current_hash,
)
from ledger.models import ManualEntry
from ledger.month_views import ReasonForm
from ledger.operations.approve_manual_entry import ContentChanged, WriteOffLimit, approve_manual_entry
from ledger.operations.edit_manual_entry import edit_manual_entry
from ledger.operations.post_entry import CodeChanged, NoSuchMonth, NotPosted
from ledger.operations.propose_manual_entry import AlreadyProposed, File, propose_manual_entry
from ledger.operations.refuse_manual_entry import refuse_manual_entry
from people import clock
from people.access import confirm_afresh, has_role, is_confirmed, role_required
from people.approvers import MayNotApprove, counts_as
from people.desk import READERS
from people.models import Attachment, User
from people.operations.attach_file import NotAttachable
from people.paging import page_of
from people.queries import organisation

HANDS: Final = ("finance preparer", "finance approver")
MORE_LINES: Final = 2
# What an entry itself is refused for, when it is proposed or put into the books.
_UNFIT: Final = (BadPosting, CodeChanged, DayAhead, MonthClosed, NoSuchMonth, NotByHand, NotPosted, UnknownAccount)
_DECISIONS: Final = (ContentChanged, MayNotApprove, NotWaiting, ReasonMissing, SamePerson, WriteOffLimit, *_UNFIT)


@role_required(*READERS)
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Entries by hand of a state, the latest first."""
    state = request.GET.get("state", WAITING)
    state = state if state in dict(STATES) else WAITING
    page = page_of(request, found(state))
    context = {
        "state": state,
        "states": STATES,
        "page": page,
        "rows": [(row, total_of(row)) for row in page],
        "may_propose": has_role(request.user, *HANDS),
        "here": "by_hand",
    }
    return render(request, "ledger/desk/hand_entries.html", context)


@role_required(*READERS)
@require_safe
def entry(request: HttpRequest, manual_id: int) -> HttpResponse:
    """One entry by hand: what it moves, why, its documents, who did what, and the decision."""
    return _entry(request, get_object_or_404(ManualEntry, pk=manual_id), ReasonForm())


def _entry(request: HttpRequest, row: ManualEntry, refuse_form: ReasonForm) -> HttpResponse:
    shown = hand_entry(row)
    me = _me(request)
    waits, own = shown.state == WAITING, me.pk in shown.writers
    context = {
        "shown": shown,
        "words": proposed_words(shown.approval),
        "content_hash": current_hash(row, shown.approval.reason) if waits else shown.approval.subject_hash,
        "own": own,
        "may_decide": waits and not own and counts_as(*DECIDERS, user=me, now=clock.now()),
        "may_write": row.entry_id is None and has_role(me, *HANDS),
        "refuse_form": refuse_form,
        "here": "by_hand",
    }
    return render(request, "ledger/desk/hand_entry.html", context, status=400 if refuse_form.errors else 200)


@role_required(*READERS)
@require_safe
def document(request: HttpRequest, manual_id: int, attachment_id: int) -> HttpResponse:
    """A document of the entry, to be saved."""
    file = get_object_or_404(Attachment, pk=attachment_id, subject=f"manual:{manual_id}")
    ending = PurePosixPath(file.name).suffix.lower()
    headers = {"Content-Disposition": f'attachment; filename="entry-by-hand-{manual_id}-{file.pk}{ending}"'}
    return HttpResponse(bytes(file.content), content_type=file.media_type, headers=headers)


@role_required(*HANDS)
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Write an entry for another person to approve."""

    def step(form: HandEntryForm, lines: LineForms, files: list[File], now: datetime) -> ManualEntry:
        key = _form_key(request)
        return propose_manual_entry(
            content=content_of(form, lines), files=files, by=_me(request), now=now, form_key=key
        )

    return _write(request, None, step)


@role_required(*HANDS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, manual_id: int) -> HttpResponse:
    """Write another version of an entry that is not in the books; it waits for approval anew."""
    row = get_object_or_404(ManualEntry, pk=manual_id)
    if row.entry_id is not None:
        messages.error(request, "It is in the books: correct it by another entry.")
        return redirect("ledger_desk:hand_entry", row.pk)

    def step(form: HandEntryForm, lines: LineForms, files: list[File], now: datetime) -> ManualEntry:
        by = _me(request)
        return edit_manual_entry(manual_entry_id=row.pk, content=content_of(form, lines), files=files, by=by, now=now)

    return _write(request, row, step)


def _write(
    request: HttpRequest,
    row: ManualEntry | None,
    step: Callable[[HandEntryForm, LineForms, list[File], datetime], ManualEntry],
) -> HttpResponse:
    """The form of a version. Who has not shown the second factor lately is asked before it, because it takes a file."""
    if not is_confirmed(request):
        if request.method != "POST":
            raise ReauthenticationRequired
        messages.error(request, "Nothing was kept: too long has passed since you showed that it is you. Type it again.")
        return redirect(request.path)
    if request.method != "POST":
        return _form(request, row, *_begun(request, row))
    if "more" in request.POST:
        head = {name: request.POST.get(name, "") for name in ("effective_on", "currency", "reason", "words", "about")}
        form = HandEntryForm(initial=head, needs_document=row is None)
        return _form(request, row, form, line_forms(None, "", initial=sent_again(request.POST), more=MORE_LINES))
    form = HandEntryForm(request.POST, request.FILES, needs_document=row is None)
    whole = form.is_valid()
    lines = line_forms(request.POST, form.cleaned_data.get("currency", ""))
    if lines.is_valid() and whole:
        try:
            written = step(form, lines, _files(form), clock.now())
        except (*_UNFIT, AttachmentMissing, NotAttachable, NotWaiting) as error:
            form.add_error(None, _said(error))
        except AlreadyProposed as error:
            messages.info(request, "This form was sent before. It proposed this entry, once; change it here.")
            return redirect("ledger_desk:hand_entry", error.row.pk)
        else:
            messages.success(request, "Proposed. Another person, a finance approver or the board, decides.")
            return redirect("ledger_desk:hand_entry", written.pk)
    return _form(request, row, form, lines)


def _begun(request: HttpRequest, row: ManualEntry | None) -> tuple[HandEntryForm, LineForms]:
    """The form as a link begins it, or with what the entry says now."""
    if row is None:
        head, first = started(request.GET, organisation().currency)
        return HandEntryForm(initial=head), line_forms(None, head["currency"].lower(), initial=first)
    words = proposed_words(hand_entry(row).approval)
    head = {
        "effective_on": row.effective_on.isoformat(),
        "currency": row.currency.upper(),
        "reason": row.reason,
        "words": words,
        "about": row.about,
    }
    typed = as_typed(lines_of(row.postings), row.currency)
    return HandEntryForm(initial=head, needs_document=False), line_forms(None, row.currency, initial=typed)


def _form(request: HttpRequest, row: ManualEntry | None, form: HandEntryForm, lines: LineForms) -> HttpResponse:
    problems = bool(form.errors or (lines.is_bound and not lines.is_valid()))
    context = {
        "entry": row,
        "form": form,
        "lines": lines,
        "form_key": _form_key(request) or secrets.token_hex(16),
        "problems": problems,
        "may_add": len(lines.forms) < lines.max_num,
        "here": "by_hand",
    }
    return render(request, "ledger/desk/hand_form.html", context, status=400 if problems else 200)


@role_required(*DECIDERS)
@require_POST
@confirm_afresh
def approve(request: HttpRequest, manual_id: int) -> HttpResponse:
    """Put it into the books exactly as the approver saw it."""
    row = get_object_or_404(ManualEntry, pk=manual_id)
    shown = request.POST.get("content_hash", "")
    try:
        approve_manual_entry(manual_entry_id=row.pk, by=_me(request), content_hash=shown, now=clock.now())
    except _DECISIONS as error:
        messages.error(request, _said(error))
    else:
        messages.success(request, "Approved, and in the books.")
    return redirect("ledger_desk:hand_entry", row.pk)


@role_required(*DECIDERS)
@require_POST
@confirm_afresh
def refuse(request: HttpRequest, manual_id: int) -> HttpResponse:
    """Refuse it, with a reason; it can be put right."""
    row = get_object_or_404(ManualEntry, pk=manual_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _entry(request, row, form)
    try:
        refuse_manual_entry(manual_entry_id=row.pk, by=_me(request), words=form.cleaned_data["reason"], now=clock.now())
    except _DECISIONS as error:
        messages.error(request, _said(error))
    else:
        messages.success(request, "Refused. It can be changed and proposed again.")
    return redirect("ledger_desk:hand_entry", row.pk)


def _form_key(request: HttpRequest) -> str:
    """The key of the form that was sent, so that a second click proposes nothing more."""
    key = request.POST.get("form_key", "")
    return key if key.isascii() and key.isalnum() and len(key) <= 40 else ""


def _files(form: HandEntryForm) -> list[File]:
    file = form.cleaned_data.get("document")
    return [File(file.name, file.read())] if file else []


def _said(error: Exception) -> str:
    """In words for a person; the poster's own are for who reads logs."""
    if isinstance(error, NoSuchMonth):
        return "There is no month for this day in the books yet."
    text = str(error)
    return text[:1].upper() + text[1:] if text.endswith(".") else f"{text[:1].upper()}{text[1:]}."


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
