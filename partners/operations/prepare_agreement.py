"""A draft agreement stands, for a second person to read and activate."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction

from partners import scopes
from partners.models import Agreement, AgreementEvent, Partner
from partners.terms import (
    FEE_FIXED_MAX_MINOR,
    GIFT_BASES,
    GOODS_BASES,
    NO_FEE,
    NO_LIMITS,
    Basis,
    FeeEstimate,
    Limits,
    Per,
)
from people.models import User
from people.queries import organisation

SERIES_LENGTH_MAX: Final = 120
YEARS: Final = range(2000, 2200)  # days are counted from both ends, so the calendar's own ends stay out


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
    starts_on: date,
    ends_on: date,
    by: User,
    now: datetime,
    per: str = Per.PERCENT,
    rate_num: int = 0,
    rate_den: int = 1,
    each_minor: int = 0,
    basis: str = "",
    fee_estimate: FeeEstimate = NO_FEE,
    limits: Limits = NO_LIMITS,
    stacking_set: str = "",
    series: str = "",
    recognition: str = Agreement.Recognition.GRANT,
) -> Agreement:
    """Write the next version of a promise as a draft (DESIGN.md section 4).

    `rate_num / rate_den` is above 0 and at most 1: 20 % is 20, 100; or, for each piece (`per` UNIT) or order or gift
    (PAYMENT), `each_minor` of the organisation's currency. `basis` is what it is figured on, by default the net of
    goods or the gift part; one net of card fees needs the `fee_estimate` that pages assume. `limits` are its cap and
    its minimum, which all versions of a series share. `scope_label` is what a buyer calls the scope. Days are local
    and included. `series` defaults to partner and scope. Raises BadAgreement.
    """
    basis = basis or (Basis.NET_GOODS if scopes.is_goods(scope_key) else Basis.GIFT_PART)
    _check_scope(scope_key, scope_label, basis)
    _check_share(per, rate_num, rate_den, each_minor)
    _check_amount(per, basis, scope_key)
    _check_fee(basis, fee_estimate)
    _check_limits(limits)
    _check_days(starts_on, ends_on)
    if recognition != Agreement.Recognition.GRANT:
        raise BadAgreement("recognition", "Only grants can be promised so far: an agency gift needs its own payout.")
    series = series or f"{partner.slug}:{scope_key}"
    if len(series) > SERIES_LENGTH_MAX:
        raise BadAgreement("series", f"The name of its series is too long: at most {SERIES_LENGTH_MAX} letters.")
    agreement = Agreement.objects.create(
        partner=partner,
        series=series,
        version=_next_version(partner, series),
        scope_key=scope_key,
        scope_label=scope_label,
        per=per,
        rate_num=rate_num,
        rate_den=rate_den,
        each_minor=each_minor,
        currency=organisation().currency,
        basis=basis,
        fee_estimate_bp=fee_estimate.basis_points,
        fee_estimate_fixed_minor=fee_estimate.fixed_minor,
        cap_minor=limits.cap_minor,
        minimum_minor=limits.minimum_minor,
        limit_period=limits.period,
        recognition=recognition,
        starts_on=starts_on,
        ends_on=ends_on,
        stacking_set=stacking_set,
        prepared_by=by,
        prepared_at=now,
    )
    AgreementEvent.objects.create(agreement=agreement, kind=AgreementEvent.Kind.PREPARED, by=by, at=now)
    return agreement


def _check_scope(scope_key: str, scope_label: str, basis: str) -> None:
    try:
        scopes.check(scope_key)
    except scopes.BadScope as error:
        raise BadAgreement("scope_key", str(error)) from error
    if not scope_label.strip():
        raise BadAgreement("scope_label", "Say what a buyer calls it, such as Valor tassel earrings.")
    if basis not in (GOODS_BASES if scopes.is_goods(scope_key) else GIFT_BASES):
        what = "goods" if scopes.is_goods(scope_key) else "gifts"
        raise BadAgreement("basis", f"A share of {what} cannot be figured on that.")


def _check_share(per: str, rate_num: int, rate_den: int, each_minor: int) -> None:
    if per == Per.PERCENT:
        if not 0 < rate_num <= rate_den:
            raise BadAgreement("rate_num", "A share is more than 0% and at most 100%.")
        if each_minor:
            raise BadAgreement("each_minor", "It is a percentage or an amount, not both.")
    elif rate_num:
        raise BadAgreement("rate_num", "It is a percentage or an amount, not both.")
    elif each_minor <= 0:
        raise BadAgreement("each_minor", "Say how much of each, such as 2.00.")


def _check_amount(per: str, basis: str, scope_key: str) -> None:
    if per == Per.UNIT and not scopes.is_goods(scope_key):
        raise BadAgreement("per", "A gift has no pieces: promise an amount of each gift.")
    if per != Per.PERCENT and basis not in (Basis.NET_GOODS, Basis.GIFT_PART):
        raise BadAgreement("basis", "An amount is taken of what was paid; another base is for percentages.")


def _check_fee(basis: str, fee: FeeEstimate) -> None:
    if basis == Basis.NET_OF_FEES and fee == NO_FEE:
        raise BadAgreement("fee_percent", "Say which card fee pages shall assume until the real one is known.")
    if not 0 <= fee.basis_points <= 10_000:
        raise BadAgreement("fee_percent", "A card fee is at most 100%.")
    if not 0 <= fee.fixed_minor <= FEE_FIXED_MAX_MINOR:
        raise BadAgreement("fee_fixed", "The fixed part of a card fee is a small amount.")


def _check_days(starts_on: date, ends_on: date) -> None:
    if starts_on > ends_on:
        raise BadAgreement("ends_on", "The last day lies before the first.")
    for field, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if day.year not in YEARS:
            raise BadAgreement(field, f"Write a year from {YEARS.start} to {YEARS.stop - 1}.")


def _check_limits(limits: Limits) -> None:
    if limits.cap_minor is not None and limits.cap_minor <= 0:
        raise BadAgreement("cap", "A cap is more than zero. Leave it empty where there is none.")
    if limits.minimum_minor is not None and limits.minimum_minor <= 0:
        raise BadAgreement("minimum", "A minimum is more than zero. Leave it empty where there is none.")
    if limits.cap_minor is not None and limits.minimum_minor is not None and limits.minimum_minor > limits.cap_minor:
        raise BadAgreement("minimum", "The guaranteed minimum is above the cap.")


def _next_version(partner: Partner, series: str) -> int:
    """One preparer of a partner's agreements at a time; raises BadAgreement for a series of somebody else."""
    Partner.objects.select_for_update().get(pk=partner.pk)
    latest = Agreement.objects.filter(series=series).order_by("-version").first()
    if latest is not None and latest.partner_id != partner.pk:
        raise BadAgreement("series", f"That series is a promise to {latest.partner}.")
    return latest.version + 1 if latest else 1
