"""Refuses what Stripe refuses: a request's parameters against the SDK's own generated parameter types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe import RequestOptions
from typing_extensions import get_type_hints, is_typeddict

from sandbox.errors import StripeError, invalid, missing

STRING_CHARS_MAX = 5000
METADATA_KEYS_MAX = 50
METADATA_KEY_CHARS_MAX = 40
METADATA_VALUE_CHARS_MAX = 500
INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,12})?", re.ASCII)
IN_ADDRESS = re.compile(r"address\]?\[")
REMOVED = "payment_method_types"
REMOVED_FROM = ("SessionCreate", "PaymentIntent", "SetupIntent")


def validate(params_type: type, raw: dict[str, Any]) -> dict[str, Any]:
    """The values of `raw` (nested dicts and lists of strings, from `form.decode`), typed as the SDK says.

    Integers become int, "true"/"false" bool, decimals `Decimal`, floats float; "" stays "" where the type
    allows clearing. Raises a 400 `StripeError` with Stripe's code, wording and form name of the field.
    Stricter than the type: a list of values is closed although the SDK writes `| str` (rules/stripe.md
    section 0), and the options which the types inherit (idempotency_key, ...) are not parameters.
    """
    if REMOVED in raw and params_type.__name__.startswith(REMOVED_FROM):
        raise invalid(
            f"The `{REMOVED}` parameter is no longer supported in this API version. Remove it to use dynamic "
            f"payment methods, or use `allowed_{REMOVED}` or `excluded_{REMOVED}` instead.",
            param=REMOVED,
            code="payment_method_types_no_longer_supported",
        )
    return _object(params_type, raw, "")


@cache
def fields(params_type: type) -> dict[str, tuple[Any, bool]]:
    """{name: (type, required)} of a TypedDict, without what it inherits from `RequestOptions`."""
    # The inherited option types name these two, which the modules of the parameter types do not import.
    names = {"StripeContext": object, "Mapping": Mapping}
    hints = get_type_hints(params_type, localns=names, include_extras=True)
    is_request = RequestOptions in getattr(params_type, "__orig_bases__", ())
    options = RequestOptions.__annotations__ if is_request else {}
    return {name: _requirement(hint) for name, hint in hints.items() if name not in options}


def _requirement(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (NotRequired, Required):
        return get_args(hint)[0], get_origin(hint) is Required
    return hint, True


def _object(params_type: type, raw: dict[str, Any], at: str) -> dict[str, Any]:
    known = fields(params_type)
    _refuse_unknown([name for name in raw if name not in known], known, at)
    typed = {name: _value(known[name][0], value, _inside(at, name)) for name, value in raw.items()}
    for name, (_, required) in known.items():
        if required and name not in typed:
            raise missing(_inside(at, name))
    return typed


def _refuse_unknown(names: list[str], known: Iterable[str], at: str) -> None:
    if not names:
        return
    paths = [_inside(at, name) for name in names]
    if len(names) > 1:
        message = f"Received unknown parameters: {', '.join(paths)}"
    else:
        near = get_close_matches(names[0], list(known), n=1)
        hint = f". Did you mean {near[0]}?" if near else ""
        message = f"Received unknown parameter: {paths[0]}{hint}"
    raise invalid(message, param=paths[0], code="parameter_unknown")


def _inside(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


def _value(wanted: Any, raw: Any, at: str) -> Any:
    """One value by its annotation; `at` is its form name."""
    options = _options(wanted)
    if raw == "":
        return _empty(options, at)
    if isinstance(raw, (dict, list)):
        return _group(options, raw, at)
    return _scalar(options, raw, at)


def _options(wanted: Any) -> tuple[Any, ...]:
    """The members of a union, or the one type."""
    return get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)


def _literals(options: tuple[Any, ...]) -> list[str]:
    return [value for option in options if get_origin(option) is Literal for value in get_args(option)]


def _empty(options: tuple[Any, ...], at: str) -> str:
    # Stripe takes empty lines in addresses, which most shops send, though the types do not say so.
    if "" in _literals(options) or (options == (str,) and IN_ADDRESS.search(at)):
        return ""
    raise invalid(
        f"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{at}' cannot be unset. You should remove '{at}' from your request or supply a non-empty "
        "value.",
        param=at,
        code="parameter_invalid_empty",
    )


def _group(options: tuple[Any, ...], raw: dict[str, Any] | list[Any], at: str) -> Any:
    lists = [option for option in options if get_origin(option) is list]
    if lists:
        return _list(get_args(lists[0])[0], raw, at)
    maps = [option for option in options if get_origin(option) is dict]
    if maps:
        return _map(get_args(maps[0])[1], raw, at)
    objects = [option for option in options if is_typeddict(option)]
    if not objects:
        raise invalid(_expected(options, at), param=at)
    if not isinstance(raw, dict):
        raise invalid("Invalid object", param=at)
    return _first_fitting(objects, raw, at)


def _first_fitting(objects: list[type], raw: dict[str, Any], at: str) -> dict[str, Any]:
    """The first of several object types that takes `raw`; when none does, the first type's refusal."""
    refusals: list[StripeError] = []
    for params_type in objects:
        try:
            return _object(params_type, raw, at)
        except StripeError as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _list(item: Any, raw: dict[str, Any] | list[Any], at: str) -> list[Any]:
    if isinstance(raw, dict):
        if not all(key.isdecimal() for key in raw):
            raise invalid("Invalid array", param=at)
        raw = [raw[key] for key in sorted(raw, key=int)]
    return [_value(item, value, f"{at}[{position}]") for position, value in enumerate(raw)]


def _map(item: Any, raw: dict[str, Any] | list[Any], at: str) -> dict[str, Any]:
    entries = raw if isinstance(raw, dict) else {str(position): value for position, value in enumerate(raw)}
    if str not in _options(item):
        return {key: _value(item, value, f"{at}[{key}]") for key, value in entries.items()}
    return _metadata(entries, at)


def _metadata(entries: dict[str, Any], at: str) -> dict[str, str]:
    """Keys and values within Stripe's limits; an empty value asks to remove the key, so it stays."""
    if len(entries) > METADATA_KEYS_MAX:
        raise invalid(f"Metadata can have up to {METADATA_KEYS_MAX} keys; you passed in {len(entries)}.", param=at)
    for key, value in entries.items():
        path = f"{at}[{key}]"
        if not isinstance(value, str):
            raise invalid("Metadata values must be strings", param=path)
        _limit("keys", "key", key, METADATA_KEY_CHARS_MAX, at)
        _limit("values", "value", value, METADATA_VALUE_CHARS_MAX, path)
    return entries


def _limit(plural: str, noun: str, text: str, chars_max: int, at: str) -> None:
    if len(text) > chars_max:
        raise invalid(
            f"Metadata {plural} can have up to {chars_max} characters, but you passed in a {noun} that is "
            f"{len(text)} characters. Invalid {noun}: {text}",
            param=at,
        )


def _scalar(options: tuple[Any, ...], raw: str, at: str) -> Any:
    """A string by the first annotation that takes it; a closed list shuts the `| str` beside it."""
    literals = _literals(options)
    if raw in literals:
        return raw
    closed = any(literals)
    for option in options:
        convert = _CONVERSIONS.get(option)
        if convert is not None and not (closed and option is str):
            return convert(raw, at)
    raise invalid(_expected(options, at), param=at)


def _expected(options: tuple[Any, ...], at: str) -> str:
    """What should have been sent instead, in Stripe's words."""
    literals = [value for value in _literals(options) if value]
    if literals:
        name = re.findall(r"[^\[\]]+", at)[-1]
        return f"Invalid {name}: must be {_one_of(literals)}"
    if any(get_origin(option) is list for option in options):
        return "Invalid array"
    if any(is_typeddict(option) or get_origin(option) is dict for option in options):
        return "Invalid object"
    return f"Invalid {next(word for option, word in _NAMES.items() if option in options)}"


def _one_of(values: list[str]) -> str:
    if len(values) == 1:
        return values[0]
    comma = "," if len(values) > 2 else ""
    return f"one of {', '.join(values[:-1])}{comma} or {values[-1]}"


def _integer(raw: str, at: str) -> int:
    if INTEGER.fullmatch(raw) is None:
        raise invalid(f"Invalid integer: {raw}", param=at, code="parameter_invalid_integer")
    return int(raw)


def _boolean(raw: str, at: str) -> bool:
    if raw not in ("true", "false"):
        raise invalid(f"Invalid boolean: {raw}", param=at)
    return raw == "true"


def _decimal(raw: str, at: str) -> Decimal:
    if DECIMAL.fullmatch(raw) is None:
        raise invalid(f"Invalid decimal: {raw}", param=at)
    return Decimal(raw)


def _string(raw: str, at: str) -> str:
    if len(raw) > STRING_CHARS_MAX:
        shown = f"{raw[:4]}...{raw[-4:]}"
        raise invalid(f"Invalid string: {shown}; must be at most {STRING_CHARS_MAX} characters", param=at)
    return raw


_CONVERSIONS: dict[Any, Callable[[str, str], Any]] = {
    int: _integer,
    bool: _boolean,
    Decimal: _decimal,
    float: lambda raw, at: float(_decimal(raw, at)),
    str: _string,
}
_NAMES = {int: "integer", bool: "boolean", Decimal: "decimal", float: "decimal", str: "string"}
