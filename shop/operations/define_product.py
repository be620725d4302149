"""A product stands in the catalogue as described, its variants are counted, and its shelf time is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from shop.models import Collection, Product, Variant
from shop.operations.count_stock import count_stock


class SkuTaken(Exception):
    """A SKU belongs to another product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantWanted:
    """A variant as it shall be. `counted` sets the stock when the SKU is new; None leaves it at 0."""

    sku: str
    option: str
    price_minor: int
    counted: int | None = None
    weight_g: int = 0
    max_per_order: int = 20
    cost_minor: int | None = None


@transaction.atomic
def define_product(
    *,
    slug: str,
    name: str,
    variants: Sequence[VariantWanted],
    published_from: datetime | None,
    now: datetime,
    noun: str = "",
    description: str = "",
    story: str = "",
    care: str = "",
    colours: Sequence[str] = (),
    drawing_alt: str = "",
    collections: Sequence[str] = (),
    position: int = 0,
    published_until: datetime | None = None,
) -> Product:
    """Make or update the product `slug` with its variants, idempotent by slug and SKU.

    Prices in minor units of the organisation's currency. `noun` is one of them in a sentence, by default the name
    without a final s. `collections` are names. The stock of a SKU that is known already is left alone: `count_stock`
    changes it. Raises SkuTaken, ValidationError (shape of SKU, price, colours).
    """
    product = Product.objects.select_for_update().filter(slug=slug).first() or Product(slug=slug)
    for field, value in {
        "name": name,
        "noun": noun or name.removesuffix("s"),
        "description": description,
        "story": story,
        "care": care,
        "colours": list(colours),
        "drawing_alt": drawing_alt,
        "position": position,
        "published_from": published_from,
        "published_until": published_until,
    }.items():
        setattr(product, field, value)
    product.full_clean()
    product.save()
    product.collections.set([_collection(title) for title in collections])
    for place, wanted in enumerate(variants):
        _define_variant(product, wanted, place, now)
    return product


def _collection(name: str) -> Collection:
    return Collection.objects.get_or_create(slug=slugify(name), defaults={"name": name})[0]


def _define_variant(product: Product, wanted: VariantWanted, place: int, now: datetime) -> None:
    known = Variant.objects.select_for_update(no_key=True).filter(sku=wanted.sku).first()
    if known is not None and known.product_id != product.pk:
        raise SkuTaken(wanted.sku)
    variant = known or Variant(product=product, sku=wanted.sku)
    variant.option, variant.price_minor, variant.position = wanted.option, wanted.price_minor, place
    variant.weight_g, variant.max_per_order, variant.cost_minor = (
        wanted.weight_g,
        wanted.max_per_order,
        wanted.cost_minor,
    )
    variant.full_clean()
    fields = ["option", "price_minor", "position", "weight_g", "max_per_order", "cost_minor"]
    variant.save(update_fields=fields if known else None)
    if known is None and wanted.counted:
        count_stock(sku=wanted.sku, counted=wanted.counted, now=now, source=f"product:{product.slug}")
