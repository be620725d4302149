"""A mail is sent once for its fact, whatever dies in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.template import TemplateDoesNotExist

from people import attachments, clock, tasks
from people.models import Mail, Organisation
from people.operations.queue_mail import TASK, queue_mail
from people.operations.send_mail import ATTEMPTS_MAX, Outcome, send_next_mail
from people.tasks import send_mails

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def words(tmp_path: Any, settings: Any) -> None:
    """A template in two forms, and the organisation that signs it."""
    (tmp_path / "note.txt").write_text("Hello {{ name }}, from {{ org.display_name }}")
    (tmp_path / "note.html").write_text("<p>Hello {{ name }}</p>")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    Organisation.objects.create(display_name="Tassel Collective")


def queue(key: str = "order:1:paid", **more: Any) -> Mail:
    return queue_mail(
        key=key,
        to="ada@example.org",
        subject="Thank\n you",
        template="note",
        context={"name": "<Ada>"},
        now=NOW,
        **more,
    )


def test_one_fact_is_told_once() -> None:
    first, second = queue(), queue()

    assert first.pk == second.pk
    assert send_mails() == 1
    assert send_mails() == 0
    [message] = outbox.outbox
    assert message.subject == "Thank you"
    assert message.body == "Hello &lt;Ada&gt;, from Tassel Collective\n"
    assert message.alternatives[0][0] == "<p>Hello &lt;Ada&gt;</p>"


def test_a_mail_without_both_forms_is_a_mistake_at_once() -> None:
    with pytest.raises(TemplateDoesNotExist):
        queue_mail(key="x", to="a@example.org", subject="s", template="missing", context={}, now=NOW)


def test_a_rolled_back_fact_sends_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue()
        raise ZeroDivisionError

    assert send_mails() == 0


def test_a_server_that_fails_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    row = queue()

    def refuse(*_: Any) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        assert send_next_mail() is Outcome.TRIED_AGAIN_LATER
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_error) == ("queued", 1, "ConnectionRefusedError")
    assert send_next_mail() is Outcome.NOTHING_DUE

    Mail.objects.update(next_attempt_at=clock.wall_now())
    assert send_next_mail() is Outcome.SENT


def test_it_is_given_up_with_an_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    row = queue()
    Mail.objects.update(attempts=ATTEMPTS_MAX - 1)

    def refuse(*_: Any) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)

    assert send_next_mail() is Outcome.GIVEN_UP
    row.refresh_from_db()
    assert row.state == "failed"


def test_a_dead_workers_lease_runs_out() -> None:
    queue()
    Mail.objects.update(state="sending", lease_until=clock.wall_now() + timedelta(seconds=60))
    assert send_next_mail() is Outcome.NOTHING_DUE

    Mail.objects.update(lease_until=clock.wall_now() - timedelta(seconds=1))
    assert send_next_mail() is Outcome.SENT


def test_a_slow_server_leaves_the_rest_to_the_next_wake_up(monkeypatch: pytest.MonkeyPatch) -> None:
    queue("order:1:paid")
    queue("order:2:paid")
    monkeypatch.setattr(tasks, "WORK_FOR_S", -1)
    woken: list[str] = []
    monkeypatch.setattr(tasks, "wake", woken.append)

    assert send_mails() == 1
    assert woken == [TASK]


def test_a_mail_waits_for_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, bytes] = {}
    monkeypatch.setitem(attachments._resolvers, "paper", files.get)
    row = queue(attachment_ref="paper:1", attachment_name="statement.pdf")

    assert send_next_mail() is Outcome.WAITS_FOR_FILE
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 0)

    files["paper:1"] = b"%PDF"
    Mail.objects.update(next_attempt_at=clock.wall_now())
    assert send_next_mail() is Outcome.SENT
    assert outbox.outbox[0].attachments[0][:2] == ("statement.pdf", b"%PDF")


def test_the_words_of_a_secret_mail_are_cut_once_it_is_sent() -> None:
    row = queue()
    Mail.objects.update(secret=True)

    send_mails()

    row.refresh_from_db()
    assert (row.state, row.text, row.html) == ("sent", "", "")
    assert "Hello" in outbox.outbox[0].body
