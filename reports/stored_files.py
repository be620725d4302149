"""Where the bytes of documents lie: under their own hash, and never handed out when they no longer fit it."""

from __future__ import annotations

import hashlib

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


class FileDamaged(Exception):
    """What is stored under a hash is not what was stored there."""


def store(content: bytes) -> tuple[str, str]:
    """Keep the bytes; returns (sha256, storage key). Storing them again changes nothing."""
    digest = hashlib.sha256(content).hexdigest()
    key = f"documents/{digest[:2]}/{digest}.pdf"
    if default_storage.exists(key):
        if _digest(_read(key)) == digest:
            return digest, key
        default_storage.delete(key)  # somebody died while writing it
    return digest, default_storage.save(key, ContentFile(content))


def read(key: str, sha256: str) -> bytes:
    """The bytes under `key`. Raises FileDamaged when they no longer have this hash, OSError when they are gone."""
    content = _read(key)
    if _digest(content) != sha256:
        raise FileDamaged(key)
    return content


def _read(key: str) -> bytes:
    with default_storage.open(key) as stored:
        content: bytes = stored.read()
        return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
