"""What must always be true of documents; `manage.py books` runs this check."""

from __future__ import annotations

from collections.abc import Iterable

from reports import stored_files
from reports.models import Document


def files_unchanged() -> Iterable[str]:
    """Each finished document still has the bytes that were made, whatever happened to the folder."""
    ready = Document.objects.filter(state=Document.State.READY).order_by("pk")
    for name, key, sha256 in ready.values_list("pk", "storage_key", "sha256").iterator():
        try:
            stored_files.read(key, sha256)
        except stored_files.FileDamaged:
            yield f"document {name}: the file {key} was changed"
        except OSError:
            yield f"document {name}: the file {key} cannot be read"


CHECKS = {"each document has the file that was made": files_unchanged}
