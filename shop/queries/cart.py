"""The cart as its page shows it: what can be paid, what cannot and why, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper

from partners.queries import Promise, promises_for_many
from people.money_line import Part
from shop.giving import Priced, PromisedShare, money_parts, promised_shares
from shop.models import CartLine, Variant
from shop.quantities import BadQuantity, check_quantity
from shop.queries.shelf import Piece, as_piece, described, on_shelf, promise_words


@dataclass(frozen=True, slots=True)
class CartRow:
    """One line; `problem` says in words why it cannot be bought as it stands."""

    piece: Piece
    quantity: int
    promises: tuple[Promise, ...]
    words: tuple[str, ...]
    problem: str

    @property
    def total_minor(self) -> int:
        return self.piece.price_minor * self.quantity


@dataclass(frozen=True, slots=True)
class CartView:
    """The whole cart; amounts count every line."""

    rows: tuple[CartRow, ...]
    currency: str

    @property
    def pieces(self) -> int:
        return sum(row.quantity for row in self.rows)

    @property
    def total_minor(self) -> int:
        return sum(row.total_minor for row in self.rows)

    @property
    def can_pay(self) -> bool:
        return bool(self.rows) and not any(row.problem for row in self.rows)

    @property
    def shares(self) -> list[PromisedShare]:
        return promised_shares(
            [
                Priced(row.total_minor, row.promises, row.quantity, row.piece.cost_minor * row.quantity)
                for row in self.rows
            ]
        )

    @property
    def parts(self) -> list[Part]:
        return money_parts(self.shares, goods_minor=self.total_minor)


def cart_view(cart_id: int | None, now: datetime, *, currency: str = "usd") -> CartView:
    """The cart with this id; empty for None or a cart that is gone. Three queries however many lines."""
    if cart_id is None:
        return CartView((), currency)
    quantities = dict(CartLine.objects.filter(cart_id=cart_id).values_list("variant_id", "quantity"))
    if not quantities:
        return CartView((), currency)
    in_cart = Variant.objects.filter(pk__in=quantities)
    variants = described(in_cart, cart_id).annotate(shown=ExpressionWrapper(on_shelf(now), BooleanField()))
    pieces: dict[int, Piece] = {}
    shown: dict[int, bool] = {}
    for variant in variants:
        pieces[variant.pk], shown[variant.pk] = as_piece(variant), bool(variant.shown)
    promises = promises_for_many({piece.sku: piece.scope_keys for piece in pieces.values()}, now)
    rows = (
        _row(pieces[pk], quantity, tuple(promises[pieces[pk].sku]), shown[pk], currency)
        for pk, quantity in quantities.items()
    )
    return CartView(tuple(rows), currency)


def _row(piece: Piece, quantity: int, promises: tuple[Promise, ...], shown: bool, currency: str) -> CartRow:
    words = tuple(promise_words(piece, promises, currency))
    return CartRow(piece, quantity, promises, words, _problem(piece, quantity, shown))


def _problem(piece: Piece, quantity: int, shown: bool) -> str:
    if not shown:
        return "This piece has left the shop."
    try:
        check_quantity(piece, quantity)
    except BadQuantity as problem:
        return str(problem)
    return ""
