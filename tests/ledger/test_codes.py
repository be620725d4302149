"""What has another code than its account could never be sealed: it is refused, and there is a way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

from ledger import hashing
from ledger.accounts import CHART
from ledger.guards import missing_guards
from ledger.models import Account, Entry, Seal
from ledger.operations.post_entry import CodeChanged
from ledger.operations.seal_entries import ContentMismatch, seal_all
from tests.ledger.facts import balances, entry, gift, post, sale
from tests.ledger.raw import as_owner, check_at_commit, sql

pytestmark = pytest.mark.usefixtures("books")
PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


@contextmanager
def charted(purpose: str, code: str) -> Iterator[None]:
    """A version of Tassel whose chart has another code; a process remembers the labels of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CHART, purpose, replace(CHART[purpose], code=code))
        hashing._label.cache_clear()
        try:
            yield
        finally:
            hashing._label.cache_clear()


def test_code_that_changed_is_refused_while_posting_and_the_sealer_goes_on() -> None:
    post(entry("n:1", ("bank", "suspense", 5)))

    with (
        charted("suspense", "1998"),
        pytest.raises(CodeChanged, match="suspense is 1999 in the books and 1998 in the chart"),
        transaction.atomic(),
    ):
        post(sale(), entry("n:2", ("bank", "suspense", 5)))

    assert Entry.objects.count() == 1
    post(entry("n:2", ("bank", "suspense", 5)))
    check_at_commit()
    assert seal_all() == 2


def test_account_that_is_not_there_yet_is_made_with_the_new_code() -> None:
    post(entry("eur:1", ("bank", "suspense", 5), currency="eur"))

    with charted("suspense", "1998"):
        post(entry("n:1", ("bank", "suspense", 7)))
        check_at_commit()
        assert seal_all() == 2

    assert balances() == {"1010": 7, "1998": -7}
    assert set(Account.objects.filter(purpose="suspense").values_list("code", "currency")) == {
        ("1999", "eur"),
        ("1998", "usd"),
    }


def shown(entry_id: int) -> list[str]:
    out = StringIO()
    call_command("show_entry", str(entry_id), stdout=out)
    return out.getvalue().splitlines()


def test_entry_is_shown_as_its_rows_stand_and_as_it_was_posted() -> None:
    [posted] = post(gift())
    check_at_commit()
    as_owner("UPDATE ledger_entry SET source = 'gift:8' WHERE id = %s", posted.entry_id)

    rows, now, then = shown(posted.entry_id)

    assert rows.startswith('[1,"stripe:charge:ch_2:gift","gift","gift:8","2026-10-20",')
    assert now.split()[-1] != then.split()[-1] == bytes(Entry.objects.get().content_hash).hex()
    with pytest.raises(CommandError, match="There is no entry 0"):
        shown(0)


def test_operators_page_has_the_way_out_for_what_can_never_be_as_posted() -> None:
    [posted] = post(gift())
    post(sale())
    check_at_commit()
    as_owner("UPDATE ledger_entry SET content_hash = facts_hash WHERE id = %s", posted.entry_id)
    with pytest.raises(ContentMismatch):
        seal_all()

    [remedy] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    statements = remedy.replace("BEGIN;", "").replace("COMMIT;", "").replace("NUMBER", str(posted.entry_id))
    sql(statements.replace("HASH OF THESE ROWS", shown(posted.entry_id)[1].split()[-1]))

    assert seal_all() == Seal.objects.count() == 2
    assert missing_guards() == []
