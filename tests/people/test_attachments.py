"""A file is kept once beside what it belongs to, and only if it is one that may be kept."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from people.models import Attachment, User
from people.operations.attach_file import BYTES_MAX, NotAttachable, attach_file

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 5, 15, 0, tzinfo=UTC)


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana@example.org", is_staff=True)


def attach(by: User, name: str = "invoice.pdf", content: bytes = b"%PDF-1.7", subject: str = "note:1") -> Attachment:
    return attach_file(subject=subject, name=name, content=content, by=by, now=NOW)


def test_file_is_kept_with_its_hash(ana: User) -> None:
    row = attach(ana, "C:\\Users\\Ana\\Invoice.PDF")

    kept = Attachment.objects.get()
    assert (kept.name, kept.media_type, bytes(kept.content)) == ("Invoice.PDF", "application/pdf", b"%PDF-1.7")
    assert kept.sha256 == row.sha256 == sha256(b"%PDF-1.7").hexdigest()
    assert (kept.added_by, kept.added_at) == (ana, NOW)


def test_same_bytes_are_kept_once_for_each_subject(ana: User) -> None:
    first = attach(ana)

    assert attach(ana, "again.pdf") == first
    assert attach(ana, subject="note:2") != first
    assert Attachment.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("invoice.pdf", b"", "invoice.pdf is empty"),
        ("scan.png", bytes(BYTES_MAX + 1), "5242881 bytes; at most 5242880"),
        ("page.html", b"<script>", "page.html is not a PDF"),
        ("invoice", b"x", "invoice is not a PDF"),
        ("", b"x", "The file is not a PDF"),
    ],
)
def test_what_is_not_kept(ana: User, name: str, content: bytes, why: str) -> None:
    with pytest.raises(NotAttachable, match=why):
        attach(ana, name, content)

    assert not Attachment.objects.exists()
