"""The mail server keeps what it is sent, byte for byte, through a restart."""

from __future__ import annotations

import json
import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from sandbox.mail import Mailbox


class Clock:
    """Stands still, and can be put forward."""

    at = 1_800_000_000

    def now(self) -> int:
        return self.at


def letter(subject: str = "Your receipt", to: str = "ada@example.org") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "Tassel <shop@example.org>"
    mail["To"] = to
    mail.set_content("Thank you, Zoë.\n")
    mail.add_alternative("<p>Thank you, Zoë.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.7\r\n.\r\n\x00\xff", maintype="application", subtype="pdf", filename="receipt.pdf")
    return mail


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailbox(clock: Clock) -> Iterator[Mailbox]:
    box = Mailbox(clock)
    yield box
    box.stop()


def send(port: int, *mails: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        for mail in mails:
            server.send_message(mail)


def test_a_mail_sent_by_smtp_is_kept_whole(mailbox: Mailbox) -> None:
    send(mailbox.start(0), letter())

    (message,) = mailbox.messages
    assert message.subject == "Your receipt"
    assert message.recipients == ("ada@example.org",)
    assert message.received_at == Clock.at
    assert message.text.strip() == "Thank you, Zoë."
    assert message.html.strip() == "<p>Thank you, Zoë.</p>"
    (file,) = message.attachments
    assert (file.filename, file.content_type) == ("receipt.pdf", "application/pdf")
    assert file.content == b"%PDF-1.7\r\n.\r\n\x00\xff"


def test_newest_is_first(mailbox: Mailbox) -> None:
    send(mailbox.start(0), letter("one"), letter("two"))

    assert [message.subject for message in mailbox.messages] == ["two", "one"]


def test_only_this_machine_can_send(mailbox: Mailbox) -> None:
    port = mailbox.start(0)
    others = [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)]

    for address in others:
        if not address.startswith("127."):
            with pytest.raises(OSError):
                socket.create_connection((address, port), timeout=1)
    with socket.create_connection(("127.0.0.1", port), timeout=1) as caller:
        assert caller.recv(3) == b"220"


def test_blind_copies_are_found_by_the_envelope(mailbox: Mailbox) -> None:
    mail = letter()
    mail["Bcc"] = "auditor@example.org"

    send(mailbox.start(0), mail)

    assert [message.subject for message in mailbox.addressed_to("Auditor@Example.org")] == ["Your receipt"]
    assert mailbox.addressed_to("nobody@example.org") == []


def test_a_recipient_is_found_whatever_the_case(mailbox: Mailbox) -> None:
    kept = mailbox.receive("shop@example.org", ["Ada@Example.ORG"], letter().as_bytes())

    assert mailbox.addressed_to("ada@example.org") == [kept]


def test_everything_survives_a_restart(mailbox: Mailbox, clock: Clock) -> None:
    first = mailbox.receive("shop@example.org", ["ada@example.org"], letter("one").as_bytes())
    mailbox.receive("shop@example.org", ["ada@example.org"], letter("two").as_bytes())

    again = Mailbox(clock)
    again.load(json.loads(json.dumps(mailbox.to_json())))

    assert again.messages == mailbox.messages
    assert again.find(first.id) == first


def test_a_port_can_be_used_again_after_stop(mailbox: Mailbox) -> None:
    port = mailbox.start(0)
    mailbox.stop()

    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    assert mailbox.start(port) == port


@pytest.mark.filterwarnings("error")
def test_stop_hangs_up_on_whoever_is_connected(mailbox: Mailbox) -> None:
    with socket.create_connection(("127.0.0.1", mailbox.start(0)), timeout=5) as caller:
        caller.recv(100)
        mailbox.stop()
        mailbox.stop()

        assert caller.recv(100) == b""


def test_a_broken_mail_is_kept_and_can_be_read(mailbox: Mailbox) -> None:
    message = mailbox.receive("shop@example.org", ["ada@example.org"], b"\xff\xfe no headers at all")

    assert message.subject == ""
    assert message.to_json()["attachments"] == []


def test_clear_forgets(mailbox: Mailbox) -> None:
    mailbox.receive("shop@example.org", ["ada@example.org"], b"Subject: x\n\n")

    mailbox.clear()

    assert mailbox.messages == []
