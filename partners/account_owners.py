"""Which of our partners and bank accounts somebody means who writes an account's owner by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from partners.models import BankAccount, Partner


def partners(refs: Collection[str]) -> Mapping[str, str]:
    """ "partner:dahlias-hope" or "partner:7" -> "partner:7"; unknown ones are absent. One query."""
    known = {f"partner:{name}": row.owner for row in Partner.objects.all() for name in (row.slug, row.pk)}
    return {ref: known[ref] for ref in refs if ref in known}


def banks(refs: Collection[str]) -> Mapping[str, str]:
    """ "bank:1" as it is, when there is such an account. One query."""
    known = {f"bank:{pk}" for pk in BankAccount.objects.values_list("pk", flat=True)}
    return {ref: ref for ref in refs if ref in known}


def partners_named() -> list[tuple[str, str]]:
    """[("partner:7", "Dahlia's Hope")] One query."""
    return [(row.owner, row.name) for row in Partner.objects.order_by("name")]


def banks_named() -> list[tuple[str, str]]:
    """[("bank:1", "Checking (1234)")] One query."""
    return [(row.ref, str(row)) for row in BankAccount.objects.all()]
