"""What is larger than our forms is refused unread; rules/reliability.md row 60."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client

from partners.models import StatementFile
from tests.partners.conftest import person
from tests.partners.test_desk import signed_in

pytestmark = pytest.mark.django_db
FIVE_GB = 5_000_000_000


class Endless(io.RawIOBase):
    """A body of as many bytes as somebody announces; counts what is asked of it."""

    given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "all of it was wanted at once"
        self.given += size
        return b"0" * size


def send(path: str, length: Any, body: Any = None) -> Any:
    extra = {"CONTENT_LENGTH": str(length), "wsgi.input": body or Endless()}
    return Client().generic("POST", path, content_type="multipart/form-data; boundary=x", **extra)


@pytest.mark.parametrize(
    ("path", "megabytes"), [("/desk/bank/upload/", 34), ("/give/", 2), ("/no-such-page/", 2), ("/account/login/", 2)]
)
def test_a_body_larger_than_any_form_is_refused_before_it_is_parsed(path: str, megabytes: int) -> None:
    body = Endless()

    answer = send(path, FIVE_GB, body)

    assert (answer.status_code, answer["Content-Type"]) == (413, "text/html; charset=utf-8")
    words = " ".join(answer.content.decode().split())
    assert f"Here we take up to {megabytes} MB. Nothing of it was read or kept." in words
    assert body.given < 150_000_000  # so much is passed over, and the rest never asked for
    assert not StatementFile.objects.exists()


@pytest.mark.parametrize("length", ["-5", "many", "", "1e9"])
def test_a_length_that_is_none_lets_nothing_in(length: str) -> None:
    assert send("/desk/bank/upload/", length).status_code in (302, 400, 403)


@pytest.mark.parametrize("path", ["/verify/", "/stripe/webhook"])
def test_doors_with_a_limit_of_their_own_answer_for_themselves(path: str) -> None:
    body = Endless()

    assert (send(path, FIVE_GB, body).status_code, body.given) == (413, 0)


def test_more_text_than_a_form_holds_is_answered_with_words(db: None) -> None:
    answer = signed_in(person("petra@tassel.example", "finance preparer")).post(
        "/desk/bank/upload/", {"file": "x" * 3_000_000}
    )

    assert answer.status_code == 400
    assert "We could not understand this request" in answer.content.decode()
