"""A mail server that keeps everything and sends nothing on."""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from functools import cached_property
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGES_MAX = 5_000
MESSAGE_BYTES_MAX = 25 * 1024 * 1024


class HasNow(Protocol):
    """What the mailbox needs of a clock."""

    def now(self) -> int:
        """Unix seconds, shown as the time of arrival."""


@dataclass(frozen=True)
class Attachment:
    """One file of a message."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """One mail as it arrived; `received_at` in unix seconds of the sandbox's clock."""

    id: str
    received_at: int
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @cached_property
    def parsed(self) -> EmailMessage:
        """The message as the standard library reads it."""
        return message_from_bytes(self.raw, _class=EmailMessage, policy=policy.default)

    @property
    def subject(self) -> str:
        """The subject line, or empty."""
        return str(self.parsed.get("Subject", ""))

    @property
    def text(self) -> str:
        """The plain text part, or empty."""
        return _content(self.parsed.get_body(preferencelist=("plain",)))

    @property
    def html(self) -> str:
        """The HTML part, or empty."""
        return _content(self.parsed.get_body(preferencelist=("html",)))

    @property
    def attachments(self) -> list[Attachment]:
        """Files in the order of the message; a nameless one is called by its place."""
        return [
            Attachment(
                filename=part.get_filename() or f"attachment-{number}",
                content_type=part.get_content_type(),
                content=_bytes(part),
            )
            for number, part in enumerate(self.parsed.iter_attachments(), start=1)
        ]

    def to_json(self) -> dict[str, Any]:
        """What tests read: no file contents, but their names and sizes."""
        return {
            "id": self.id,
            "received_at": self.received_at,
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "headers": {name: str(value) for name, value in self.parsed.items()},
            "text": self.text,
            "html": self.html,
            "attachments": [
                {"filename": file.filename, "content_type": file.content_type, "bytes": len(file.content)}
                for file in self.attachments
            ],
        }


class Mailbox:
    """Everything received, newest first, and the server that receives it."""

    def __init__(self, clock: HasNow) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._messages: deque[Message] = deque(maxlen=MESSAGES_MAX)
        self._server: _Server | None = None

    @property
    def messages(self) -> list[Message]:
        """All messages, newest first."""
        with self._lock:
            return list(reversed(self._messages))

    def addressed_to(self, address: str) -> list[Message]:
        """Messages with this recipient, newest first; case does not matter."""
        wanted = address.casefold()
        return [message for message in self.messages if wanted in map(str.casefold, message.recipients)]

    def find(self, message_id: str) -> Message | None:
        """The message with this id, or None."""
        return next((message for message in self.messages if message.id == message_id), None)

    def receive(self, sender: str, recipients: Iterable[str], raw: bytes) -> Message:
        """Keep one message."""
        message = Message(
            id=f"mail_{secrets.token_hex(8)}",
            received_at=self._clock.now(),
            sender=sender,
            recipients=tuple(recipients),
            raw=raw,
        )
        with self._lock:
            self._messages.append(message)
        return message

    def clear(self) -> None:
        """Forget every message."""
        with self._lock:
            self._messages.clear()

    def start(self, port: int) -> int:
        """Listen for SMTP on 127.0.0.1; port 0 takes a free one. Returns the port."""
        self._server = _Server(self, port)
        return self._server.port

    def stop(self) -> None:
        """Stop listening; the messages stay."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def to_json(self) -> dict[str, Any]:
        """Every message, oldest first, byte for byte."""
        with self._lock:
            return {"messages": [_saved(message) for message in self._messages]}

    def load(self, saved: dict[str, Any]) -> None:
        """Take over what `to_json` gave."""
        with self._lock:
            self._messages = deque((_loaded(row) for row in saved["messages"]), maxlen=MESSAGES_MAX)


class _Server:
    """aiosmtpd on an event loop of its own thread."""

    def __init__(self, mailbox: Mailbox, port: int) -> None:
        self._mailbox = mailbox
        self._loop = asyncio.new_event_loop()
        listener = socket.create_server(("127.0.0.1", port))
        self.port: int = listener.getsockname()[1]
        listening = self._loop.create_server(self._protocol, sock=listener)
        self._listening = self._loop.run_until_complete(listening)
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail", daemon=True)
        self._thread.start()

    def _protocol(self) -> SMTP:
        return SMTP(
            self, hostname="localhost", data_size_limit=MESSAGE_BYTES_MAX, enable_SMTPUTF8=True, loop=self._loop
        )

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (its name)
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        self._mailbox.receive(envelope.mail_from or "", envelope.rcpt_tos, raw)
        return "250 Message kept"

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    async def _end(self) -> None:
        """Close the door and hang up on whoever is still connected."""
        self._listening.close()
        await asyncio.sleep(0.01)  # a connection that is just being accepted gets its task first
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0)  # closed sockets are given back in the loop's next turn


def _content(part: MIMEPart | None) -> str:
    return "" if part is None else str(part.get_content())


def _bytes(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _saved(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "received_at": message.received_at,
        "from": message.sender,
        "to": list(message.recipients),
        "raw": base64.b64encode(message.raw).decode("ascii"),
    }


def _loaded(row: dict[str, Any]) -> Message:
    raw = base64.b64decode(row["raw"])
    return Message(row["id"], row["received_at"], row["from"], tuple(row["to"]), raw)
