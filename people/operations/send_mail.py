"""A queued mail reaches the mail server, or is tried again later, or is given up with an alert."""

from __future__ import annotations

import mimetypes
from datetime import timedelta
from enum import StrEnum

import structlog
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q

from people import attachments, clock
from people.models import Mail

ATTEMPTS_MAX = 12
LEASE = timedelta(seconds=60)
BACK_OFF_MAX = timedelta(hours=6)
WAIT_FOR_FILE = timedelta(seconds=5)
log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    SENT = "sent"
    WAITS_FOR_FILE = "waits_for_file"
    TRIED_AGAIN_LATER = "tried_again_later"
    GIVEN_UP = "given_up"
    NOTHING_DUE = "nothing_due"


def send_next_mail() -> Outcome:
    """Lease the mail that has been due longest, send it, and keep what happened.

    The lease is committed before the server is spoken to, so two workers never send one mail at once; a worker that
    dies leaves a lease that runs out. Returns NOTHING_DUE when no mail waits.
    """
    mail = _lease()
    if mail is None:
        return Outcome.NOTHING_DUE
    try:
        message = _message(mail)
        if message is None:
            return _later(mail, WAIT_FOR_FILE, "waits for its file", Outcome.WAITS_FOR_FILE)
        message.send()
    except Exception as error:  # noqa: BLE001 - one mail's trouble must not stop the others
        return _failed(mail, error)
    return _sent(mail)


def _lease() -> Mail | None:
    now = clock.wall_now()
    due = Q(state=Mail.State.QUEUED, next_attempt_at__lte=now) | Q(state=Mail.State.SENDING, lease_until__lt=now)
    with transaction.atomic():
        mail = Mail.objects.select_for_update(skip_locked=True).filter(due).order_by("next_attempt_at", "id").first()
        if mail is not None:
            mail.state, mail.lease_until, mail.attempts = Mail.State.SENDING, now + LEASE, mail.attempts + 1
            mail.save(update_fields=["state", "lease_until", "attempts"])
    return mail


def _message(mail: Mail) -> EmailMultiAlternatives | None:
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.to])
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    if mail.attachment_ref:
        content = attachments.resolve(mail.attachment_ref)
        if content is None:
            return None
        kind = mimetypes.guess_type(mail.attachment_name)[0] or "application/octet-stream"
        message.attach(mail.attachment_name, content, kind)
    return message


def _sent(mail: Mail) -> Outcome:
    mail.state, mail.sent_at, mail.lease_until, mail.last_error = Mail.State.SENT, clock.wall_now(), None, ""
    if mail.secret:
        mail.subject, mail.text, mail.html = "A sign-in code", "", ""
    mail.save(update_fields=["state", "sent_at", "lease_until", "last_error", "subject", "text", "html"])
    return Outcome.SENT


def _later(mail: Mail, wait: timedelta, reason: str, outcome: Outcome) -> Outcome:
    mail.state, mail.lease_until, mail.last_error = Mail.State.QUEUED, None, reason[:200]
    mail.next_attempt_at = clock.wall_now() + wait
    if outcome is Outcome.WAITS_FOR_FILE:
        mail.attempts -= 1  # waiting is no failure
    mail.save(update_fields=["state", "lease_until", "last_error", "next_attempt_at", "attempts"])
    return outcome


def _failed(mail: Mail, error: Exception) -> Outcome:
    log.warning("mail_not_sent", mail=mail.pk, attempts=mail.attempts, error=type(error).__name__)
    if mail.attempts < ATTEMPTS_MAX:
        wait = min(timedelta(seconds=15) * 2 ** (mail.attempts - 1), BACK_OFF_MAX)
        return _later(mail, wait, type(error).__name__, Outcome.TRIED_AGAIN_LATER)
    mail.state, mail.lease_until, mail.last_error = Mail.State.FAILED, None, type(error).__name__
    mail.save(update_fields=["state", "lease_until", "last_error"])
    log.error("mail_given_up", mail=mail.pk)
    return Outcome.GIVEN_UP
