"""What the SDK's resource classes say about the objects: which class, which fields, which of them can be expanded."""

from __future__ import annotations

import inspect
import sys
import typing
from functools import cache
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

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


def values(object_name: str, name: str) -> set[str]:
    """The values that the SDK lists for a field of a resource."""
    cls: type = resource_class(object_name)
    return {value for part in parts(fields(cls)[name]) if get_origin(part) is Literal for value in get_args(part)}


def is_expandable(hint: Any) -> bool:
    """Whether a field of this type is an id that `expand` turns into an object."""
    members = parts(hint)
    return str in members and any(isinstance(member, ForwardRef) for member in members)


def is_required(hint: Any) -> bool:
    """Whether every object carries the field with a value."""
    return type(None) not in parts(hint)


def is_list_object(hint: Any) -> bool:
    """Whether a field holds a list object with its items under `data`."""
    return any(get_origin(part) is stripe.ListObject for part in parts(hint))


def targets(hint: Any) -> list[type[StripeObject]]:
    """Classes of the objects that a field may hold, directly, in a list or once expanded."""
    found = []
    for part in parts(hint):
        inner = parts(get_args(part)[0]) if get_origin(part) in (list, stripe.ListObject) else [part]
        found += [named for named in map(_named, inner) if isinstance(named, type)]
    return [cls for cls in found if issubclass(cls, StripeObject)]


def _named(part: Any) -> Any:
    """The class a forward reference means; the SDK imports some under another name, CardResource for Card."""
    if not isinstance(part, ForwardRef):
        return part
    name = part.__forward_arg__
    return getattr(stripe, name, None) or getattr(stripe, name.removesuffix("Resource"), None)


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


def parts(hint: Any) -> list[Any]:
    """The members of a union, or the type alone."""
    if get_origin(hint) is Union or type(hint).__name__ == "UnionType":
        return [member for argument in get_args(hint) for member in parts(argument)]
    return [hint]
