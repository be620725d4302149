"""Scope keys: what an agreement speaks of, and which two agreements could meet on one sale or gift.

A key is `variant:SKU`, `product:slug`, `collection:slug`, `shop` for goods, or `fund:slug`, `campaign:slug`, `gifts`
for gifts; what stands before the colon is its level. References upward are text: nothing here knows the shop.
"""

from __future__ import annotations

import re

from django.db.models import Q

GOODS_LEVELS = ("variant", "product", "collection", "shop")
GIFT_LEVELS = ("fund", "campaign", "gifts")
_KEY = re.compile(r"(?:shop|gifts|(?:variant|product|collection|fund|campaign):[^\s:]+)")


class BadScope(ValueError):
    """Not a scope key; `str(error)` says so in plain words."""


def check(scope_key: str) -> str:
    """The key itself; raises BadScope for anything that is not one."""
    if not _KEY.fullmatch(scope_key):
        raise BadScope(f"“{scope_key}” is not a scope, such as product:valor-tassel-earrings, shop, or gifts.")
    return scope_key


def level(scope_key: str) -> str:
    """`product:valor` -> `product`; `shop` -> `shop`."""
    return scope_key.partition(":")[0]


def is_goods(scope_key: str) -> bool:
    return level(scope_key) in GOODS_LEVELS


def could_meet(one: str, other: str) -> bool:
    """Whether two keys of one level can speak of the same thing.

    One variant is of one product, but may lie in several collections, and a gift may belong to several campaigns: so
    two different collections can meet, two different products cannot.
    """
    return one == other or (level(one) == level(other) and level(one) in ("collection", "campaign"))


def of_gifts(path: str = "") -> Q:
    """Rows whose agreement speaks of gifts; `path` leads to the agreement, such as "allocation__agreement__"."""
    key = f"{path}scope_key"
    return Q(**{key: "gifts"}) | Q(**{f"{key}__startswith": "fund:"}) | Q(**{f"{key}__startswith": "campaign:"})
