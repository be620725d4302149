"""Which of our funds somebody means who writes an account's owner by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from donations.models import Fund


def funds(refs: Collection[str]) -> Mapping[str, str]:
    """ "fund:seed-collective" as it is, when there is such a fund. One query."""
    known = {f"fund:{slug}" for slug in Fund.objects.values_list("slug", flat=True)}
    return {ref: ref for ref in refs if ref in known}
