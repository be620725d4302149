"""Form bodies as the SDK sends them, and as people mistype them."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from stripe._encode import _api_encode

from sandbox.errors import StripeError
from sandbox.form import DEPTH_MAX, decode


def read(text: str) -> dict[str, object]:
    return decode(parse_qsl(text, keep_blank_values=True))


def test_what_the_sdk_encodes_comes_back() -> None:
    sent = {
        "mode": "payment",
        "line_items": [
            {"quantity": 2, "price_data": {"currency": "usd", "product_data": {"name": "Valor & more"}}},
            {"quantity": 1, "price": "price_1"},
        ],
        "expand": ["line_items", "customer"],
        "metadata": {"order": "order:1042"},
        "adaptive_pricing": {"enabled": False},
    }

    got = decode((key, str(value)) for key, value in _api_encode(sent))

    assert got == {
        "mode": "payment",
        "line_items": [
            {"quantity": "2", "price_data": {"currency": "usd", "product_data": {"name": "Valor & more"}}},
            {"quantity": "1", "price": "price_1"},
        ],
        "expand": ["line_items", "customer"],
        "metadata": {"order": "order:1042"},
        "adaptive_pricing": {"enabled": "false"},
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a[]=x&a[]=y", {"a": ["x", "y"]}),
        ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        ("a[0]=x&a[2]=y", {"a": {"0": "x", "2": "y"}}),
        ("a=1&a=2", {"a": "2"}),
        ("a=", {"a": ""}),
        ("0=x", {"0": "x"}),
        ("a[b=1", {"a[b": "1"}),
        ("[b]=1", {"[b]": "1"}),
        ("", {}),
    ],
)
def test_shapes(text: str, wanted: dict[str, object]) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a=1", "a[0]=1&a[0][b]=2"])
def test_a_name_that_is_both_value_and_group_is_refused(text: str) -> None:
    with pytest.raises(StripeError) as refusal:
        read(text)

    assert refusal.value.status == 400
    assert refusal.value.param == "a"


def test_bottomless_nesting_is_refused() -> None:
    deepest = "a" + "[b]" * (DEPTH_MAX - 1)

    assert read(f"{deepest}=1")
    with pytest.raises(StripeError, match="nested too deeply"):
        read(f"{deepest}[b]=1")
