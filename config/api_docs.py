"""The API's reference as a page of our own, made of the same schema that programs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

Schema = Mapping[str, Any]
Shapes = Mapping[str, Schema]


@dataclass(frozen=True, slots=True)
class Field:
    """One field or parameter: its type in words, and the thing of ours that it holds (empty for a plain value)."""

    name: str
    type: str
    thing: str
    words: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One door."""

    name: str
    method: str
    path: str
    summary: str
    words: str
    parameters: tuple[Field, ...]
    answer: Field


@dataclass(frozen=True, slots=True)
class Thing:
    """One shape that doors answer with."""

    name: str
    words: str
    fields: tuple[Field, ...]


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every door of the API, what it wants and what it answers."""
    operations, things = reference()
    context = {"operations": operations, "things": things, "base_url": settings.BASE_URL}
    return render(request, "api_docs.html", context)


@cache
def reference() -> tuple[tuple[Operation, ...], tuple[Thing, ...]]:
    """Doors and shapes in the order of the schema; the same for the life of a process."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    shapes: Shapes = schema["components"]["schemas"]
    operations = tuple(
        _operation(path, method, operation, shapes)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    )
    things = tuple(
        Thing(name, shape.get("description", ""), _fields(shape, shapes))
        for name, shape in shapes.items()
        if "properties" in shape
    )
    return operations, things


def _operation(path: str, method: str, operation: Schema, shapes: Shapes) -> Operation:
    summary, words = operation.get("summary", ""), operation.get("description", "")
    success = operation["responses"]["200"]["content"]["application/json"]["schema"]
    parameters = sorted(operation.get("parameters", ()), key=lambda parameter: parameter["in"] != "path")
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=summary or words,
        words=words if summary else "",
        parameters=tuple(
            _field(parameter["name"], parameter["schema"] | {"description": parameter.get("description", "")}, shapes)
            for parameter in parameters
        ),
        answer=_field("", success, shapes),
    )


def _fields(shape: Schema, shapes: Shapes) -> tuple[Field, ...]:
    return tuple(_field(name, field, shapes) for name, field in shape["properties"].items())


def _field(name: str, schema: Schema, shapes: Shapes) -> Field:
    words = schema.get("description", "").partition("\n")[0]
    held = schema["items"] if schema.get("type") == "array" else schema
    held = held["allOf"][0] if "allOf" in held else held
    thing = held.get("$ref", "").rpartition("/")[2]
    if thing and "properties" not in shapes[thing]:
        thing, held = "", shapes[thing]
    kind = "" if thing else " or ".join(held.get("enum", ())) or held.get("format") or held["type"]
    before = "list of " if schema.get("type") == "array" else ""
    after = " or null" if schema.get("nullable") else ""
    return Field(name, f"{before}{kind}{after}".strip(), thing, words)
