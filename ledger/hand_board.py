"""Entries by hand as the desk shows them: which wait, which are in the books, which were refused, and who did what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from ledger.accounts import chart_line
from ledger.hand_forms import REASONS
from ledger.hand_lines import HandLine, lines_of
from ledger.models import ManualEntry
from people.desk import DeskTask
from people.models import Approval, Attachment, User
from people.sources import Source, describe

WAITING, BOOKED, REFUSED = "waiting", "booked", "refused"
STATES: Final = ((WAITING, "Waiting"), (BOOKED, "In the books"), (REFUSED, "Refused"))
SUBJECTS: Final = r"^manual:[0-9]+$"
DECIDERS: Final = ("finance approver", "board")
_REF: Final = re.compile(r"manual:([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with its account in words."""

    line: HandLine
    code: str
    name: str
    owner: Source | None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that somebody did, in a word, with what they said."""

    word: str
    by: User | None
    at: datetime
    words: str = ""


@dataclass(frozen=True, slots=True)
class HandEntry:
    """One entry by hand with all that its page shows; `approval` is the latest."""

    row: ManualEntry
    state: str
    approval: Approval
    lines: tuple[ShownLine, ...]
    total_minor: int
    documents: tuple[Attachment, ...]
    steps: tuple[Step, ...]
    writers: frozenset[int]
    about: Source | None

    @property
    def reason(self) -> str:
        return REASONS.get(self.row.reason, self.row.reason)

    @property
    def state_words(self) -> str:
        return dict(STATES)[self.state]


def found(state: str) -> QuerySet[ManualEntry]:
    """Those of a state, the latest first, each with its words, its state and how much it moves. One query."""
    said = Approval.objects.filter(subject=Concat(Value("manual:"), Cast(OuterRef("pk"), CharField()))).order_by("-pk")
    rows = ManualEntry.objects.select_related("proposed_by").annotate(
        waits=Exists(said.filter(decision=Approval.Decision.WAITING)), words=Subquery(said.values("reason")[:1])
    )
    if state == BOOKED:
        return rows.filter(entry__isnull=False).order_by("-pk")
    return rows.filter(entry__isnull=True, waits=state == WAITING).order_by("-pk")


def total_of(row: ManualEntry) -> int:
    """What its debits come to."""
    return sum(line.debit_minor for line in lines_of(row.postings))


def hand_entry(row: ManualEntry) -> HandEntry:
    """Three queries, and one for the owners of each kind."""
    edits = list(row.edits.select_related("by").order_by("id"))
    approvals = list(
        Approval.objects.filter(subject=row.ref).select_related("requested_by", "decided_by").order_by("pk")
    )
    last = approvals[-1]
    lines = lines_of(row.postings)
    return HandEntry(
        row=row,
        state=BOOKED if row.entry_id else WAITING if last.decision == Approval.Decision.WAITING else REFUSED,
        approval=last,
        lines=_shown(lines),
        total_minor=sum(line.debit_minor for line in lines),
        documents=tuple(Attachment.objects.filter(subject=row.ref).defer("content").select_related("added_by")),
        steps=tuple(
            sorted(
                [
                    *(Step("Changed" if place else "Proposed", edit.by, edit.at) for place, edit in enumerate(edits)),
                    *(
                        Step(one.get_decision_display(), one.decided_by, one.decided_at, _refusal(one))
                        for one in approvals
                        if one.decided_at is not None
                    ),
                ],
                key=lambda step: step.at,
            )
        ),
        about=describe([row.about])[row.about] if row.about else None,
        writers=frozenset([row.proposed_by_id, last.requested_by_id, *(edit.by_id for edit in edits)]),
    )


def _refusal(approval: Approval) -> str:
    """Why it was refused, which stands below why it was proposed."""
    return approval.reason.rpartition("\n\nRefused: ")[2] if approval.decision == Approval.Decision.REFUSED else ""


def proposed_words(approval: Approval) -> str:
    """Why it was proposed, without why it was refused."""
    return approval.reason.partition("\n\nRefused: ")[0]


def _shown(lines: Sequence[HandLine]) -> tuple[ShownLine, ...]:
    names = describe(line.account.owner for line in lines if line.account.owner)
    shown = []
    for line in lines:
        chart = chart_line(line.account.purpose, line.account.owner)
        shown.append(ShownLine(line, chart.code, chart.name, names.get(line.account.owner)))
    return tuple(shown)


def describe_hand_entries(refs: list[str]) -> dict[str, Source]:
    """ "Entry by hand 7" for manual:7. No query."""
    named = {ref: found for ref in refs if (found := _REF.fullmatch(ref))}
    return {
        ref: Source(f"Entry by hand {found[1]}", reverse("ledger_desk:hand_entry", args=[int(found[1])]))
        for ref, found in named.items()
    }


def decision(subject: str, *, asked_by: str, asked_by_id: int, since: datetime) -> DeskTask:
    """The question whether an entry goes into the books, for everybody but who wrote it last."""
    number = int(subject.rpartition(":")[2])
    href = reverse("ledger_desk:hand_entry", args=[number])
    return DeskTask(
        f"Decide on entry by hand {number}", f"{asked_by} asks", since, href, DECIDERS, asked_by_id=asked_by_id
    )
