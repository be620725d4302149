"""Defining products, counting stock, and the pictures of both kinds."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from shop.drawing import draw
from shop.models import Product, ProductImage, StockMovement, Variant
from shop.operations.count_stock import LessThanReserved, count_stock
from shop.operations.define_product import SkuTaken, VariantWanted, define_product
from shop.queries import catalogue, product
from tests.shop.conftest import NOW, SHELF_OPENS, make_product, placed_order

pytestmark = pytest.mark.usefixtures("shelf")


def test_defining_twice_changes_words_and_price_and_leaves_the_stock() -> None:
    make_product("tide", "TIDE", 1900, on_hand=5, collections=["Sea", "Spring sale"])

    make_product("tide", "TIDE", 2100, on_hand=99, story="Deep.", collections=["Sea"])

    tide = Variant.objects.get(sku="TIDE")
    assert (tide.price_minor, tide.on_hand, tide.product.story) == (2100, 5, "Deep.")
    assert [(move.quantity, move.reason) for move in tide.movements.all()] == [(5, "count")]
    assert product("tide", NOW).offers[0].piece.scope_keys == [  # type: ignore[union-attr]
        "variant:TIDE",
        "product:tide",
        "collection:sea",
        "shop",
    ]


def test_a_sku_belongs_to_one_product() -> None:
    with pytest.raises(SkuTaken):
        make_product("tide", "VALOR-DARK", 1900)

    assert not Product.objects.filter(slug="tide").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"price_minor": 0}, "price_minor"), ({"sku": "valor dark"}, "sku"), ({"price_minor": -1}, "price_minor")],
)
def test_a_variant_that_cannot_be_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    wanted = VariantWanted(**({"sku": "TIDE", "option": "Dark", "price_minor": 1900} | changes))

    with pytest.raises(ValidationError) as refused:
        define_product(slug="tide", name="Tide", variants=[wanted], published_from=SHELF_OPENS, now=NOW)

    assert list(refused.value.message_dict) == [field]
    assert not Product.objects.filter(slug="tide").exists()


def test_colours_are_checked() -> None:
    with pytest.raises(ValidationError):
        make_product("tide", "TIDE", 1900, colours=["red"])


def test_counting_moves_the_difference() -> None:
    assert count_stock(sku="REHOPE", counted=17, now=NOW) == -3
    assert count_stock(sku="REHOPE", counted=17, now=NOW) == 0

    assert list(StockMovement.objects.filter(variant__sku="REHOPE").values_list("quantity", flat=True)) == [20, -3]


def test_what_is_held_cannot_be_counted_away() -> None:
    placed_order(VALOR_DARK=3)

    with pytest.raises(LessThanReserved):
        count_stock(sku="VALOR-DARK", counted=2, now=NOW)
    with pytest.raises(ValueError, match="negative"):
        count_stock(sku="REHOPE", counted=-1, now=NOW)

    assert count_stock(sku="VALOR-DARK", counted=3, now=NOW) == -17


def test_the_shelf_opens_and_closes_on_time() -> None:
    Product.objects.filter(slug="plain-tassel-earrings").update(published_until=NOW)
    Product.objects.filter(slug="rehope-tassel-earrings").update(published_from=NOW)

    def names(at: Any) -> list[str]:
        return [found.design.name for found in catalogue(at)]

    assert names(NOW) == ["Valor tassel earrings", "ReHope tassel earrings"]
    assert names(NOW - timedelta(seconds=1)) == ["Valor tassel earrings", "Plain tassel earrings"]


def test_a_drawing_wears_the_colours_of_its_design() -> None:
    drawing = draw(["#111111", "#222222", "#B08D57"])

    assert drawing.metal == "#B08D57"
    assert {thread.colour for earring in drawing.earrings for thread in earring.threads} == {"#111111", "#222222"}
    assert draw([]).metal != ""
    assert draw(["#111111"]).earrings[0].threads[0].colour == "#111111"


def test_an_uploaded_picture_takes_the_drawings_place(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    picture = ProductImage.objects.create(
        product=Product.objects.get(slug="valor-tassel-earrings"),
        image=SimpleUploadedFile("valor.png", file.getvalue(), "image/png"),
        alt="Valor on an ear",
    )

    shown = client.get(f"/shop/pictures/{picture.pk}")

    page = client.get("/shop/valor-tassel-earrings/").content.decode()
    assert f'src="/shop/pictures/{picture.pk}" alt="Valor on an ear"' in page
    assert "tassel__sheen" not in page
    assert (shown["Content-Type"], b"".join(shown)) == ("image/png", file.getvalue())  # type: ignore[arg-type]
    assert shown["Content-Security-Policy"] == "sandbox"
    picture.image.storage.delete(picture.image.name)
    assert client.get(f"/shop/pictures/{picture.pk}").status_code == 404
    assert client.get("/shop/pictures/999999").status_code == 404
