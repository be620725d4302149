"""A file lies beside what it belongs to."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

from people.models import Attachment, User

BYTES_MAX: Final = 5 * 1024 * 1024
# What a browser shows or saves and never runs on our own address.
MEDIA_TYPES: Final = {
    ".csv": "text/csv",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain",
}


class NotAttachable(ValueError):
    """A file that is empty, too large, or of a kind that is not kept; `str(error)` says which."""


def attach_file(*, subject: str, name: str, content: bytes, by: User, now: datetime) -> Attachment:
    """Keep a file for `subject` ("manual_entry:7"); the same bytes again give the first row. Raises NotAttachable.

    `name` is what the sender's machine calls it; only its last part is kept, and its ending says what it is.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    short = path.name or "The file"
    media_type = MEDIA_TYPES.get(path.suffix.lower())
    if not content:
        raise NotAttachable(f"{short} is empty.")
    if len(content) > BYTES_MAX:
        raise NotAttachable(f"{short} has {len(content)} bytes; at most {BYTES_MAX} are kept.")
    if media_type is None:
        raise NotAttachable(f"{short} is not a PDF, a picture, a CSV or a text.")
    row, _ = Attachment.objects.get_or_create(
        subject=subject,
        sha256=sha256(content).hexdigest(),
        defaults={
            "name": short[-120:],
            "media_type": media_type,
            "content": content,
            "added_by": by,
            "added_at": now,
        },
    )
    return row
