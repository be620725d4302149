"""Whatever the code can name as not adding up, the desk can explain: the kinds are found in the code itself."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from ledger.discrepancies import KINDS, Discrepancy, Found, title_of
from ledger.forms import ExceptionFilter
from ledger.models import ReconciliationException
from ledger.operations.open_exception import open_exception
from people import clock
from people.models import Organisation
from tests.partners.conftest import person
from tests.partners.test_desk import QUERIES_MAX, signed_in, words

ROOT = Path(__file__).parents[2]
PACKAGES = ("people", "ledger", "payments", "partners", "donations", "shop", "reports", "config")
MADE = re.compile(r"(?<!class )\bDiscrepancy\(")
WORD_MAX = 40  # what the row holds


def named_in_the_code() -> Iterator[Discrepancy]:
    """Every module that makes one is read; one that is made where no module holds it would be missed, and is said."""
    for file in sorted(one for package in PACKAGES for one in (ROOT / package).rglob("*.py")):
        made = len(MADE.findall(file.read_text()))
        if made:
            module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
            held = [one for one in vars(module).values() if isinstance(one, Discrepancy)]
            assert len(held) == made, f"{file}: name each kind in the module"
            yield from held


FOUND = list(named_in_the_code())


def test_every_kind_in_the_code_is_registered_under_a_word_of_its_own() -> None:
    assert len(FOUND) > 10
    assert sorted(one.word for one in FOUND) == sorted(KINDS)
    assert all(KINDS[one.word] is one for one in FOUND)


@pytest.mark.parametrize("kind", FOUND, ids=lambda kind: kind.word)
def test_a_controller_reads_what_happened_and_what_to_do(kind: Discrepancy) -> None:
    words = (kind.title, kind.happened, kind.to_do)

    assert len(kind.word) <= WORD_MAX and kind.limit.total_seconds() >= 0
    assert title_of(kind.word) == kind.title and not kind.title.endswith(".")
    assert all(text.endswith(".") for text in words[1:])
    assert all(text[0].isupper() and "_" not in text and "  " not in text for text in words)
    assert len({other.title for other in FOUND}) == len(FOUND)


@pytest.mark.django_db
def test_list_and_page_say_it_of_every_kind_in_a_few_queries(django_assert_max_num_queries: Any) -> None:
    Organisation.objects.get_or_create(pk=1, defaults={"display_name": "Tassel", "zone_name": "America/Chicago"})
    subjects = ("stripe:bt:txn_1", "bank:line:7", "bank:statement:7", "bank:match:7", "payout:7", "account:1050:usd")
    for number, kind in enumerate(FOUND):
        found = Found(subjects[number % len(subjects)], -100, "usd", "order:7 payout:8 gift:9 bank:1")
        open_exception(kind, found, now=clock.now())
    desk = signed_in(person("ana@tassel.example", "finance preparer"))

    with django_assert_max_num_queries(QUERIES_MAX):
        page = unescape(words(desk.get("/desk/exceptions/")))

    for kind in FOUND:
        row = ReconciliationException.objects.get(kind=kind.word)
        own = unescape(words(desk.get(f"/desk/exceptions/{row.pk}/")))
        assert all(text in page and text in own for text in (kind.title, kind.happened, kind.to_do)), kind.word


def test_exceptions_are_found_by_every_kind() -> None:
    choices = dict(ExceptionFilter().fields["kind"].choices)  # type: ignore[attr-defined]

    assert choices == {"": "Everything"} | {kind.word: kind.title for kind in FOUND}
