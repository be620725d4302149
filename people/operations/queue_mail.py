"""A mail is written down, once for its fact, and a worker is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from people import clock
from people.models import Mail
from people.queries import organisation
from people.wake import wake

TASK = "people.tasks.send_mails"


def queue_mail(
    *,
    key: str,
    to: str,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    now: datetime,
    attachment_ref: str = "",
    attachment_name: str = "",
) -> Mail:
    """Render `<template>.txt` and `<template>.html` and keep the mail for sending; the same key gives the first row.

    Call it inside the business transaction: no mail for what was rolled back, none lost for what was committed.
    `attachment_ref` names a document that the mail waits for. Raises TemplateDoesNotExist for a template without
    its two forms.
    """
    known = dict(context) | {"org": organisation(), "base_url": settings.BASE_URL}
    mail, made = Mail.objects.get_or_create(
        key=key,
        defaults={
            "to": to,
            "subject": " ".join(subject.split()),
            "text": render_to_string(f"{template}.txt", known).strip() + "\n",
            "html": render_to_string(f"{template}.html", known),
            "attachment_ref": attachment_ref,
            "attachment_name": attachment_name,
            "created_at": now,
            "next_attempt_at": clock.wall_now(),
        },
    )
    if made:
        wake(TASK)
    return mail
