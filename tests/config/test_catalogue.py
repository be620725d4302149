"""The catalogue file becomes rows, and loading it again changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers

from config import catalogue
from donations.models import Campaign, Fund
from partners.models import Agreement, Partner
from people.models import Organisation
from shop.models import Product, Variant
from tests.config.conftest import load

OURS = ("shop", "donations", "partners", "people", "ledger")


def rows() -> dict[str, Any]:
    """Every row of ours."""
    return {
        model._meta.label: serializers.serialize("python", model._default_manager.order_by("pk"))
        for model in apps.get_models()
        if model._meta.app_label in OURS and model._meta.managed
    }


def test_the_first_catalogue(shelf: None) -> None:
    org = Organisation.objects.get()
    agreements = {
        (agreement.partner.slug, agreement.scope_key): (agreement.rate_num, agreement.rate_den, agreement.state)
        for agreement in Agreement.objects.select_related("partner")
    }

    assert (org.display_name, org.currency, str(org.zone)) == ("Tassel Collective", "usd", "America/Chicago")
    assert set(Partner.objects.values_list("slug", flat=True)) == {"dahlias-hope", "restoration-house-kc"}
    assert agreements == {
        ("dahlias-hope", "product:valor-tassel-earrings"): (20, 100, "active"),
        ("restoration-house-kc", "product:rehope-tassel-earrings"): (20, 100, "active"),
        ("dahlias-hope", "fund:seed-collective"): (40, 100, "active"),
        ("restoration-house-kc", "fund:seed-collective"): (40, 100, "active"),
    }
    assert all(agreement.approved_by_id != agreement.prepared_by_id for agreement in Agreement.objects.all())
    assert Product.objects.filter(slug="valor-tassel-earrings").exists()
    assert all(variant.price_minor > 0 for variant in Variant.objects.all())
    assert Campaign.objects.get().fund == Fund.objects.get(slug="seed-collective")


def test_loading_it_again_changes_nothing(shelf: None) -> None:
    before = rows()

    load()

    assert rows() == before
    assert sum(map(len, before.values())) > 20


def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "catalogue.json"
    wrong.write_text("{'organisation': ")

    with pytest.raises(json.JSONDecodeError):
        catalogue.read(wrong)
