"""What waits for finance in partners' own rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Concat
from django.urls import reverse

from ledger import hand_board, month_tasks
from partners.models import (
    Agreement,
    AgreementDuty,
    AgreementEvent,
    BankLine,
    Duty,
    Match,
    MatchItem,
    PayoutBatch,
    PayoutDestination,
    PayoutHold,
)
from partners.operations.remind_of_agreements import DAYS_BEFORE
from people.desk import DeskTask
from people.models import Approval
from people.money import format_minor
from people.queries import local_day_of

LATE_AFTER = timedelta(days=5)  # a payout that the bank has not shown by then (rules/ledger.md section 7)
State = PayoutBatch.State
DECIDERS = ("finance approver",)
ENTERERS = ("finance preparer",)
HANDS = ("finance preparer", "finance approver")


def waiting(now: datetime) -> list[DeskTask]:
    """Batches to approve, send or chase; bank lines to confirm or explain; agreements to activate
    or renew, and what states ask about them. Two queries."""
    return [*_batches(now), *map(_plain, _numbers(now))]


def _batches(now: datetime) -> list[DeskTask]:
    live = ~Q(payouts__state="released")
    rows = PayoutBatch.objects.filter(state__in=[State.PROPOSED, State.APPROVED, State.SENT]).annotate(
        total_minor=Sum("payouts__amount_minor", filter=live), partners=Count("payouts", filter=live)
    )
    tasks = []
    for row in rows:
        to = f"{format_minor(row.total_minor or 0, row.currency)} to {_count(row.partners, 'partner')}"
        href = reverse("partners:desk_batch", args=[row.pk])
        if row.state == State.PROPOSED:
            tasks.append(
                DeskTask(
                    f"Approve payout batch {row.pk}",
                    to,
                    row.proposed_at,
                    href,
                    DECIDERS,
                    asked_by_id=row.proposed_by_id,
                )
            )
        elif row.state == State.APPROVED:
            tasks.append(DeskTask(f"Send payout batch {row.pk}", f"{to}, approved", row.proposed_at, href))
        elif row.sent_at and row.sent_at + LATE_AFTER < now:
            tasks.append(DeskTask(f"Find payout batch {row.pk} at the bank", f"{to}, sent", row.sent_at, href))
    return tasks


def _numbers(now: datetime) -> Iterator[dict[str, Any]]:
    """What takes no more than a number, a day and words to tell, in one query: a row for each kind or agreement."""
    taken = MatchItem.objects.filter(line=OuterRef("pk"), side=MatchItem.Side.BANK, is_active=True)
    unknown = BankLine.objects.filter(~Exists(taken))
    confirm = _row(Match.objects.filter(state=Match.State.PROPOSED), "confirm", Count("pk"), Min("proposed_at"))
    explain = _row(unknown, "explain", Count("pk"), Min("statement__imported_at"))
    drafts = Agreement.objects.filter(state=Agreement.State.DRAFT)
    openings = Approval.objects.filter(subject__startswith="opening:", decision=Approval.Decision.WAITING)
    opening = _row(openings, "opening", F("pk"), F("requested_at"), asker=F("requested_by"))
    paper = AgreementEvent.objects.filter(agreement=OuterRef("pk"), kind=AgreementEvent.Kind.SIGNED)
    promise = {"name": F("partner__name"), "about": F("scope_label")}
    sign = _row(drafts.filter(~Exists(paper)), "sign", F("pk"), F("prepared_at"), **promise)
    signed = drafts.filter(Exists(paper))
    activate = _row(signed, "activate", F("pk"), F("prepared_at"), **promise, asker=F("prepared_by"))
    asked = Approval.objects.filter(subject__regex=month_tasks.SUBJECTS, decision=Approval.Decision.WAITING)
    words = {"name": F("requested_by__name"), "about": F("subject"), "asker": F("requested_by")}
    months = _row(asked, "month", F("pk"), F("requested_at"), **words)
    written = Approval.objects.filter(subject__regex=hand_board.SUBJECTS, decision=Approval.Decision.WAITING)
    by_hand = _row(written, "by_hand", F("pk"), F("requested_at"), **words)
    changes = PayoutDestination.objects.filter(state=PayoutDestination.State.PENDING)
    named = {"name": F("partner__name"), "about": F("label"), "asker": F("edited_by")}
    call = _row(changes, "call", F("partner"), F("edited_at"), **named)
    rest = (explain, opening, sign, activate, months, by_hand, call, _noticed(), _running_out(now), _duties(now))
    return (row for row in confirm.union(*rest, all=True) if row["number"])


def _row(rows: QuerySet[Any], what: str, number: Any, since: Any, **words: Any) -> QuerySet[Any, dict[str, Any]]:
    """`number` counts, or is the agreement's own."""
    said = {key: words.get(key, Value("")) for key in ("name", "about")}
    said["asker"] = words.get("asker", Value(0))
    row: QuerySet[Any, dict[str, Any]] = (
        rows.order_by().values(what=Value(what), **said).annotate(number=number, since=since)
    )
    return row


def _plain(row: dict[str, Any]) -> DeskTask:
    number, since = row["number"], row["since"]
    if row["what"] in ("renew", "duty"):
        return _dated(row)
    if row["what"] in ("sign", "activate"):
        return _draft(row)
    if row["what"] in ("month", "by_hand"):
        asked = month_tasks.decision if row["what"] == "month" else hand_board.decision
        return asked(row["about"], asked_by=row["name"], asked_by_id=row["asker"], since=since)
    if row["what"] in ("call", "notice"):
        return _of_place(row)
    if row["what"] == "opening":
        href = reverse("partners:desk_opening")
        return DeskTask(
            "Decide on the opening balances",
            "With them the books begin",
            since,
            href,
            DECIDERS,
            asked_by_id=row["asker"],
        )
    if row["what"] == "confirm":
        title, detail = f"Confirm {_count(number, 'match')} found at the bank", "Found by a rule, decided by a person"
    else:
        title, detail = f"Explain {_count(number, 'bank line')}", "Money moved at the bank and nothing matches"
    return DeskTask(title, detail, since, reverse("partners:desk_bank"))


def _draft(row: dict[str, Any]) -> DeskTask:
    """A draft waits for its paper, which either hand keeps, and then for a second person."""
    since, href = row["since"], reverse("partners:desk_agreement", args=[row["number"]])
    if row["what"] == "sign":
        title = f"Keep the signed agreement with {row['name']}"
        return DeskTask(title, f"{row['about']}, prepared and not yet promised", since, href, HANDS)
    title = f"Activate the agreement with {row['name']}"
    return DeskTask(title, f"{row['about']}, prepared", since, href, DECIDERS, asked_by_id=row["asker"])


def _of_place(row: dict[str, Any]) -> DeskTask:
    """Where a partner is paid: a change to call back, or one that its bank asks for."""
    since, href = row["since"], reverse("partners:desk_destination", args=[row["number"]])
    if row["what"] == "notice":
        title, detail = f"Enter the changed bank details of {row['name']}", "Its bank asked for other ones"
        return DeskTask(title, detail, since, href, ENTERERS)
    title = f"Call {row['name']} about its new destination"
    return DeskTask(title, f"{row['about']}, entered", since, href, DECIDERS, asked_by_id=row["asker"])


def _noticed() -> QuerySet[Any, dict[str, Any]]:
    """Partners whose bank wants other details, or refused a prenote, and for whom nobody has entered any."""
    entered = PayoutDestination.objects.filter(partner=OuterRef("partner"), state=PayoutDestination.State.PENDING)
    rows = PayoutHold.objects.filter(~Exists(entered), reason=PayoutHold.Reason.NOTICE, lifted_at__isnull=True)
    return _row(rows, "notice", F("partner"), F("placed_at"), name=F("partner__name"))


def _running_out(now: datetime) -> QuerySet[Any, dict[str, Any]]:
    """Active agreements in their last days that no version follows; they wait since the longest notice began."""
    following = Agreement.objects.exclude(state=Agreement.State.DRAFT).filter(
        series=OuterRef("series"), starts_on=_days(OuterRef("ends_on"), 1)
    )
    rows = Agreement.objects.filter(
        ~Exists(following),
        state=Agreement.State.ACTIVE,
        ends_on__gte=local_day_of(now),
        ends_on__lte=_days(local_day_of(now), max(DAYS_BEFORE)),
    )
    since = _days(F("ends_on"), -max(DAYS_BEFORE))
    return _row(rows, "renew", F("pk"), since, name=F("partner__name"), about=F("scope_label"))


def _duties(now: datetime) -> QuerySet[Any, dict[str, Any]]:
    """What states ask in the longest notice, or asked before, and nobody has done."""
    rows = AgreementDuty.objects.filter(done_on__isnull=True, due_on__lte=_days(local_day_of(now), max(DAYS_BEFORE)))
    label = Concat("rule__state", Value(" "), "rule__duty", output_field=CharField())
    since = _days(F("due_on"), -max(DAYS_BEFORE))
    return _row(rows, "duty", F("agreement"), since, name=F("agreement__partner__name"), about=label)


def _days(day: Any, more: int) -> Any:
    return ExpressionWrapper(day + Value(timedelta(days=more)), output_field=DateTimeField())


def _dated(row: dict[str, Any]) -> DeskTask:
    """An agreement that runs out, or a state's duty, by the day that it was told so long before."""
    on = row["since"] + timedelta(days=max(DAYS_BEFORE))
    day = f"{on.day} {on:%B %Y}"
    if row["what"] == "renew":
        title, detail = f"Renew the agreement with {row['name']}, or let it end", f"{row['about']}, ends {day}"
    else:
        state, _, duty = row["about"].partition(" ")
        title, detail = f"{Duty(duty).label} in {state}", f"{row['name']}, due {day}"
    return DeskTask(title, detail, row["since"], reverse("partners:desk_agreement", args=[row["number"]]))


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
