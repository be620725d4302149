"""A promise in words, exactly as the law and the buyer want it (rules/shop.md section 4 and case 7)."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from partners.models import Agreement
from people.money import format_minor

_FIGURED = {
    Agreement.Basis.NET_GOODS: "Figured after discounts, before tax and shipping.",
    Agreement.Basis.GIFT_PART: "Figured on the gift itself, without any amount added to cover card fees.",
}
NOT_A_GIFT = "This purchase is not a tax-deductible gift."


class Promised(Protocol):
    """What the words need of a promise; `partners.queries.Promise` has it."""

    @property
    def partner_name(self) -> str: ...
    @property
    def percent_text(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def scope_label(self) -> str: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    def amount_for(self, basis_minor: int, /) -> int: ...


def promise_sentence(promise: Promised, price_minor: int, currency: str, noun_plural: str, noun: str) -> str:
    """The disclosure for one piece at `price_minor`: share, amount, days, partner, base (rules/shop.md case 7).

    `noun` is one piece ("Valor tassel earring"), `noun_plural` its plural, used where nothing is priced yet.
    """
    thing = f"each {noun}" if price_minor else noun_plural
    amount = f"{format_minor(promise.amount_for(price_minor), currency)} of {format_minor(price_minor, currency)}"
    priced = f" ({amount})" if price_minor else ""
    return (
        f"{promise.percent_text} of the price of {thing}{priced}"
        f" sold {days_text(promise.starts_on, promise.ends_on)} goes to {promise.partner_name}."
        f" {figured_text(promise.basis)} {NOT_A_GIFT}"
    )


def gift_sentence(promise: Promised) -> str:
    """The same for gifts: "40% of each gift to the Seed Collective made … goes to Dahlia's Hope. Figured on …"."""
    return (
        f"{promise.percent_text} of each gift to {_with_article(promise.scope_label)}"
        f" made {days_text(promise.starts_on, promise.ends_on)} goes to {promise.partner_name}."
        f" {figured_text(promise.basis)}"
    )


def scope_sentence(promise: Promised) -> str:
    """A promise without a price, for the partner's own page."""
    if promise.basis == Agreement.Basis.GIFT_PART:
        return gift_sentence(promise)
    return (
        f"{promise.percent_text} of the price of {promise.scope_label}"
        f" sold {days_text(promise.starts_on, promise.ends_on)}. {figured_text(promise.basis)}"
    )


def figured_text(basis: str) -> str:
    """How a share is figured, in one sentence."""
    return _FIGURED[Agreement.Basis(basis)]


def days_text(first: date, last: date) -> str:
    """ "January 1 to December 31, 2026"; the year is said twice only where the years differ."""
    start = f"{first:%B} {first.day}" + (f", {first.year}" if first.year != last.year else "")
    return f"{start} to {last:%B} {last.day}, {last.year}"


def _with_article(label: str) -> str:
    return label if label.lower().startswith(("the ", "all ", "any ")) else f"the {label}"
