"""What a purchase gives to whom, before it is paid: the same rounding as the allocation that follows (DESIGN.md 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.urls import reverse

from ledger import splitting
from people.money_line import Kind, Part


class Giving(Protocol):
    """What is asked of a promise: one in force (`partners.queries.Promise`) or one frozen on an order."""

    @property
    def agreement_id(self) -> int: ...
    @property
    def partner_name(self) -> str: ...
    @property
    def partner_slug(self) -> str: ...
    @property
    def rate_num(self) -> int: ...
    @property
    def rate_den(self) -> int: ...
    @property
    def stacking_set(self) -> str: ...


@dataclass(frozen=True, slots=True)
class FrozenPromise:
    """An agreement that binds an order, whatever has become of it since."""

    agreement_id: int
    partner_name: str
    partner_slug: str
    rate_num: int
    rate_den: int
    stacking_set: str


@dataclass(frozen=True, slots=True)
class Priced:
    """A line of goods: its net in minor units, and the promises that bind it."""

    net_minor: int
    promises: Sequence[Giving]


@dataclass(frozen=True, slots=True)
class PromisedShare:
    """One partner's part of a purchase, in minor units."""

    partner_name: str
    partner_slug: str
    amount_minor: int


def promised_shares(lines: Sequence[Priced]) -> list[PromisedShare]:
    """Each partner's part of these lines, in the order of the lines: what `partners.allocate` will make of them."""
    promises = {promise.agreement_id: promise for line in lines for promise in line.promises}
    sets: dict[str, list[Giving]] = {}
    for agreement_id in sorted(promises):
        sets.setdefault(promises[agreement_id].stacking_set or f"alone:{agreement_id}", []).append(
            promises[agreement_id]
        )
    accrued = {agreement_id: amount for members in sets.values() for agreement_id, amount in _accrued(lines, members)}
    amounts: dict[tuple[str, str], int] = {}
    for agreement_id, promise in promises.items():
        partner = (promise.partner_name, promise.partner_slug)
        amounts[partner] = amounts.get(partner, 0) + accrued[agreement_id]
    return [PromisedShare(name, slug, amount) for (name, slug), amount in amounts.items() if amount]


def _accrued(lines: Sequence[Priced], members: Sequence[Giving]) -> list[tuple[int, int]]:
    """(agreement id, amount) for the agreements of one stacking set."""
    claims = [
        splitting.Claim(
            member.rate_num,
            member.rate_den,
            tuple(i for i, line in enumerate(lines) if member.agreement_id in {p.agreement_id for p in line.promises}),
        )
        for member in members
    ]
    results = splitting.accrue([line.net_minor for line in lines], claims)
    return [(member.agreement_id, result.amount_minor) for member, result in zip(members, results, strict=True)]


def money_parts(
    shares: Sequence[PromisedShare], *, goods_minor: int, shipping_minor: int = 0, tax_minor: int = 0
) -> list[Part]:
    """The money line of a purchase: the partners' shares, what keeps the shop going, shipping, tax."""
    given = [share_part(share.partner_name, share.partner_slug, share.amount_minor) for share in shares]
    rest = goods_minor - sum(share.amount_minor for share in shares)
    return [*given, *rest_parts(rest, shipping_minor, tax_minor)]


def share_part(partner_name: str, partner_slug: str, amount_minor: int, kind: Kind = "partner", note: str = "") -> Part:
    """A partner's piece of the line, with a link to who they are."""
    return Part(f"To {partner_name}", amount_minor, kind, reverse("partners:partner", args=[partner_slug]), note)


def rest_parts(shop_minor: int, shipping_minor: int, tax_minor: int) -> list[Part]:
    """What no partner gets; parts of nothing are left out."""
    parts = [
        Part("Keeps the shop going", shop_minor, "shop", note="making, packing and card fees"),
        Part("Shipping", shipping_minor, "shipping"),
        Part("Tax", tax_minor, "tax"),
    ]
    return [part for part in parts if part.amount_minor > 0]
