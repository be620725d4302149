"""A draft agreement stands, for a second person to read and activate."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from partners import scopes
from partners.models import Agreement, Partner
from people.models import User


class BadAgreement(ValueError):
    """The agreement cannot be as asked; `field` names the input, `str(error)` says why in plain words."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def prepare_agreement(
    *,
    partner: Partner,
    scope_key: str,
    scope_label: str,
    rate_num: int,
    rate_den: int,
    starts_on: date,
    ends_on: date,
    by: User,
    now: datetime,
    stacking_set: str = "",
    series: str = "",
    recognition: str = Agreement.Recognition.GRANT,
) -> Agreement:
    """Write the next version of a promise as a draft; the basis follows from the scope (DESIGN.md section 4).

    `rate_num / rate_den` is above 0 and at most 1: 20 % is 20, 100. `scope_label` is what a buyer calls the scope. Days
    are local and included. `series` defaults to partner and scope. Raises BadAgreement.
    """
    _check(scope_key=scope_key, scope_label=scope_label, rate=(rate_num, rate_den), days=(starts_on, ends_on))
    if recognition != Agreement.Recognition.GRANT:
        raise BadAgreement("recognition", "Only grants can be promised so far: an agency gift needs its own payout.")
    series = series or f"{partner.slug}:{scope_key}"
    Partner.objects.select_for_update().get(pk=partner.pk)
    latest = Agreement.objects.filter(series=series).aggregate(latest=Max("version"))["latest"] or 0
    return Agreement.objects.create(
        partner=partner,
        series=series,
        version=latest + 1,
        scope_key=scope_key,
        scope_label=scope_label,
        rate_num=rate_num,
        rate_den=rate_den,
        basis=Agreement.Basis.NET_GOODS if scopes.is_goods(scope_key) else Agreement.Basis.GIFT_PART,
        recognition=recognition,
        starts_on=starts_on,
        ends_on=ends_on,
        stacking_set=stacking_set,
        prepared_by=by,
        prepared_at=now,
    )


def _check(*, scope_key: str, scope_label: str, rate: tuple[int, int], days: tuple[date, date]) -> None:
    try:
        scopes.check(scope_key)
    except scopes.BadScope as error:
        raise BadAgreement("scope_key", str(error)) from error
    if not scope_label.strip():
        raise BadAgreement("scope_label", "Say what a buyer calls it, such as Valor tassel earrings.")
    if not 0 < rate[0] <= rate[1]:
        raise BadAgreement("rate_num", "A share is more than 0% and at most 100%.")
    if days[0] > days[1]:
        raise BadAgreement("ends_on", "The last day lies before the first.")
