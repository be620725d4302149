"""Every bank number is encrypted with the newest key, so that older keys can be taken away."""

from __future__ import annotations

from django.db import transaction

from partners.bank_numbers import sealed_anew
from partners.models import PayoutDestination


@transaction.atomic
def rotate_bank_keys() -> int:
    """Encrypt all of them anew, or none; returns how many there are. Raises NoKeys, NotOpened."""
    rows = list(PayoutDestination.objects.select_for_update().exclude(sealed_numbers="").order_by("id"))
    for row in rows:
        row.sealed_numbers = sealed_anew(row.sealed_numbers)
        row.save(update_fields=["sealed_numbers"])
    return len(rows)
