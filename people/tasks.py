"""The worker's hands for people: mail."""

from __future__ import annotations

from celery import shared_task

from people.operations.send_mail import Outcome, send_next_mail
from people.wake import woken


@shared_task(name="people.tasks.send_mails", ignore_result=True)
def send_mails() -> int:
    """Send every mail that is due; also the sweep, since due rows are found by themselves. Returns how many went."""
    woken("people.tasks.send_mails")
    sent = 0
    while (outcome := send_next_mail()) is not Outcome.NOTHING_DUE:
        sent += outcome is Outcome.SENT
    return sent
