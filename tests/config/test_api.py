"""The API for programs: a schema that is valid and true, one shape for every error, a reference that runs no script."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import schemathesis
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import Http404
from django.test import Client
from django.urls import path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import api_docs
from config.urls import handler404, handler500
from config.urls import urlpatterns as product_urls

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.test_api")]
ERRORS = {
    "field": ValidationError({"amount": ["Use at most 2 decimals."]}),
    "plain": ValidationError(["Nothing fits."]),
    "missing": Http404(),
    "refused": PermissionDenied(),
    "fault": RuntimeError("a secret of ours"),
}


class Wrong(APIView):
    """Fails as the tests want it."""

    schema = None

    def get(self, request: Request, how: str) -> Response:
        raise ERRORS[how]

    def post(self, request: Request, how: str) -> Response:
        return Response(request.data)


urlpatterns = [path("api/v1/wrong/<str:how>", Wrong.as_view()), *product_urls]
__all__ = ["handler404", "handler500"]


@pytest.fixture
def lenient() -> Client:
    """A browser that shows a fault's answer in place of raising it."""
    return Client(raise_request_exception=False)


def schema_document() -> dict[str, Any]:
    out = io.StringIO()
    call_command("spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn", stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


# What it answers


def test_products_with_what_they_give(shelf: None, client: Client) -> None:
    answer = client.get("/api/v1/products").json()

    by_slug = {product["slug"]: product["variants"][0] for product in answer["results"]}
    assert answer["count"] == 3
    assert by_slug["valor-tassel-earrings"]["price_minor"] == 2400
    assert by_slug["valor-tassel-earrings"]["shares"] == [
        {"partner": "dahlias-hope", "name": "Dahlia's Hope", "amount_minor": 480}
    ]
    assert by_slug["plain-tassel-earrings"]["shares"] == []


def test_a_partners_totals(shelf: None, client: Client) -> None:
    answer = client.get("/api/v1/partners/dahlias-hope/totals", {"month": "2026-10"}).json()

    assert (answer["partner"], answer["month"], answer["closing_minor"]) == ("dahlias-hope", "2026-10", 0)


def test_it_asks_for_no_session(shelf: None, client: Client) -> None:
    answer = client.get("/api/v1/products", headers={"Cookie": "sessionid=nonsense"})

    assert (answer.status_code, answer.cookies) == (200, {})
    assert "Cookie" not in answer.get("Vary", "")


# Errors


def error(answer: Any) -> tuple[int, str, str, dict[str, Any]]:
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    assert sorted(body["error"]) == ["code", "fields", "message"]
    return answer.status_code, body["error"]["code"], body["error"]["message"], body["error"]["fields"]


NOTHING = "There is nothing at this address."


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/products/no-such-design",
        "/api/v1/orders/no-such-token",
        "/api/v1/partners/nobody/totals",
        "/api/v1/partners/no%20slug/totals",
        "/api/v1/products/",
        "/api/v2/products",
        "/api/",
    ],
)
def test_what_is_not_there(address: str, shelf: None, client: Client) -> None:
    status, code, message, fields = error(client.get(address))

    assert (status, code, fields) == (404, "not_found", {})
    assert message


@pytest.mark.parametrize("month", ["", "October", "2026-13", "2026-1", "0001-01", "9999-12", "\x00", "2026-10-01"])
def test_a_wrong_month(month: str, shelf: None, client: Client) -> None:
    answer = client.get("/api/v1/partners/dahlias-hope/totals", {"month": month})

    assert error(answer) == (
        400,
        "invalid",
        "Some fields need another value.",
        {"month": ["Write the month as year and month, such as 2026-10."]},
    )


@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "99999999999999999999"])
def test_a_page_that_is_not_there(number: str, shelf: None, client: Client) -> None:
    assert error(client.get("/api/v1/products", {"page": number}))[:2] == (404, "not_found")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_method_that_is_not_allowed(method: str, shelf: None, client: Client) -> None:
    status, code, message, _ = error(getattr(client, method)("/api/v1/products"))

    assert (status, code, message) == (405, "method_not_allowed", f'Method "{method.upper()}" not allowed.')


def test_a_body_of_another_kind_and_a_broken_one(client: Client) -> None:
    other = client.post("/api/v1/wrong/field", b"a=1", content_type="application/x-www-form-urlencoded")
    broken = client.post("/api/v1/wrong/field", b'{"a": ', content_type="application/json")

    assert error(other)[:2] == (415, "unsupported_media_type")
    assert error(broken)[:2] == (400, "parse_error")


def test_only_json_is_answered(shelf: None, client: Client) -> None:
    assert error(client.get("/api/v1/products", headers={"Accept": "application/xml"}))[:2] == (406, "not_acceptable")


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("field", (400, "invalid", "Some fields need another value.", {"amount": ["Use at most 2 decimals."]})),
        (
            "plain",
            (400, "invalid", "Some fields need another value.", {"non_field_errors": ["Nothing fits."]}),
        ),
        ("missing", (404, "not_found", NOTHING, {})),
        ("refused", (403, "permission_denied", "You may not do this.", {})),
        ("fault", (500, "fault", "This is our fault; it has been written down. Try again later.", {})),
    ],
)
def test_every_trouble_has_one_shape(how: str, expected: Any, lenient: Client) -> None:
    answer = lenient.get(f"/api/v1/wrong/{how}")

    assert error(answer) == expected
    assert b"a secret of ours" not in answer.content


def test_elsewhere_trouble_is_a_page(shelf: None, lenient: Client) -> None:
    answer = lenient.get("/no/such/page/")

    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


# The schema


def test_the_schema_is_valid_and_names_every_door() -> None:
    document = schema_document()

    assert set(document["paths"]) == {
        "/api/v1/products",
        "/api/v1/products/{slug}",
        "/api/v1/orders/{token}",
        "/api/v1/partners/{slug}/totals",
    }
    products = document["paths"]["/api/v1/products"]["get"]["responses"]["200"]["content"]["application/json"]
    assert products["schema"] == {"$ref": "#/components/schemas/PaginatedProductList"}
    assert all(
        "4XX" in operation["responses"] for methods in document["paths"].values() for operation in methods.values()
    )
    assert "securitySchemes" not in document["components"], "nothing needs a key"


def test_the_schema_can_be_fetched(client: Client) -> None:
    answer = client.get("/api/v1/schema?format=json")

    assert answer.status_code == 200
    assert json.loads(answer.content) == schema_document()


SLUGS = {"products": "valor-tassel-earrings", "partners": "dahlias-hope"}


def test_every_answer_is_as_the_schema_says(shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred requests or so, sensible and not: no fault, no undocumented status, no answer of another shape."""
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)  # the test's transaction is in it
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema?format=json", WSGIHandler())
    statuses: set[int] = set()
    for found in schema.get_all_operations():

        @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
        @given(case=found.ok().as_strategy(), known=st.booleans())
        def ask(case: Any, known: bool) -> None:
            if known and "slug" in case.path_parameters:
                case.path_parameters["slug"] = next(slug for word, slug in SLUGS.items() if word in case.path)
            statuses.add(case.call_and_validate().status_code)

        ask()

    assert statuses == {200, 404}


# The reference


def test_the_reference_says_every_door_and_shape(shelf: None, client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()

    for said in (
        "/api/v1/products",
        "/api/v1/orders/{token}",
        "What a partner was promised, was paid and is owed",
        "A calendar month of the organisation&#x27;s zone, such as 2026-10.",
        'list of <a href="#Variant">Variant</a>',
        'id="Error"',
        "promised or paid",
        "curl http://localhost:8000/api/v1/partners/{slug}/totals",
    ):
        assert said in page


def test_every_link_of_the_reference_leads_to_a_shape(shelf: None, client: Client) -> None:
    operations, things = api_docs.reference()

    names = {thing.name for thing in things}
    fields = [field for thing in things for field in thing.fields] + [operation.answer for operation in operations]
    assert {field.thing for field in fields if field.thing} <= names
    assert all(field.type or field.thing for field in fields)
