"""How a month stands on its way to being closed: what the close page shows, read in a few queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.urls import NoReverseMatch, reverse

from ledger import month_checks
from ledger.closing import close_subject, reopen_subject
from ledger.models import MonthWork, Period, PeriodEvent
from ledger.month_checks import Figures, MonthCheck
from ledger.operations.ask_month_work import ACTIVE
from ledger.operations.soft_close import month_subject
from people.models import Approval, Note
from people.queries import days_of
from people.sources import Source

State = Period.State
APPROVED, WAITING = Approval.Decision.APPROVED, Approval.Decision.WAITING


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist. `count` is what was found, None while nobody has looked."""

    number: int
    name: str
    count: int | None
    findings: tuple[str, ...]
    worklist: str
    code: str = ""
    of_the_books: bool = False
    figures: Figures | None = None

    @property
    def state(self) -> str:
        return "open" if self.count is None else "failed" if self.count else "green"


@dataclass(frozen=True, slots=True)
class Result:
    """What a package above made of a closed month, such as its statements."""

    words: str
    href: str

    @property
    def as_source(self) -> Source:
        return Source(self.words, self.href)


ResultSource = Callable[[int], Result]
_results: list[ResultSource] = []


def register_result(source: ResultSource) -> None:
    """`source(202610)` says in words what became of a closed month elsewhere; it should cost a query."""
    if source not in _results:
        _results.append(source)


@dataclass(frozen=True, slots=True)
class Board:
    """A month, its checklist as it was last looked at, what is asked of whom, and what happened to it."""

    period: Period
    first_day: date
    items: tuple[Item, ...]
    checked_at: datetime | None
    active: MonthWork | None
    last: MonthWork | None
    asked: Approval | None
    approved: Approval | None
    events: tuple[tuple[PeriodEvent, str], ...]  # each with the reason that was given
    is_latest_closed: bool

    @property
    def closed(self) -> PeriodEvent | None:
        """The event by which it stands closed."""
        if self.period.state != State.CLOSED:
            return None
        return next((event for event, _ in reversed(self.events) if event.kind == PeriodEvent.Kind.CLOSED), None)

    @property
    def all_green(self) -> bool:
        return all(item.state == "green" for item in self.items)

    @property
    def failed_number(self) -> int:
        return sum(item.state == "failed" for item in self.items)

    @property
    def groups(self) -> tuple[tuple[str, tuple[Item, ...]], ...]:
        """The lines under two headings; none without a line."""
        own = tuple(item for item in self.items if not item.of_the_books)
        books = tuple(item for item in self.items if item.of_the_books)
        return tuple(group for group in (("Of this month", own), ("Of the books as a whole", books)) if group[1])


def board(period: Period) -> Board:
    """Six queries, and one for who is named."""
    work = list(MonthWork.objects.filter(period=period).select_related("asked_by").order_by("-pk")[:20])
    looked = next((row for row in work if row.found is not None), None)
    subject = reopen_subject(period.pk) if period.state == State.CLOSED else close_subject(period.pk)
    said = list(
        Approval.objects.filter(subject=subject).select_related("requested_by", "decided_by").order_by("-pk")[:10]
    )
    events = tuple(
        PeriodEvent.objects.filter(period=period).select_related("by", "approved_by", "approval").order_by("id")
    )
    notes = dict(Note.objects.filter(subject=month_subject(period.pk)).values_list("at", "words"))
    used = {event.approval_id for event in events}
    last_word = next((row for row in said if row.decision in (APPROVED, Approval.Decision.REFUSED)), None)
    unused = last_word if last_word and last_word.decision == APPROVED and last_word.pk not in used else None
    return Board(
        period=period,
        first_day=days_of(period.pk)[0],
        items=_items(period.pk, looked),
        checked_at=looked.finished_at if looked else None,
        active=next((row for row in work if row.state in ACTIVE), None),
        last=next((row for row in work if row.state not in ACTIVE), None),
        asked=next((row for row in said if row.decision == WAITING), None),
        approved=unused,
        events=tuple((event, _reason(event, notes)) for event in events),
        is_latest_closed=period.state == State.CLOSED
        and not Period.objects.filter(pk__gt=period.pk, state__in=[State.CLOSING, State.CLOSED]).exists(),
    )


def _reason(event: PeriodEvent, notes: Mapping[datetime, str]) -> str:
    """A close's reason is told once, with its end."""
    if event.approval is not None:
        return "" if event.kind == PeriodEvent.Kind.CLOSING else event.approval.reason
    return notes.get(event.at, "") if event.kind == PeriodEvent.Kind.SOFT_CLOSED else ""


def results(yyyymm: int) -> list[Result]:
    """What the packages above say of a closed month."""
    return [source(yyyymm) for source in _results]


def _items(yyyymm: int, looked: MonthWork | None) -> tuple[Item, ...]:
    """The month's own lines, then those of the whole books."""
    found: dict[str, Any] = {item["name"]: item for item in (looked.found or ())} if looked else {}
    checks = sorted(month_checks.registered(), key=lambda check: check.of_the_books)
    return tuple(
        _item(number, check, found.get(check.name), _address(check.worklist, yyyymm))
        for number, check in enumerate(checks, start=1)
    )


def _item(number: int, check: MonthCheck, found: dict[str, Any] | None, worklist: str) -> Item:
    figures = (found or {}).get("figures")
    return Item(
        number,
        check.name,
        found["count"] if found else None,
        tuple(found["findings"]) if found else (),
        worklist,
        check.code,
        check.of_the_books,
        Figures(tuple(figures["head"]), tuple(map(tuple, figures["rows"]))) if figures else None,
    )


def _address(worklist: str, yyyymm: int) -> str:
    """The month's own page of a work list, where it has one; a package above that is not installed has no page."""
    for arguments in ([yyyymm], []):
        try:
            return reverse(worklist, args=arguments) if worklist else ""
        except NoReverseMatch:
            continue
    return ""


SHOWN_MONTHS: Final = 24
