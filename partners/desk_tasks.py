"""What waits for finance in partners' own rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, Sum
from django.urls import reverse

from partners.desk import DeskTask
from partners.models import Agreement, BankLine, Match, PayoutBatch
from people.money import format_minor

LATE_AFTER = timedelta(days=5)  # a payout that the bank has not shown by then (rules/ledger.md section 7)
State = PayoutBatch.State
DECIDERS = ("finance approver",)


def waiting(now: datetime) -> list[DeskTask]:
    """Batches to approve, send or chase; bank lines to confirm or explain; agreements to activate. Four queries."""
    return [*_batches(now), *_matches(), *_lines(), *_agreements()]


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
            tasks.append(DeskTask(f"Approve payout batch {row.pk}", to, row.proposed_at, href, DECIDERS))
        elif row.state == State.APPROVED:
            tasks.append(DeskTask(f"Send payout batch {row.pk}", f"{to}, approved", row.proposed_at, href))
        elif row.sent_at and row.sent_at + LATE_AFTER < now:
            tasks.append(DeskTask(f"Find payout batch {row.pk} at the bank", f"{to}, sent", row.sent_at, href))
    return tasks


def _matches() -> list[DeskTask]:
    waiting = Match.objects.filter(state=Match.State.PROPOSED).aggregate(number=Count("pk"), since=Min("proposed_at"))
    if not waiting["number"]:
        return []
    title = f"Confirm {_count(waiting['number'], 'payout')} found at the bank"
    return [DeskTask(title, "Lines of the bank statement match", waiting["since"], reverse("partners:desk_bank"))]


def _lines() -> list[DeskTask]:
    """Debits that nobody has explained; what comes in is matched to Stripe's payouts elsewhere."""
    taken = Match.objects.exclude(state=Match.State.UNDONE).values("line")
    unknown = BankLine.objects.filter(amount_minor__lt=0).exclude(pk__in=taken)
    found = unknown.aggregate(number=Count("pk"), since=Min("statement__imported_at"))
    if not found["number"]:
        return []
    title = f"Explain {_count(found['number'], 'bank line')}"
    return [DeskTask(title, "Money left the bank and no payout matches", found["since"], reverse("partners:desk_bank"))]


def _agreements() -> list[DeskTask]:
    return [
        DeskTask(
            f"Activate the agreement with {row.partner}",
            f"{row.scope_label}, prepared",
            row.prepared_at,
            reverse("partners:desk_agreement", args=[row.pk]),
            DECIDERS,
        )
        for row in Agreement.objects.filter(state=Agreement.State.DRAFT).select_related("partner")
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
