"""Parameters against the SDK's generated types: what passes, and what is refused in which words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from stripe import params as types
from stripe.params.checkout import SessionCreateParams

from sandbox.errors import StripeError
from sandbox.form import decode
from sandbox.params import fields, validate


def check(params_type: type, text: str) -> dict[str, Any]:
    return validate(params_type, decode(parse_qsl(text, keep_blank_values=True)))


def refusal(params_type: type, text: str) -> StripeError:
    with pytest.raises(StripeError) as caught:
        check(params_type, text)
    assert (caught.value.status, caught.value.type) == (400, "invalid_request_error")
    return caught.value


PRICE = "line_items[0][price_data]"


def test_values_are_typed_as_the_sdk_says() -> None:
    got = check(
        SessionCreateParams,
        f"mode=payment&expires_at=1800000000&{PRICE}[currency]=usd&{PRICE}[unit_amount_decimal]=2400.5"
        "&line_items[0][quantity]=2&automatic_tax[enabled]=true&expand[0]=line_items&metadata[0]=zero",
    )

    assert got == {
        "mode": "payment",
        "expires_at": 1_800_000_000,
        "line_items": [{"price_data": {"currency": "usd", "unit_amount_decimal": Decimal("2400.5")}, "quantity": 2}],
        "automatic_tax": {"enabled": True},
        "expand": ["line_items"],
        "metadata": {"0": "zero"},
    }


@pytest.mark.parametrize("amount", ["24.00", "abc", "2 400", " 1", "+1", "0x10", "1e3", "١", "9" * 30])
def test_an_amount_that_is_not_an_integer_is_refused(amount: str) -> None:
    # `+` and blanks are themselves, not form encoding, so the pairs are given as they arrive.
    with pytest.raises(StripeError) as caught:
        validate(SessionCreateParams, decode([(f"{PRICE}[currency]", "usd"), (f"{PRICE}[unit_amount]", amount)]))

    assert caught.value.code == "parameter_invalid_integer"
    assert caught.value.param == f"{PRICE}[unit_amount]"
    assert caught.value.message == f"Invalid integer: {amount}"


def test_an_empty_amount_is_refused_as_an_attempt_to_unset() -> None:
    error = refusal(SessionCreateParams, f"{PRICE}[currency]=usd&{PRICE}[unit_amount]=")

    assert error.code == "parameter_invalid_empty"
    assert error.message.startswith(f"You passed an empty string for '{PRICE}[unit_amount]'.")


def test_a_misspelt_parameter_is_named_with_the_likely_one() -> None:
    error = refusal(SessionCreateParams, "sucess_url=https://shop.test")

    assert error.code == "parameter_unknown"
    assert error.param == "sucess_url"
    assert error.message == "Received unknown parameter: sucess_url. Did you mean success_url?"


def test_unknown_parameters_inside_and_together_are_named_by_their_path() -> None:
    inside = refusal(SessionCreateParams, f"{PRICE}[currency]=usd&{PRICE}[zzz]=1")
    together = refusal(SessionCreateParams, "qqq=1&zzz=2")

    assert inside.param == f"{PRICE}[zzz]"
    assert together.message == "Received unknown parameters: qqq, zzz"


@pytest.mark.parametrize("name", ["idempotency_key", "stripe_account", "api_key", "max_network_retries", "headers"])
def test_request_options_are_not_parameters(name: str) -> None:
    assert name not in fields(SessionCreateParams)
    assert refusal(SessionCreateParams, f"{name}=x").code == "parameter_unknown"


def test_a_missing_required_parameter_is_named_by_its_path() -> None:
    error = refusal(SessionCreateParams, f"{PRICE}[unit_amount]=2400")

    assert error.code == "parameter_missing"
    assert error.message == f"Missing required param: {PRICE}[currency]."


@pytest.mark.parametrize(
    "params_type",
    [
        SessionCreateParams,
        types.PaymentIntentCreateParams,
        types.PaymentIntentUpdateParams,
        types.PaymentIntentConfirmParams,
        types.SetupIntentCreateParams,
    ],
)
def test_payment_method_types_has_an_error_of_its_own(params_type: type) -> None:
    error = refusal(params_type, "payment_method_types[0]=card")

    assert error.code == "payment_method_types_no_longer_supported"
    assert error.param == "payment_method_types"


def test_a_list_of_values_is_closed_though_the_sdk_leaves_it_open() -> None:
    error = refusal(SessionCreateParams, "ui_mode=hosted")

    assert error.param == "ui_mode"
    assert error.message == "Invalid ui_mode: must be one of elements, embedded_page, form, or hosted_page"


def test_a_list_of_values_inside_a_list_is_closed_too() -> None:
    where = "shipping_address_collection[allowed_countries]"

    assert check(SessionCreateParams, f"{where}[0]=US") == {
        "shipping_address_collection": {"allowed_countries": ["US"]}
    }
    assert refusal(SessionCreateParams, f"{where}[0]=US&{where}[1]=USA").param == f"{where}[1]"


@pytest.mark.parametrize(
    ("params_type", "text", "param", "message"),
    [
        (SessionCreateParams, "success_url[a]=1", "success_url", "Invalid string"),
        (SessionCreateParams, "metadata=1", "metadata", "Invalid object"),
        (SessionCreateParams, "line_items=1", "line_items", "Invalid array"),
        (SessionCreateParams, "line_items[a]=1", "line_items", "Invalid array"),
        (SessionCreateParams, "line_items[0]=1", "line_items[0]", "Invalid object"),
        (SessionCreateParams, "automatic_tax[0]=1", "automatic_tax", "Invalid object"),
        (SessionCreateParams, "allow_promotion_codes=1", "allow_promotion_codes", "Invalid boolean: 1"),
        (SessionCreateParams, "allow_promotion_codes=True", "allow_promotion_codes", "Invalid boolean: True"),
        (SessionCreateParams, "mode[a]=1", "mode", "Invalid mode: must be one of payment, setup, or subscription"),
        (
            types.PriceCreateParams,
            "currency=usd&unit_amount_decimal=1,5",
            "unit_amount_decimal",
            "Invalid decimal: 1,5",
        ),
        (types.EventListParams, "created=soon", "created", "Invalid integer: soon"),
        (types.EventListParams, "created[since]=1", "created[since]", "Received unknown parameter: created[since]"),
    ],
)
def test_a_wrong_shape_is_refused(params_type: type, text: str, param: str, message: str) -> None:
    error = refusal(params_type, text)

    assert (error.param, error.message) == (param, message)


def test_a_decimal_has_at_most_twelve_places() -> None:
    assert check(types.PriceCreateParams, f"currency=usd&unit_amount_decimal=0.{'1' * 12}")
    assert refusal(types.PriceCreateParams, f"currency=usd&unit_amount_decimal=0.{'1' * 13}")


def test_a_union_takes_each_of_its_kinds() -> None:
    assert check(types.EventListParams, "created=5") == {"created": 5}
    assert check(types.EventListParams, "created[gte]=5") == {"created": {"gte": 5}}
    assert check(types.SubscriptionUpdateParams, "cancel_at=min_period_end") == {"cancel_at": "min_period_end"}
    assert check(types.SubscriptionUpdateParams, "cancel_at=1800000000") == {"cancel_at": 1_800_000_000}
    assert refusal(types.SubscriptionUpdateParams, "cancel_at=soon").param == "cancel_at"


def test_only_what_can_be_cleared_takes_the_empty_string() -> None:
    cleared = check(types.SubscriptionUpdateParams, "pause_collection=&cancel_at=&metadata=&description=")

    assert set(cleared.values()) == {""}
    assert refusal(types.SubscriptionUpdateParams, "default_payment_method=").code == "parameter_invalid_empty"
    assert refusal(SessionCreateParams, "success_url=").code == "parameter_invalid_empty"


def test_empty_lines_of_an_address_pass() -> None:
    got = check(types.CustomerCreateParams, "address[line1]=1 Main St&address[line2]=")

    assert got == {"address": {"line1": "1 Main St", "line2": ""}}


@pytest.mark.parametrize(
    ("pairs", "param"),
    [
        ([(f"metadata[k{n}]", "v") for n in range(51)], "metadata"),
        ([(f"metadata[{'k' * 41}]", "v")], "metadata"),
        ([("metadata[k]", "v" * 501)], "metadata[k]"),
        ([("metadata[k][deep]", "v")], "metadata[k]"),
    ],
)
def test_metadata_has_limits(pairs: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(StripeError) as caught:
        validate(types.CustomerCreateParams, decode(pairs))

    assert (caught.value.status, caught.value.param) == (400, param)


def test_metadata_at_its_limits_passes_and_an_empty_value_stays() -> None:
    entries = {f"{n:040}": "v" * 500 for n in range(49)} | {"gone": ""}

    assert validate(types.CustomerCreateParams, {"metadata": entries}) == {"metadata": entries}


def test_a_string_has_at_most_five_thousand_characters() -> None:
    assert check(types.CustomerCreateParams, f"description={'x' * 5000}")
    assert "at most 5000 characters" in refusal(types.CustomerCreateParams, f"description={'x' * 5001}").message


def test_the_error_is_shaped_as_stripe_shapes_it() -> None:
    assert refusal(SessionCreateParams, "zzz=1").body() == {
        "error": {
            "code": "parameter_unknown",
            "doc_url": "https://docs.stripe.com/error-codes#parameter-unknown",
            "message": "Received unknown parameter: zzz",
            "param": "zzz",
            "request_log_url": None,
            "type": "invalid_request_error",
        }
    }
