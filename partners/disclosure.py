"""A promise in words, exactly as the law and the buyer want it (rules/shop.md section 4 and case 7).

Each sentence names the share in money or percent, the days, the partner and the base. Nothing is called proceeds or
profits.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from partners import scopes
from partners.terms import Basis, LimitPeriod, Per, Terms
from people.money import format_minor

_FIGURED = {
    Basis.NET_GOODS: "Figured after discounts, before tax and shipping.",
    Basis.GIFT_PART: "Figured on the gift itself, without any amount added to cover card fees.",
    Basis.NET_OF_COST: "Figured after discounts and the cost of making it, before tax and shipping.",
}
_GROSS = {
    True: "Figured before discounts, tax and shipping.",
    False: "Figured on the whole payment, with any amount added to cover card fees.",
}
_NET_OF_FEES = {
    True: "Figured after discounts and card fees, before tax and shipping.",
    False: "Figured on the gift itself, less card fees.",
}
_IN = {
    LimitPeriod.SERIES: "in total",
    LimitPeriod.YEAR: "in each calendar year",
    LimitPeriod.MONTH: "in each calendar month",
}
ESTIMATE = "The card fee is known once the payment has settled, so any amount shown before is an estimate."
ENDED = "This promise has ended."
NOT_A_GIFT = "This purchase is not a tax-deductible gift."


class Promised(Protocol):
    """What the words need of a promise; `partners.queries.Promise` has it."""

    @property
    def partner_name(self) -> str: ...
    @property
    def terms(self) -> Terms: ...
    @property
    def scope_key(self) -> str: ...
    @property
    def scope_label(self) -> str: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    def amount_for(self, basis_minor: int, cost_minor: int = 0, /) -> int: ...


def promise_sentence(
    promise: Promised, price_minor: int, currency: str, noun_plural: str, noun: str, *, cost_minor: int = 0
) -> str:
    """The disclosure for one piece at `price_minor`: share, amount, days, partner, base (rules/shop.md case 7).

    `noun` is one piece ("Valor tassel earring"), `noun_plural` its plural, used where nothing is priced yet.
    """
    terms = promise.terms
    if terms.per == Per.PERCENT:
        thing = f"the price of each {noun}" if price_minor else f"the price of {noun_plural}"
        about = "an estimated " if terms.is_estimate else ""
        amount = format_minor(promise.amount_for(price_minor, cost_minor), currency)
        priced = f" ({about}{amount} of {format_minor(price_minor, currency)})" if price_minor else ""
    else:
        thing, priced = _of_each(terms, noun, noun_plural), ""
    return f"{_who_gets(promise, thing + priced)} {figured_text(promise)} {NOT_A_GIFT}"


def gift_sentence(promise: Promised) -> str:
    """The same for gifts: "40% of each gift to the Seed Collective made … goes to Dahlia's Hope. Figured on …"."""
    return f"{_who_gets(promise, f'each gift to {_with_article(promise.scope_label)}')} {figured_text(promise)}"


def scope_sentence(promise: Promised, today: date | None = None) -> str:
    """A promise without a price, for the partner's own page; one that is over by `today` (local) says so."""
    over = f" {ENDED}" if today is not None and today > promise.ends_on else ""
    if not scopes.is_goods(promise.scope_key):
        return gift_sentence(promise) + over
    if promise.terms.per == Per.PERCENT:
        thing = f"the price of {promise.scope_label}"
    else:
        thing = _of_each(promise.terms, f"piece of {promise.scope_label}", promise.scope_label)
    share = f"{promise.terms.rate_text} of {thing} {_when(promise)}{_limits(promise.terms)}."
    return f"{share} {figured_text(promise)}{over}"


def figured_text(promise: Promised) -> str:
    """How a share is figured, in one sentence; two where it is an estimate at first."""
    basis, is_goods = Basis(promise.terms.basis), scopes.is_goods(promise.scope_key)
    if basis == Basis.GROSS:
        return _GROSS[is_goods]
    if basis == Basis.NET_OF_FEES:
        return f"{_NET_OF_FEES[is_goods]} {ESTIMATE}"
    if promise.terms.per != Per.PERCENT:
        return f"Never more than what was paid for it. {_FIGURED[basis]}"
    return _FIGURED[basis]


def days_text(first: date, last: date) -> str:
    """ "January 1 to December 31, 2026"; the year is said twice only where the years differ."""
    start = f"{first:%B} {first.day}" + (f", {first.year}" if first.year != last.year else "")
    return f"{start} to {last:%B} {last.day}, {last.year}"


def limit_text(amount_minor: int, currency: str, period: str) -> str:
    """ "$10,000.00 in total", "$10,000.00 in each calendar year"."""
    return f"{format_minor(amount_minor, currency)} {_IN[LimitPeriod(period)]}"


def _limits(terms: Terms) -> str:
    """ ", up to $10,000.00 in total, at least $2,500.00 guaranteed", where something is said."""
    limits, words = terms.limits, []
    if limits.cap_minor is not None:
        words.append(f"up to {limit_text(limits.cap_minor, terms.currency, limits.period)}")
    if limits.minimum_minor is not None:
        each = "" if limits.period == LimitPeriod.SERIES else f" {_IN[LimitPeriod(limits.period)]}"
        words.append(f"at least {format_minor(limits.minimum_minor, terms.currency)} guaranteed{each}")
    return "".join(f", {word}" for word in words)


def _who_gets(promise: Promised, thing: str) -> str:
    return (
        f"{promise.terms.rate_text} of {thing} {_when(promise)} goes to {promise.partner_name}{_limits(promise.terms)}."
    )


def _of_each(terms: Terms, noun: str, noun_plural: str) -> str:
    return f"each {noun}" if terms.per == Per.UNIT else f"each order with {noun_plural}"


def _when(promise: Promised) -> str:
    """ "sold January 1 to December 31, 2026"."""
    if not scopes.is_goods(promise.scope_key):
        verb = "made"
    else:
        verb = "placed" if promise.terms.per == Per.PAYMENT else "sold"
    return f"{verb} {days_text(promise.starts_on, promise.ends_on)}"


def _with_article(label: str) -> str:
    return label if label.lower().startswith(("the ", "all ", "any ")) else f"the {label}"
