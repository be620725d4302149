"""A journey whose books do not add up fails."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from people import clock
from shop.models import Variant
from tests.green_books import what_is_wrong
from tests.shop.conftest import make_shelf


def test_every_journey_is_asked_and_what_does_not_add_up_is_wrong(request: pytest.FixtureRequest) -> None:
    call_command("prepare")
    make_shelf(clock.wall_now())
    Variant.objects.filter(sku="PLAIN").update(reserved=1)

    wrong = what_is_wrong()

    Variant.objects.filter(sku="PLAIN").update(reserved=0)
    assert "green_books" in request.fixturenames
    assert len(wrong) == 1
    assert wrong[0].endswith("holds: PLAIN: on hand 20, movements 20; reserved 1, holds 0")
