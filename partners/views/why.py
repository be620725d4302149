""" "Why this number": a partner's account opened down to its shares, for staff, and for the partner without buyers.

Both doors show the same rows and figures. Staff see what was paid with and by which charge; a partner sees day, design,
units, amounts and a keyed reference (DESIGN.md section 1.14).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from partners.disclosure import scope_sentence
from partners.models import Agreement, Allocation, Partner, PartnerPayout
from partners.queries import months, totals
from partners.queries.account import raised_by_partner
from partners.queries.promises import promise_of
from partners.queries.why import Movement, OfAgreement, as_movement, by_agreement, movements, payouts_of
from partners.references import reference_of
from people import sources
from people.access import role_required
from people.csv_files import text_of
from people.desk import FINANCE
from people.queries import month_bounds, organisation

ON_A_PAGE = 100
CONTACT = "partner contact"


@dataclass(frozen=True, slots=True)
class Door:
    """Which of the two doors a page is opened through."""

    name: str
    base: str
    is_staff: bool

    def address(self, page: str, *args: Any) -> str:
        return reverse(f"partners:{self.name}_{page}", args=args)


DESK = Door("why", "partners/desk/base.html", is_staff=True)
OWN = Door("own", "partners/own/base.html", is_staff=False)


def _own(request: HttpRequest, slug: str) -> Partner:
    """The partner whose contact this is; a stranger's answers like a missing one."""
    return get_object_or_404(Partner, slug=slug, contacts__user=request.user.pk)


@role_required(*FINANCE)
@require_safe
def partners(request: HttpRequest) -> HttpResponse:
    """Every partner, closed ones too, with what it was promised."""
    currency = organisation().currency
    raised = raised_by_partner(currency)
    rows = [(partner, raised.get(partner.pk, 0)) for partner in Partner.objects.all()]
    return render(request, "partners/why/partners.html", {"rows": rows, "currency": currency, "here": "partners"})


@role_required(*FINANCE)
@require_safe
def account(request: HttpRequest, slug: str) -> HttpResponse:
    """A partner's account by month."""
    return _account(request, DESK, get_object_or_404(Partner, slug=slug))


@role_required(*FINANCE)
@require_safe
def month(request: HttpRequest, slug: str, month: str) -> HttpResponse:
    """One month by agreement, with what reached the bank."""
    return _month(request, DESK, get_object_or_404(Partner, slug=slug), month)


@role_required(*FINANCE)
@require_safe
def agreement(request: HttpRequest, slug: str, month: str, agreement_id: int) -> HttpResponse:
    """What one agreement brought in a month, line by line."""
    return _agreement(request, DESK, get_object_or_404(Partner, slug=slug), month, agreement_id)


@role_required(*FINANCE)
@require_safe
def month_csv(request: HttpRequest, slug: str, month: str) -> HttpResponse:
    """The month's lines with every id."""
    return _csv(DESK, get_object_or_404(Partner, slug=slug), month)


@role_required(CONTACT)
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """The partner's own account, or the choice of one for who is a contact of several."""
    partners = list(Partner.objects.filter(contacts__user=request.user.pk))
    if len(partners) == 1:
        return redirect(OWN.address("account", partners[0].slug))
    return render(request, "partners/own/choose.html", {"partners": partners})


@role_required(CONTACT)
@require_safe
def own_account(request: HttpRequest, slug: str) -> HttpResponse:
    return _account(request, OWN, _own(request, slug))


@role_required(CONTACT)
@require_safe
def own_month(request: HttpRequest, slug: str, month: str) -> HttpResponse:
    return _month(request, OWN, _own(request, slug), month)


@role_required(CONTACT)
@require_safe
def own_agreement(request: HttpRequest, slug: str, month: str, agreement_id: int) -> HttpResponse:
    return _agreement(request, OWN, _own(request, slug), month, agreement_id)


@role_required(CONTACT)
@require_safe
def own_month_csv(request: HttpRequest, slug: str, month: str) -> HttpResponse:
    return _csv(OWN, _own(request, slug), month)


@role_required(CONTACT)
@require_safe
def own_share(request: HttpRequest, slug: str, allocation_id: int) -> HttpResponse:
    """One share, as far as it is the partner's business: the promise, the arithmetic, the entry, the payout."""
    rows = Allocation.objects.select_related("agreement__partner", "entry__seal").prefetch_related(
        "lines", "reversals__entry__seal", "holds"
    )
    share = get_object_or_404(rows, pk=allocation_id, agreement__partner=_own(request, slug))
    payout = PartnerPayout.objects.filter(items__allocation=share, items__released_at__isnull=True).first()
    promise = promise_of(share.agreement)
    context = {
        "share": share,
        "promise": promise,
        "sentence": scope_sentence(promise),
        "reference": reference_of(share.source),
        "payout": payout,
        "net_minor": share.amount_minor - sum(row.amount_minor for row in share.reversals.all()),
    }
    return render(request, "partners/own/share.html", context | {"partner": share.agreement.partner})


def _account(request: HttpRequest, door: Door, partner: Partner) -> HttpResponse:
    org = organisation()
    rows = [
        (row, door.address("month", partner.slug, f"{row.first_on:%Y-%m}")) for row in months(partner, org.currency)
    ]
    context = {"so_far": totals(partner, currency=org.currency), "months": rows, "org": org}
    return _page(request, door, "account", partner, context)


def _month(request: HttpRequest, door: Door, partner: Partner, month: str) -> HttpResponse:
    first_day, last_day = _bounds(month)
    org = organisation()
    currency = org.currency
    rows = by_agreement(partner, first_day, last_day, currency)
    context = {
        "figures": totals(partner, first_day, last_day, currency),
        "agreements": [
            (row, promise_of(row.agreement), door.address("agreement", partner.slug, month, row.agreement.pk))
            for row in rows
        ],
        "net_minor": sum(row.net_minor for row in rows),
        "payouts": payouts_of(partner, first_day, last_day, currency),
        "csv": door.address("month_csv", partner.slug, month),
        "first_on": first_day,
        "org": org,
    }
    return _page(request, door, "month", partner, context)


def _agreement(request: HttpRequest, door: Door, partner: Partner, month: str, agreement_id: int) -> HttpResponse:
    first_day, last_day = _bounds(month)
    org = organisation()
    currency = org.currency
    row = get_object_or_404(Agreement.objects.select_related("partner"), pk=agreement_id, partner=partner)
    found = [one for one in by_agreement(partner, first_day, last_day, currency) if one.agreement == row]
    whole = found[0] if found else OfAgreement(row, 0, 0, 0, 0)
    page = Paginator(movements(partner, first_day, last_day, currency, row), ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    shown = [as_movement(one) for one in page]
    context = {
        "whole": whole,
        "sentence": scope_sentence(promise_of(row)),
        "page": page,
        "rows": _with_links(door, partner, shown),
        "page_minor": sum(one.amount_minor for one in shown),
        "first_on": first_day,
        "month_href": door.address("month", partner.slug, month),
        "org": org,
    }
    return _page(request, door, "agreement", partner, context)


def _with_links(door: Door, partner: Partner, shown: Sequence[Movement]) -> list[dict[str, Any]]:
    """Each line with the words for what was paid with, and where its share opens."""
    if door.is_staff:
        words = sources.describe(one.source for one in shown)
        shares = {one.share_id: reverse("partners:desk_allocation", args=[one.share_id]) for one in shown}
    else:
        words = {one.source: sources.Source(reference_of(one.source)) for one in shown}
        shares = {one.share_id: door.address("share", partner.slug, one.share_id) for one in shown}
    return [{"line": one, "source": words[one.source], "href": shares[one.share_id]} for one in shown]


COLUMNS = ("day", "what", "agreement", "promise", "design", "units", "of_minor", "amount_minor", "currency")
TRAIL = ("entry", "entry_key", "seal", "payout")
STAFF_COLUMNS = (*COLUMNS, "source", "line", "charge", "cause", "share", *TRAIL)
OWN_COLUMNS = (*COLUMNS, "reference", "share", "entry", "seal", "payout")


def _csv(door: Door, partner: Partner, month: str) -> HttpResponse:
    """Every line of the month; the column of amounts adds up to promised less taken back, to the cent."""
    first_day, last_day = _bounds(month)
    currency = organisation().currency
    promises = {pk: promise_of(row) for pk, row in partner.agreements.select_related("partner").in_bulk().items()}
    rows = []
    for one in map(as_movement, movements(partner, first_day, last_day, currency).iterator()):
        known: list[str | int] = [
            one.on.isoformat(), one.why, str(one.agreement_id), promises[one.agreement_id].rate_text, one.design,
            one.units, one.basis_minor, one.amount_minor, currency,
        ]  # fmt: skip
        entry, seal = str(one.entry_id or ""), str(one.seq or "")
        if door.is_staff:
            known += [one.source, one.line_ref, one.charge_ref, one.cause, str(one.share_id)]
            known += [entry, one.entry_key, seal, one.payout]
        else:
            known += [reference_of(one.source), str(one.share_id), entry, seal, one.payout]
        rows.append(known)
    text = text_of(STAFF_COLUMNS if door.is_staff else OWN_COLUMNS, rows)
    name = f"{partner.slug}-{month}.csv"
    return HttpResponse(
        text, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _page(request: HttpRequest, door: Door, name: str, partner: Partner, context: dict[str, Any]) -> HttpResponse:
    common = {
        "base": door.base,
        "is_staff": door.is_staff,
        "partner": partner,
        "currency": context["org"].currency,
        "account_href": door.address("account", partner.slug),
        "here": "partners",
    }
    return render(request, f"partners/why/{name}.html", common | context)


def _bounds(month: str) -> Any:
    try:
        return month_bounds(month)
    except ValueError as error:
        raise Http404 from error
