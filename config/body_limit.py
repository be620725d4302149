"""Bodies larger than any form of ours sends are refused by their announced length, before a byte of them is parsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import get_template

from partners.bank.readers.text import BYTES_MAX

FILES_MAX_BYTES: Final = BYTES_MAX + 2_000_000  # the largest file that a form of ours takes, and the form
WITH_FILES: Final = ("/desk/", "/console/")
OWN_LIMIT: Final = ("/verify/", "/stripe/")  # these doors refuse for themselves, unread
PASSED_OVER_MAX: Final = 3 * FILES_MAX_BYTES
CHUNK: Final = 64 * 1024
log = structlog.get_logger(__name__)


class BodyLimit:
    """Answers 413 with a page that says how much is taken (rules/reliability.md row 60).

    It stands before sessions and CSRF, because that check reads the whole body to find its token. A body without a
    length is none: Django reads as much as was announced.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        limit = _limit(request.path_info)
        length = _length(request)
        if limit is None or length <= limit:
            return self.get_response(request)
        log.warning("body_refused", length=length, limit=limit)
        _pass_over(request)
        page = get_template("413.html").render({"megabytes": limit // 1_000_000})
        return HttpResponse(page, status=413)


def _limit(path: str) -> int | None:
    if path.startswith(OWN_LIMIT):
        return None
    return FILES_MAX_BYTES if path.startswith(WITH_FILES) else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def _length(request: HttpRequest) -> int:
    announced = request.META.get("CONTENT_LENGTH") or "0"
    return int(announced) if announced.isascii() and announced.isdecimal() else 0


def _pass_over(request: HttpRequest) -> None:
    """Read some of it into nothing: a browser shows an answer only after it has sent what it began to send."""
    left = PASSED_OVER_MAX
    while left > 0 and (chunk := request.read(CHUNK)):
        left -= len(chunk)
