"""A catalogue file becomes organisation, partners, products, funds and agreements; loading it again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from donations.models import Fund
from donations.operations.define_campaign import define_campaign
from donations.operations.define_fund import define_fund
from partners.destination_details import Details
from partners.disclosure import scope_sentence
from partners.models import Agreement, AgreementEvent, Method, Partner
from partners.operations.activate_agreement import activate_agreement
from partners.operations.change_destination import change_destination
from partners.operations.confirm_destination import confirm_destination
from partners.operations.keep_paper import keep_paper
from partners.operations.prepare_agreement import prepare_agreement
from partners.queries.promises import promise_of
from people.models import Organisation, User
from people.queries import local_day, month_bounds
from shop.operations.define_product import VariantWanted, define_product

FIRST_CATALOGUE = Path(__file__).parent / "catalogue.json"


def read(path: Path = FIRST_CATALOGUE) -> dict[str, Any]:
    """The file as it is; raises ValueError for one that is no JSON."""
    catalogue: dict[str, Any] = json.loads(path.read_text())
    return catalogue


def load(
    catalogue: Mapping[str, Any],
    *,
    starts_on: date,
    ends_on: date,
    campaign_month: str,
    prepared_by: User,
    approved_by: User,
    now: datetime,
) -> None:
    """Everything in the file, with agreements in force from `starts_on` to `ends_on` (local days, included).

    Each agreement is prepared by one person and approved by another, and so is where a partner is first paid. What the
    file says of a promise lies with it as its paper.
    """
    Organisation.objects.update_or_create(pk=1, defaults=catalogue["organisation"])
    for row in catalogue["partners"]:
        _partner(row, by=(prepared_by, approved_by), now=now)
    for position, row in enumerate(catalogue["products"]):
        variants = [VariantWanted(**variant) for variant in row["variants"]]
        words = {key: value for key, value in row.items() if key != "variants"}
        define_product(**words, variants=variants, position=position, published_from=now, now=now)
    for position, row in enumerate(catalogue["funds"]):
        define_fund(**row, position=position)
    opens_on, closes_on = month_bounds(campaign_month)
    campaign = dict(catalogue["campaign"])
    fund = Fund.objects.get(slug=campaign.pop("fund"))
    define_campaign(**campaign, fund=fund, opens_on=opens_on, closes_on=closes_on)
    for row in catalogue["agreements"]:
        _agreement(row, days=(starts_on, ends_on), by=(prepared_by, approved_by), now=now)


def _partner(row: Mapping[str, Any], *, by: tuple[User, User], now: datetime) -> None:
    words = {key: value for key, value in row.items() if key not in ("slug", "bank")}
    partner, _ = Partner.objects.update_or_create(slug=row["slug"], defaults=words)
    if not partner.destinations.exists():
        details = Details(method=Method.BANK, words=row["bank"])
        entered = change_destination(partner_id=partner.pk, details=details, by=by[0], now=now)
        confirm_destination(destination_id=entered.pk, by=by[1], note="As in the catalogue file.", now=now)


def _agreement(row: Mapping[str, Any], *, days: tuple[date, date], by: tuple[User, User], now: datetime) -> None:
    partner = Partner.objects.get(slug=row["partner"])
    if Agreement.objects.filter(partner=partner, scope_key=row["scope_key"]).exists():
        return
    draft = prepare_agreement(
        partner=partner,
        scope_key=row["scope_key"],
        scope_label=row["scope_label"],
        rate_num=row["percent"],
        rate_den=100,
        starts_on=days[0],
        ends_on=days[1],
        stacking_set=row.get("stacking_set", ""),
        by=by[0],
        now=now,
    )
    paper = f"Stands for the signed document of a promise in the catalogue file.\n{scope_sentence(promise_of(draft))}\n"
    keep_paper(
        agreement_id=draft.pk,
        kind=AgreementEvent.Kind.SIGNED,
        on=local_day(now),
        name=f"{partner.slug}.txt",
        content=paper.encode(),
        by=by[0],
        now=now,
    )
    activate_agreement(agreement_id=draft.pk, by=by[1], now=now)
