"""A file is kept once beside what it belongs to, and only if it is one that may be kept."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, transaction

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


@pytest.mark.parametrize(
    "change",
    [
        {"content": b"%PDF-1.7 another"},
        {"content": b"x", "sha256": sha256(b"x").hexdigest()},
        {"sha256": "0" * 64},
        {"name": "another.pdf"},
        {"subject": "note:2"},
        {"media_type": "text/html"},
        {"added_at": datetime(2026, 10, 6, tzinfo=UTC)},
    ],
)
def test_what_was_kept_stays_as_it_was_signed(ana: User, change: dict[str, Any]) -> None:
    attach(ana)

    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.update(**change)
    with pytest.raises(IntegrityError, match="what was signed stays"), transaction.atomic():
        Attachment.objects.all().delete()


def test_file_can_be_erased_and_its_hash_stays(ana: User) -> None:
    attach(ana)

    Attachment.objects.update(content=b"", name="")

    kept = Attachment.objects.get()
    assert (bytes(kept.content), kept.name, kept.sha256) == (b"", "", sha256(b"%PDF-1.7").hexdigest())
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        Attachment.objects.update(content=b"%PDF-1.7")


@pytest.mark.parametrize(("content", "why"), [(b"y", "attachment_is_its_sha256"), (b"", "is refused")])
def test_file_is_kept_under_the_hash_of_its_own_bytes(ana: User, content: bytes, why: str) -> None:
    about = {"subject": "note:1", "name": "x.txt", "media_type": "text/plain", "added_by": ana, "added_at": NOW}

    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        Attachment.objects.create(content=content, sha256=sha256(b"x").hexdigest(), **about)
