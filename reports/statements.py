"""A partner's statement, frozen: everything that the printed pages say, and where in the books its figures rest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, get_args, get_type_hints

from django.conf import settings
from django.urls import reverse

from ledger.chain import GENESIS
from ledger.models import Seal
from ledger.operations.close_month import current_closes
from partners.disclosure import scope_sentence
from partners.models import Partner
from partners.queries import promises_during
from people.queries import local_day, month_bounds, organisation
from reports.figures import Figures, figures

TEMPLATE_VERSION = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the figures of a month rest: all that is sealed up to `through_seq`, whose hash (hex) is `sealed_hash`."""

    through_seq: int
    sealed_hash: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Statement(Figures):
    """The figures with the words beside them; `over` once the month is past, `final` once two people have closed it."""

    organisation: str
    contact_email: str
    partner: str
    partner_slug: str
    month: str
    first_day: str
    last_day: str
    figured_at: str
    figured_on: str
    over: bool
    final: bool
    through_seq: int
    sealed_hash: str
    currency: str
    rules: tuple[str, ...]
    verify_address: str

    def content_hash(self) -> str:
        """SHA-256 of the figures and words, whenever they were figured and wherever the site stands.

        While the month is open, entries that do not touch it make no other statement; where a closed month rests is
        part of what its statement says, so closing it again makes a new one.
        """
        circumstances: dict[str, Any] = {"figured_at": "", "figured_on": "", "verify_address": ""}
        if not self.final:
            circumstances |= {"through_seq": 0, "sealed_hash": ""}
        content = self.inputs() | circumstances | {"template_version": TEMPLATE_VERSION}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def from_inputs(inputs: Mapping[str, Any]) -> Statement:
    """The statement that `inputs` was made of."""
    hints = get_type_hints(Statement)
    values = {field.name: _thaw(hints[field.name], inputs[field.name]) for field in fields(Statement)}
    return Statement(**values)


def _thaw(kind: Any, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    row = get_args(kind)[0]
    return tuple(value) if row is str else tuple(row(**item) for item in value)


def cut_of(month: str) -> Cut:
    """Where `month` ("2026-10") rests now: where it was closed, or at the last seal. Call the sealer first."""
    first_day, _ = month_bounds(month)
    yyyymm = first_day.year * 100 + first_day.month
    if closed := current_closes([yyyymm]).get(yyyymm):
        return Cut(closed.through_seq, closed.closing_hash.hex(), is_closed=True)
    head = Seal.objects.order_by("-seq").first()
    return Cut(head.seq if head else 0, bytes(head.hash if head else GENESIS).hex(), is_closed=False)


def partner_statement(partner: Partner, month: str, now: datetime, cut: Cut) -> Statement:
    """Read the month ("2026-10") of a partner as of its last day and `cut`. Raises ValueError for no month."""
    first_day, last_day = month_bounds(month)
    org = organisation()
    read = figures(partner, first_day, last_day, org.currency, through_seq=cut.through_seq)
    return Statement(
        **{field.name: getattr(read, field.name) for field in fields(read)},
        organisation=org.legal_name or org.display_name,
        contact_email=org.contact_email,
        partner=partner.name,
        partner_slug=partner.slug,
        month=month,
        first_day=first_day.isoformat(),
        last_day=last_day.isoformat(),
        figured_at=now.isoformat(timespec="seconds"),
        figured_on=local_day(now, org).isoformat(),
        over=local_day(now, org) > last_day,
        final=cut.is_closed,
        through_seq=cut.through_seq,
        sealed_hash=cut.sealed_hash,
        currency=org.currency,
        rules=_rules(partner, first_day, last_day),
        verify_address=f"{settings.BASE_URL}{reverse('reports:verify')}",
    )


def _rules(partner: Partner, first_day: date, last_day: date) -> tuple[str, ...]:
    """The promises that were in force on any day of the month, as the buyer read them."""
    return tuple(scope_sentence(promise) for promise in promises_during(partner, first_day, last_day))
