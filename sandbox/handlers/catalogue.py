"""Products and prices, named ones and those made in passing by a line item."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.errors import invalid
from sandbox.events import changed, emit, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.objects import Object, catalogue, merged_metadata
from sandbox.paging import equals, page

Params = dict[str, Any]
PRODUCT_FIELDS = (
    "active",
    "default_price",
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)
PRICE_UNSIMULATED = ("currency_options", "custom_unit_amount", "tiers", "tiers_mode", "transform_quantity")


def create_product(ctx: Context, params: Params) -> Object:
    """POST /v1/products."""
    if params.get("id") and ctx.store.objects.get("product", {}).get(params["id"]):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    product = ctx.store.add(catalogue.product(params, ctx.now()))
    emit(ctx, "product.created", product)
    if params.get("default_price_data"):
        price = _keep_price(ctx, params["default_price_data"], product["id"])
        product["default_price"] = price["id"]
    return product


def product(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/products/:id."""
    return ctx.store.get("product", identifier)


def update_product(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/products/:id; "" clears a field."""
    stored = ctx.store.get("product", identifier)
    if params.get("default_price"):
        ctx.store.get("price", params["default_price"], "default_price")
    before = snapshot(stored)
    for name in PRODUCT_FIELDS:
        if name in params:
            empty: Any = [] if isinstance(stored[name], list) else None
            stored[name] = empty if params[name] == "" else params[name]
    stored["metadata"] = merged_metadata(stored["metadata"], params.get("metadata"))
    if stored != before:
        stored["updated"] = ctx.now()
    changed(ctx, "product.updated", stored, before)
    return stored


def products(ctx: Context, params: Params) -> Object:
    """GET /v1/products, by active, ids, shippable, url and created."""
    same = equals(params, active="active", shippable="shippable", type="type", url="url")
    wanted = params.get("ids")
    return page(
        ctx,
        "product",
        params,
        "/v1/products",
        lambda entry: same(entry) and (not wanted or entry["id"] in wanted),
    )


def create_price(ctx: Context, params: Params) -> Object:
    """POST /v1/prices for a product, or with `product_data` for one made in passing."""
    refuse_unsimulated(params, PRICE_UNSIMULATED)
    _check_lookup_key(ctx, params)
    if "product" in params:
        product_id = ctx.store.get("product", params["product"], "product")["id"]
    else:
        made = ctx.store.add(catalogue.product(params["product_data"], ctx.now()))
        emit(ctx, "product.created", made)
        product_id = made["id"]
    return _keep_price(ctx, params, product_id)


def price(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/prices/:id."""
    return ctx.store.get("price", identifier, "price")


def update_price(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/prices/:id: an amount never changes."""
    refuse_unsimulated(params, ("currency_options",))
    stored = ctx.store.get("price", identifier, "price")
    if params.get("lookup_key") and params["lookup_key"] != stored["lookup_key"]:
        _check_lookup_key(ctx, params)
    before = snapshot(stored)
    stored.update({name: params[name] for name in ("active", "tax_behavior") if name in params})
    stored.update({name: params[name] or None for name in ("lookup_key", "nickname") if name in params})
    stored["metadata"] = merged_metadata(stored["metadata"], params.get("metadata"))
    changed(ctx, "price.updated", stored, before)
    return stored


def prices(ctx: Context, params: Params) -> Object:
    """GET /v1/prices, by product, active, type, currency, lookup keys, recurrence and created."""
    same = equals(params, active="active", currency="currency", product="product", type="type")
    keys, recurring = params.get("lookup_keys"), params.get("recurring") or {}

    def keep(entry: Object) -> bool:
        fits = all((entry["recurring"] or {}).get(name) == value for name, value in recurring.items())
        return same(entry) and fits and (not keys or entry["lookup_key"] in keys)

    return page(ctx, "price", params, "/v1/prices", keep)


def check_price(ctx: Context, given: Params, at: str) -> None:
    """404 for a price or product that a line names and that is not there; 400 for a price that was switched off."""
    if "price" in given:
        stored = ctx.store.get("price", given["price"], f"{at}[price]")
        if not stored["active"]:
            raise invalid(
                "The price specified is inactive. This field only accepts active prices.", param=f"{at}[price]"
            )
    elif "product" in given.get("price_data", {}):
        ctx.store.get("product", given["price_data"]["product"], f"{at}[price_data][product]")


def price_of(ctx: Context, given: Params) -> Object:
    """The price a checked line names, or one made from its `price_data`: such prices and products are not active."""
    if "price" in given:
        return ctx.store.get("price", given["price"])
    data = given["price_data"]
    if "product" in data:
        product_id = data["product"]
    else:
        product_id = ctx.store.add(catalogue.product(data["product_data"], ctx.now(), active=False))["id"]
    return ctx.store.add(catalogue.price(data, product_id, ctx.now(), active=False))


def _keep_price(ctx: Context, params: Params, product_id: str) -> Object:
    stored = ctx.store.add(catalogue.price(params, product_id, ctx.now()))
    emit(ctx, "price.created", stored)
    return stored


def _check_lookup_key(ctx: Context, params: Params) -> None:
    key = params.get("lookup_key")
    holder = next((entry for entry in ctx.store.all("price") if key and entry["lookup_key"] == key), None)
    if holder is None:
        return
    if not params.get("transfer_lookup_key"):
        raise invalid(
            f"A price (`{holder['id']}`) already uses that lookup key.",
            param="lookup_key",
            code="resource_already_exists",
        )
    holder["lookup_key"] = None
