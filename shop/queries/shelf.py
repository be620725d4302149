"""What is on the shelf now, and what each piece promises: two queries, however many products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, JSONObject

from partners.disclosure import promise_sentence
from partners.queries import Promise, promises_for_many
from people.money_line import Part
from shop.giving import Priced, PromisedShare, money_parts, promised_shares
from shop.models import Cart, Collection, Order, Product, ProductImage, StockHold, Variant
from shop.models.catalogue import option_words


@dataclass(frozen=True, slots=True)
class Picture:
    """An uploaded photograph: its id (the page `shop:picture` serves it) and its words."""

    pk: int
    alt: str


@dataclass(frozen=True, slots=True)
class Design:
    """A product as pages show it."""

    slug: str
    name: str
    noun: str
    description: str
    story: str
    care: str
    colours: tuple[str, ...]
    drawing_alt: str
    pictures: tuple[Picture, ...]
    collections: tuple[str, ...]

    @property
    def alt(self) -> str:
        """What the drawing shows, in words."""
        return self.drawing_alt or f"Drawing of a pair of {self.name}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A variant on the shelf. `available` counts what this visitor's own checkout holds as theirs.

    `cost_minor` is what making one costs, 0 while nobody has said: then a promise net of cost takes nothing off.
    """

    variant_id: int
    sku: str
    option: str
    price_minor: int
    available: int
    max_per_order: int
    design: Design
    cart_exists: bool = False
    cost_minor: int = 0

    @property
    def most(self) -> int:
        """The most that one order can hold now."""
        return min(self.available, self.max_per_order)

    @property
    def option_words(self) -> str:
        """What sets it apart from its siblings, unless the name says it already."""
        return option_words(self.design.name, self.option)

    @property
    def scope_keys(self) -> list[str]:
        """What an agreement may name to mean this piece, most specific first (CONTRACTS, shop)."""
        collections = [f"collection:{slug}" for slug in self.design.collections]
        return [f"variant:{self.sku}", f"product:{self.design.slug}", *collections, "shop"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A piece with the promises in force."""

    piece: Piece
    promises: tuple[Promise, ...]
    currency: str

    @property
    def shares(self) -> list[PromisedShare]:
        """What one piece gives to whom."""
        return promised_shares([Priced(self.piece.price_minor, self.promises, cost_minor=self.piece.cost_minor)])

    @property
    def parts(self) -> list[Part]:
        """The money line for one piece."""
        return money_parts(self.shares, goods_minor=self.piece.price_minor)

    @property
    def words(self) -> list[str]:
        """Each promise as the law wants it said (rules/shop.md section 4, case 7)."""
        return promise_words(self.piece, self.promises, self.currency)


@dataclass(frozen=True, slots=True)
class ProductOffer:
    """A design with everything of it that can be bought."""

    design: Design
    offers: tuple[Offer, ...]

    @property
    def cheapest(self) -> Offer:
        return min(self.offers, key=lambda offer: offer.piece.price_minor)

    @property
    def first(self) -> Offer:
        """What the page shows until the visitor chooses: the first that is left."""
        return next((offer for offer in self.offers if offer.piece.available), self.offers[0])

    def offer(self, sku: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.piece.sku == sku), None)


def catalogue(now: datetime, *, currency: str = "usd", cart_id: int | None = None) -> list[ProductOffer]:
    """Every design on the shelf at `now`, in order, with promises. Two queries."""
    return _offers(_pieces(now, cart_id), now, currency)


def product(slug: str, now: datetime, *, currency: str = "usd", cart_id: int | None = None) -> ProductOffer | None:
    """One design on the shelf, or None. Two queries."""
    found = _offers(_pieces(now, cart_id).filter(product__slug=slug), now, currency)
    return found[0] if found else None


def find_piece(*, sku: str, now: datetime, cart_id: int | None = None) -> Piece | None:
    """One variant on the shelf, or None. One query."""
    variant = _pieces(now, cart_id).filter(sku=sku).first()
    return as_piece(variant) if variant else None


def find_pieces(variant_ids: Iterable[int], *, now: datetime, cart_id: int | None = None) -> list[Piece]:
    """Those of these variants that are on the shelf. One query."""
    return [as_piece(variant) for variant in _pieces(now, cart_id).filter(pk__in=list(variant_ids))]


def promise_words(piece: Piece, promises: Iterable[Promise], currency: str) -> list[str]:
    """The promises of one piece as sentences."""
    return [
        promise_sentence(
            promise, piece.price_minor, currency, piece.design.name, piece.design.noun, cost_minor=piece.cost_minor
        )
        for promise in promises
    ]


def on_shelf(now: datetime) -> Q:
    """Variants whose product may be seen at `now`."""
    return Q(product__published_from__lte=now) & (
        Q(product__published_until__isnull=True) | Q(product__published_until__gt=now)
    )


def described(variants: QuerySet[Variant], cart_id: int | None) -> QuerySet[Variant]:
    """Variants with all that `as_piece` reads, in one query."""
    pictures = ProductImage.objects.filter(product=OuterRef("product_id")).values(json=JSONObject(pk="pk", alt="alt"))
    collections = Collection.objects.filter(products=OuterRef("product_id")).values("slug")
    cart = Cart.objects.filter(pk=cart_id) if cart_id else Cart.objects.none()
    own_hold = (
        StockHold.objects.filter(
            variant=OuterRef("pk"),
            state=StockHold.State.HELD,
            order__cart__in=cart,
            order__state=Order.State.PENDING,
        )
        .values("variant")
        .annotate(total=Sum("quantity"))
        .values("total")
    )
    own = Coalesce(Subquery(own_hold), 0) if cart_id else Value(0)
    return variants.select_related("product").annotate(
        picture_list=ArraySubquery(pictures),
        collection_list=ArraySubquery(collections),
        available=F("on_hand") - F("reserved") + own,
        cart_exists=Exists(cart),
    )


def as_piece(variant: Variant) -> Piece:
    """A row of `described` as pages know it."""
    return Piece(
        variant_id=variant.pk,
        sku=variant.sku,
        option=variant.option,
        price_minor=variant.price_minor,
        available=variant.available,  # type: ignore[attr-defined]
        max_per_order=variant.max_per_order,
        design=_design(variant),
        cart_exists=variant.cart_exists,  # type: ignore[attr-defined]
        cost_minor=variant.cost_minor or 0,
    )


def _pieces(now: datetime, cart_id: int | None) -> QuerySet[Variant]:
    ordered = Variant.objects.filter(on_shelf(now)).order_by("product__position", "product__slug", "position", "sku")
    return described(ordered, cart_id)


def _design(variant: Variant) -> Design:
    made: Product = variant.product
    return Design(
        slug=made.slug,
        name=made.name,
        noun=made.noun,
        description=made.description,
        story=made.story,
        care=made.care,
        colours=tuple(made.colours),
        drawing_alt=made.drawing_alt,
        pictures=tuple(Picture(**row) for row in variant.picture_list),  # type: ignore[attr-defined]
        collections=tuple(variant.collection_list),  # type: ignore[attr-defined]
    )


def _offers(variants: Iterable[Variant], now: datetime, currency: str) -> list[ProductOffer]:
    pieces = [as_piece(variant) for variant in variants]
    promises = promises_for_many({piece.sku: piece.scope_keys for piece in pieces}, now)
    grouped: dict[str, list[Offer]] = {}
    for piece in pieces:
        grouped.setdefault(piece.design.slug, []).append(Offer(piece, tuple(promises[piece.sku]), currency))
    return [ProductOffer(offers[0].piece.design, tuple(offers)) for offers in grouped.values()]
