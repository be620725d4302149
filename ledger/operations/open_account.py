"""An account of the chart is there before anything is posted to it, with the restriction that its money carries."""

from __future__ import annotations

from enum import StrEnum

from babel.numbers import list_currencies
from django.db import transaction

from ledger.accounts import UnknownAccount, chart_line
from ledger.models import Account

__all__ = ["NotACurrency", "Outcome", "RestrictionFixed", "UnknownAccount", "open_account"]


class RestrictionFixed(Exception):
    """The account is there under another restriction, and what it holds cannot change what it was given for."""


class NotACurrency(ValueError):
    """A word that is not a currency's lower-case ISO 4217 code."""


class Outcome(StrEnum):
    OPENED = "opened"
    ALREADY_THERE = "already_there"


def open_account(*, purpose: str, owner: str, currency: str, restriction: str) -> Outcome:
    """Open one account under a restriction ("without", "purpose", "time", "perpetual"); safe to repeat.

    For a fund whose gifts are restricted: the account that a posting makes on demand has the chart's own restriction
    (rules/ledger.md section 8). Money of another restriction belongs to another fund, so once it is there it stays.
    Raises UnknownAccount, RestrictionFixed, NotACurrency, and ValueError for a word that is not a restriction.
    """
    if not currency.islower() or currency.upper() not in list_currencies():
        raise NotACurrency(f"{currency!r} is not a currency code such as usd")
    if restriction not in Account.Restriction.values:
        raise ValueError(f"{restriction!r} is not one of {', '.join(Account.Restriction.values)}")
    line = chart_line(purpose, owner)
    with transaction.atomic():
        account, is_new = Account.objects.get_or_create(
            purpose=purpose,
            owner=owner,
            currency=currency,
            defaults={
                "code": line.code,
                "name": line.account_name(owner),
                "type": line.type.value,
                "functional_class": line.functional_class.value,
                "restriction": restriction,
            },
        )
        if account.restriction != restriction:
            raise RestrictionFixed(f"{account} in {currency} is {account.restriction}, not {restriction}")
    return Outcome.OPENED if is_new else Outcome.ALREADY_THERE
