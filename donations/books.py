"""What must always be true between donations' rows and the books; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Concat

from donations.models import Gift
from ledger.models import Entry, Posting


def paid_gifts_booked() -> Iterable[str]:
    """Each paid gift stands in the books with the amount that was charged, and each gift entry is of a paid gift."""
    posted = (
        Posting.objects.filter(entry__idempotency_key=OuterRef("gift_key"))
        .order_by()
        .values("entry")
        .annotate(total=Sum("amount_minor", filter=Q(debit__purpose="clearing")))
    )
    paid = Gift.objects.filter(state=Gift.State.PAID).annotate(gift_key=Concat("charge_ref", Value(":gift")))
    booked = paid.annotate(booked=Subquery(posted.values("total"), output_field=BigIntegerField()))
    wrong = Q(booked__isnull=True) | ~Q(booked=F("charged_minor"))
    for gift in booked.filter(wrong).order_by("pk"):
        yield f"{gift.ref}: {gift.charged_minor} charged by {gift.charge_ref}, {gift.booked or 0} in the gift entry"
    gifts = Entry.objects.filter(kind="gift").exclude(Exists(paid.filter(gift_key=OuterRef("idempotency_key"))))
    for key in gifts.order_by("pk").values_list("idempotency_key", flat=True):
        yield f"{key}: a gift entry of no paid gift"


CHECKS: dict[str, Callable[[], Iterable[str]]] = {"each paid gift has its entry, to the cent": paid_gifts_booked}
