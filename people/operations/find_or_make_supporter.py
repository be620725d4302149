"""Somebody who paid is known by their address, and what they type never edits who they already are."""

from __future__ import annotations

from datetime import datetime

from people.models import Supporter


def find_or_make_supporter(*, email: str, name: str = "", now: datetime) -> Supporter:
    """The supporter with this address (case does not matter), made with `name` when there is none.

    An existing row is returned as it is: DESIGN.md section 1.14. Safe against a rival making the same one.
    """
    address = email.strip().lower()
    supporter, _ = Supporter.objects.get_or_create(email=address, defaults={"name": name.strip(), "created_at": now})
    return supporter
