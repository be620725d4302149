"""How the ledger reaches a person: one mail for a fact, to the organisation's contact."""

from __future__ import annotations

from datetime import datetime

import structlog

from people.operations.queue_mail import queue_mail
from people.queries import organisation

log = structlog.get_logger(__name__)


def tell_contact(*, key: str, subject: str, template: str, context: dict[str, object], now: datetime) -> None:
    """Queue the mail, once for its key; without a contact address only the log tells it."""
    to = organisation().contact_email
    if not to:
        log.warning("nobody_told", key=key, why="the organisation has no contact address")
        return
    queue_mail(key=key, to=to, subject=subject, template=template, context=context, now=now)
