"""How allauth behaves here: no sign-up by strangers, no passwords, and mail through our own rows."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from people import clock
from people.models import Mail
from people.operations.queue_mail import TASK
from people.queries import organisation
from people.wake import wake


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from gifts, orders and staff, never from a form; codes are mailed by the worker."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Keep allauth's mail as a row, so that a code is sent even when the mail server hiccups; cut once sent."""
        message = self.render_mail(template_prefix, email, context | {"email": email, "org": organisation()})
        Mail.objects.create(
            key=f"account:{uuid.uuid4()}",
            to=email,
            subject=message.subject[:200],
            text=message.body,
            secret=True,
            created_at=clock.now(),
            next_attempt_at=clock.wall_now(),
        )
        wake(TASK)
