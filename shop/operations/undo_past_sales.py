"""An import of past sales is taken out again, whole; the file can be mended and imported anew."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from partners.models import PastShare
from people.models import User
from shop.models import PastSale, PastSalesImport


class NoSuchImport(LookupError):
    """There is no import with this number, or it was taken out before."""


@transaction.atomic
def undo_past_sales(*, import_id: int, by: User, now: datetime) -> int:
    """Delete the import's sales and shares; how many sales. Supporters stay. Raises NoSuchImport."""
    imported = PastSalesImport.objects.select_for_update().filter(pk=import_id, undone_at__isnull=True).first()
    if imported is None:
        raise NoSuchImport(f"There is no import {import_id} that stands.")
    sales = PastSale.objects.filter(imported=imported)
    refs = sales.values_list(Concat(Value("past_sale:"), Cast(F("pk"), CharField())))
    PastShare.objects.filter(source__in=refs).delete()
    number = sales.count()
    sales.delete()
    imported.undone_by, imported.undone_at = by, now
    imported.save(update_fields=["undone_by", "undone_at"])
    return number
