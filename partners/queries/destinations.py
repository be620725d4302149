"""Where partners are paid, and what keeps their payouts back: for the desk."""

from __future__ import annotations

from dataclasses import dataclass

from partners.models import Partner, PayoutDestination, PayoutHold
from people.models import Approval


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """One partner's destinations and open holds; `history` has what is over, each with the words of its decision."""

    partner: Partner
    active: PayoutDestination | None
    pending: PayoutDestination | None
    holds: tuple[tuple[PayoutHold, str], ...] = ()
    history: tuple[tuple[PayoutDestination, Approval | None], ...] = ()
    call: Approval | None = None
    same_numbers: tuple[Partner, ...] = ()


def all_places() -> list[PlaceOf]:
    """Every partner that is not closed, or is still paid somewhere. Three queries."""
    live = PayoutDestination.objects.filter(state__in=["active", "pending"])
    rows = {(row.partner_id, row.state): row for row in live}
    holds: dict[int, list[tuple[PayoutHold, str]]] = {}
    for hold in PayoutHold.objects.filter(lifted_at__isnull=True).order_by("id"):
        holds.setdefault(hold.partner_id, []).append((hold, ""))
    return [
        PlaceOf(
            partner,
            rows.get((partner.pk, "active")),
            rows.get((partner.pk, "pending")),
            tuple(holds.get(partner.pk, ())),
        )
        for partner in Partner.objects.order_by("name", "id")
        if partner.status != Partner.Status.CLOSED or (partner.pk, "active") in rows
    ]


def place_of(partner: Partner) -> PlaceOf:
    """One partner, with words and history. Four queries at most."""
    rows = list(partner.destinations.select_related("edited_by").order_by("-id"))
    holds = list(partner.payout_holds.filter(lifted_at__isnull=True).select_related("placed_by").order_by("id"))
    subjects = [*(row.approval_subject for row in rows), *(hold.approval_subject for hold in holds)]
    approvals = {
        approval.subject: approval
        for approval in Approval.objects.filter(subject__in=subjects).select_related("decided_by").order_by("id")
    }
    by_state = {row.state: row for row in reversed(rows)}
    pending, active = by_state.get("pending"), by_state.get("active")
    return PlaceOf(
        partner=partner,
        active=active,
        pending=pending,
        holds=tuple((hold, _reason(approvals, hold.approval_subject)) for hold in holds),
        history=tuple(
            (row, approvals.get(row.approval_subject)) for row in rows if row.state not in ("active", "pending")
        ),
        call=approvals.get(active.approval_subject) if active else None,
        same_numbers=_same_numbers(pending) if pending else (),
    )


def _reason(approvals: dict[str, Approval], subject: str) -> str:
    return approvals[subject].reason if subject in approvals else ""


def _same_numbers(pending: PayoutDestination) -> tuple[Partner, ...]:
    """Other partners with the very same bank account: a fiscal sponsor has them, and so has a thief."""
    if not pending.fingerprint:
        return ()
    same = Partner.objects.filter(destinations__fingerprint=pending.fingerprint).exclude(pk=pending.partner_id)
    return tuple(same.distinct())
