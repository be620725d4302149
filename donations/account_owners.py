"""Which of our funds somebody means who writes an account's owner by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from donations.models import Fund


def funds(refs: Collection[str]) -> Mapping[str, str]:
    """ "fund:seed-collective" as it is, when there is such a fund. One query."""
    known = {f"fund:{slug}" for slug in Fund.objects.values_list("slug", flat=True)}
    return {ref: ref for ref in refs if ref in known}


def funds_named() -> list[tuple[str, str]]:
    """[("fund:seed-collective", "Seed Collective")] One query."""
    return [(f"fund:{slug}", name) for slug, name in Fund.objects.order_by("name").values_list("slug", "name")]
