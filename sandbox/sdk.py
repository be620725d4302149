"""What the SDK's resource classes say about the objects: which class, which fields, which of them can be expanded."""

from __future__ import annotations

import inspect
import sys
import typing
from functools import cache
from typing import Any, ForwardRef, Union, get_args, get_origin

import stripe
from stripe import StripeObject
from stripe._object_classes import get_object_class


@cache
def resource_class(object_name: str) -> type[StripeObject]:
    """The SDK's class for an `object` value; StripeObject itself for one that the SDK does not know."""
    return get_object_class("V1", object_name)


@cache
def fields(cls: type) -> dict[str, Any]:
    """{name: type} of a resource class or one nested in it; names only a type checker imports are ForwardRef."""
    scope = _Scope(vars(typing) | vars(stripe) | vars(sys.modules[cls.__module__]) | vars(cls))
    return {
        name: _resolved(hint, scope) for name, hint in inspect.get_annotations(cls).items() if name != "OBJECT_NAME"
    }


def is_expandable(hint: Any) -> bool:
    """Whether a field of this type is an id that `expand` turns into an object."""
    parts = _parts(hint)
    return str in parts and any(isinstance(part, ForwardRef) for part in parts)


def is_required(hint: Any) -> bool:
    """Whether every object carries the field with a value."""
    return type(None) not in _parts(hint)


def nested_class(hint: Any) -> type | None:
    """The class of the object (or of the objects in the list) that a field holds, if it is one of the class's own."""
    for part in _parts(hint):
        inner = get_args(part)[0] if get_origin(part) is list else part
        if isinstance(inner, type) and issubclass(inner, StripeObject):
            return inner
    return None


class _Scope(dict[str, Any]):
    def __missing__(self, name: str) -> ForwardRef:
        return ForwardRef(name)


def _resolved(hint: Any, scope: _Scope) -> Any:
    if isinstance(hint, ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        # The text is the SDK's own source, read from its classes.
        hint = eval(hint, {}, scope)  # noqa: S307
    return hint


def _parts(hint: Any) -> list[Any]:
    if get_origin(hint) is Union or type(hint).__name__ == "UnionType":
        return [part for argument in get_args(hint) for part in _parts(argument)]
    return [hint]
