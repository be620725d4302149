"""What `gift:7` means to staff who follow a share back to its payment."""

from __future__ import annotations

from django.urls import reverse

from donations.models import Gift
from people.sources import Source


def describe_gifts(refs: list[str]) -> dict[str, Source]:
    """References of gifts in words, with where to open them: no donor's name, which is not needed here."""
    ids = [int(number) for ref in refs if (number := ref.partition(":")[2]).isdigit()]
    return {
        gift.ref: Source(
            f"{'Monthly gift' if gift.plan_id else 'Gift'} {gift.pk} to {gift.fund.name}",
            reverse("admin:donations_gift_change", args=[gift.pk]),
        )
        for gift in Gift.objects.filter(pk__in=ids).select_related("fund")
    }
