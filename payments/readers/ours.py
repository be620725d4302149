"""Whose a subscription is: by our own row where another system began it, else by the metadata that we gave it."""

from __future__ import annotations

from typing import Any

from payments.models import AdoptedSubscription
from payments.readers.words import word


def named_by(subscription_ref: str, metadata: Any) -> tuple[str, str]:
    """Kind and subject, both empty for what is not ours. Our row comes first: the metadata may be another system's."""
    adopted = AdoptedSubscription.objects.filter(subscription_id=subscription_ref).values_list("kind", "subject")
    return adopted.first() or (word(metadata, "kind"), word(metadata, "subject"))
