from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from ledger.models import ReconciliationException
from partners.bank.readers import NotReadable
from partners.models import BankAccount, BankLine, BankStatement, ColumnProfile, StatementFile, StatementRow
from partners.operations.accept_statement import NotImportable, accept_statement, drop_statement
from partners.operations.check_statement import check_statement
from partners.operations.import_statement import RowsRefused, import_statement
from partners.operations.take_in_statement import Outcome, take_in_statement
from partners.operations.upload_statement import AlreadyImported, BadPeriod, upload_statement
from partners.operations.work_statements import ATTEMPTS_MAX, work_next_statement, work_through
from people.models import User
from tests.partners.bank.files import ofx
from tests.partners.conftest import NOW

pytestmark = pytest.mark.django_db
HEAD = "Date,Description,Amount\n"


def take(account: BankAccount, by: User, text: str, name: str = "a.csv", **said: Any) -> BankStatement:
    return import_statement(account=account, file_name=name, content=(HEAD + text).encode(), by=by, now=NOW, **said)


def take_ofx(account: BankAccount, by: User, *entries: tuple[str, str, str, str], **says: Any) -> BankStatement:
    return import_statement(account=account, file_name="a.ofx", content=ofx(*entries, **says), by=by, now=NOW)


def uploaded(account: BankAccount, by: User, text: str, **said: Any) -> StatementFile:
    return upload_statement(account=account, file_name="a.csv", content=(HEAD + text).encode(), by=by, now=NOW, **said)


def checked(account: BankAccount, by: User, text: str, **said: Any) -> StatementFile:
    file = uploaded(account, by, text, **said)
    check_statement(file_id=file.pk, now=NOW)
    file.refresh_from_db()
    return file


def open_exceptions() -> list[tuple[str, str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).exclude(kind="bank_line_unknown")
    return list(rows.order_by("id").values_list("kind", "subject", "amount_minor"))


def test_the_dry_run_gives_every_row_a_verdict_and_imports_nothing(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n")

    file = checked(checking, ana, "2026-10-01,Fee,-5\n2026-10-02,Rent,-900\n2026-10-02,Odd,abc\n")

    assert list(file.verdicts.values_list("number", "verdict")) == [(2, "known"), (3, "new"), (4, "refused")]
    assert (file.new_rows, file.known_rows, file.refused_rows) == (1, 1, 1)
    assert BankLine.objects.count() == 1
    with pytest.raises(NotImportable, match="1 of the rows cannot be read"):
        accept_statement(file_id=file.pk, by=ana, now=NOW)


def test_all_or_nothing(checking: BankAccount, ana: User) -> None:
    with pytest.raises(RowsRefused) as refused:
        take(checking, ana, "2026-10-01,Fine,-5\n2026-10-01,Broken,5.555\n")

    assert [row.number for row in refused.value.rows] == [3]
    assert not BankStatement.objects.exists()
    assert not BankLine.objects.exists()


def test_a_file_is_imported_once(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n")

    with pytest.raises(AlreadyImported):
        take(checking, ana, "2026-10-01,Fee,-5\n", name="again.csv")
    assert BankLine.objects.count() == 1


def test_overlapping_files_keep_each_line_once(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-02,Rent,-900\n")
    take(checking, ana, "2026-10-02,Rent,-900\n2026-10-03,Fee,-5\n")

    assert BankLine.objects.count() == 3
    with pytest.raises(NotImportable, match="known already"):
        take(checking, ana, "2026-10-03,Fee,-5\n2026-10-01,Fee,-5\n")


def test_identical_lines_are_separate(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-01,Fee,-5\n")
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-01,Fee,-5\n2026-10-01,Fee,-5\n")

    assert BankLine.objects.filter(description="Fee").count() == 3


def test_two_accounts_may_have_the_same_line(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n")
    take(BankAccount.objects.create(name="Savings"), ana, "2026-10-01,Fee,-5\n")

    assert BankLine.objects.count() == 2


def test_the_banks_own_id_tells_lines_apart_and_knows_them_again(checking: BankAccount, ana: User) -> None:
    take_ofx(checking, ana, ("20261001", "-5.00", "A1", "Fee"), ("20261001", "-5.00", "A2", "Fee"))
    # The bank mended the text and the day of one; it is the same line still.
    take_ofx(checking, ana, ("20261002", "-5.00", "A2", "Service fee"), ("20261003", "-5.00", "A3", "Fee"))

    assert sorted(BankLine.objects.values_list("bank_ref", flat=True)) == ["A1", "A2", "A3"]


def test_a_line_that_comes_in_another_format_is_known(checking: BankAccount, ana: User) -> None:
    take_ofx(checking, ana, ("20261001", "-5.00", "A1", "Fee"), ("20261002", "-7.00", "A2", "Rent"))
    file = checked(checking, ana, "2026-10-01,fee,-5\n2026-10-01,Fee,-5\n2026-10-02,Rent,-7\n")

    assert list(file.verdicts.values_list("verdict", flat=True)) == ["known", "new", "known"]


def test_a_changed_id_of_a_finished_day_is_the_same_line(checking: BankAccount, ana: User) -> None:
    take_ofx(checking, ana, ("20261001", "-5.00", "A1", "Fee"), ("20261002", "-7.00", "A2", "Rent"))
    take_ofx(checking, ana, ("20261001", "-5.00", "B1", "Fee"), ("20261003", "-7.00", "B3", "Rent"))

    assert sorted(BankLine.objects.values_list("bank_ref", flat=True)) == ["A1", "A2", "B3"]


def test_a_changed_id_of_a_day_that_may_have_gone_on_is_an_exception(checking: BankAccount, ana: User) -> None:
    take_ofx(checking, ana, ("20261001", "-5.00", "A1", "Fee"))
    take_ofx(checking, ana, ("20261001", "-5.00", "B1", "Fee"), ("20261002", "-7.00", "B2", "Rent"))

    doubtful = BankLine.objects.get(bank_ref="B1")
    assert open_exceptions() == [("bank_line_duplicate", f"bank:line:{doubtful.pk}", -500)]


def test_one_id_twice_in_a_file_is_kept_and_named(checking: BankAccount, ana: User) -> None:
    take_ofx(checking, ana, *[("20261001", "-5.00", "A1", "Fee")] * 2, ("20261001", "-5.00", "", "Fee"))

    assert BankLine.objects.count() == 3
    assert [kind for kind, _, _ in open_exceptions()] == ["bank_line_duplicate"]


def test_lines_and_statements_never_change(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n")

    for rows, change in ((BankLine.objects, {"amount_minor": -6}), (BankStatement.objects, {"file_name": "b"})):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.all()._raw_delete("default")  # type: ignore[attr-defined]


# What a person says of a file that does not say it


def test_balances_and_days_that_a_person_typed_are_held_to(checking: BankAccount, ana: User) -> None:
    rows = "2026-10-05,Fee,-5\n2026-10-06,Gift,20\n"
    said = {"opening_minor": 10000, "closing_minor": 11500, "first_on": date(2026, 10, 1), "last_on": date(2026, 10, 7)}

    statement = take(checking, ana, rows, **said)

    assert {name: getattr(statement, name) for name in said} == said
    assert statement.says_period


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"opening_minor": 10000, "closing_minor": 11501}, "opens with $100.00, its lines come to $15.00"),
        ({"first_on": date(2026, 10, 6)}, "begins on 2026-10-06, but it has a line of 2026-10-05"),
        ({"last_on": date(2026, 10, 5)}, "ends on 2026-10-05, but it has a line of 2026-10-06"),
    ],
)
def test_what_was_typed_wrong_is_refused(checking: BankAccount, ana: User, said: dict[str, Any], words: str) -> None:
    with pytest.raises(NotReadable, match=words.replace("$", r"\$")):
        take(checking, ana, "2026-10-05,Fee,-5\n2026-10-06,Gift,20\n", **said)
    assert not BankLine.objects.exists()


def test_a_period_ends_after_it_begins(checking: BankAccount, ana: User) -> None:
    with pytest.raises(BadPeriod):
        uploaded(checking, ana, "x", first_on=date(2026, 10, 2), last_on=date(2026, 10, 1))


# One statement after another


def test_a_gap_between_statements_is_named_until_it_is_filled(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-02,Fee,-5\n")
    later = take(checking, ana, "2026-10-07,Fee,-5\n")

    assert open_exceptions() == [("bank_statement_gap", f"bank:statement:{later.pk}", None)]
    take(checking, ana, "2026-10-05,Rent,-1\n2026-10-06,Rent,-1\n")
    assert open_exceptions() == []


def test_a_weekend_is_no_gap_and_balances_prove_that_nothing_is_missing(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-02,Fee,-5\n", opening_minor=10000, closing_minor=9000)
    take(checking, ana, "2026-10-05,Fee,-5\n", opening_minor=9000, closing_minor=8500)
    take(checking, ana, "2026-10-19,Fee,-5\n", opening_minor=8500, closing_minor=8000)

    assert open_exceptions() == []


def test_an_opening_that_is_not_the_closing_before_is_named_with_the_difference(
    checking: BankAccount, ana: User
) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n", opening_minor=10000, closing_minor=9500)
    later = take(checking, ana, "2026-10-02,Fee,-5\n", opening_minor=9400, closing_minor=8900)
    take(checking, ana, "2026-10-05,Fee,-5\n", opening_minor=8900, closing_minor=8400)

    assert open_exceptions() == [("bank_balance_differs", f"bank:statement:{later.pk}", -100)]


def test_an_overlapping_statement_opens_with_what_the_lines_until_then_come_to(
    checking: BankAccount, ana: User
) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-02,Rent,-10\n", opening_minor=10000, closing_minor=8500)
    take(checking, ana, "2026-10-02,Rent,-10\n2026-10-05,Fee,-5\n", opening_minor=9500, closing_minor=8000)

    assert open_exceptions() == []


def test_a_closing_balance_alone_shows_a_line_that_was_lost(checking: BankAccount, ana: User) -> None:
    take_ofx(checking, ana, ("20261001", "-5.00", "A1", "Fee"), closing="95.00", as_of="20261001")
    take_ofx(checking, ana, ("20261002", "-5.00", "A2", "Fee"), closing="90.00", as_of="20261002")
    lossy = take_ofx(checking, ana, ("20261005", "-5.00", "A4", "Fee"), closing="83.00", as_of="20261005")

    assert open_exceptions() == [("bank_balance_differs", f"bank:statement:{lossy.pk}", -200)]


def test_a_quiet_month_is_known_too(checking: BankAccount, ana: User) -> None:
    take_ofx(checking, ana, ("20261001", "-5.00", "A1", "Fee"), closing="95.00", as_of="20261001")
    quiet = take_ofx(checking, ana, first="20261002", last="20261020", closing="95.00", as_of="20261020")

    assert (quiet.last_on, quiet.lines.count()) == (date(2026, 10, 20), 0)
    assert open_exceptions() == []


# A file with a state


def test_a_file_goes_through_its_states_and_leaves_no_verdicts(checking: BankAccount, ana: User) -> None:
    file = uploaded(checking, ana, "2026-10-01,Fee,-5\n")
    work_through(file_id=file.pk, now=NOW)
    file.refresh_from_db()
    assert file.state == "checked"

    accept_statement(file_id=file.pk, by=ana, now=NOW)
    work_through(file_id=file.pk, now=NOW)
    file.refresh_from_db()

    assert (file.state, file.statement.lines.count()) == ("imported", 1)
    assert not StatementRow.objects.exists()
    assert work_next_statement(now=NOW) == "nothing_due"


def test_a_file_that_was_overtaken_is_checked_again(checking: BankAccount, ana: User) -> None:
    file = checked(checking, ana, "2026-10-01,Fee,-5\n2026-10-02,Rent,-9\n")
    take(checking, ana, "2026-10-01,Fee,-5\n")
    accept_statement(file_id=file.pk, by=ana, now=NOW)

    assert take_in_statement(file_id=file.pk, now=NOW) is Outcome.OVERTAKEN
    work_through(file_id=file.pk, now=NOW)

    file.refresh_from_db()
    assert (file.state, file.new_rows, file.known_rows) == ("checked", 1, 1)


def test_a_worker_that_died_in_a_step_is_replaced_after_its_lease(
    checking: BankAccount, ana: User, settings: Any
) -> None:
    file = uploaded(checking, ana, "2026-10-01,Fee,-5\n")
    check_statement(file_id=file.pk, now=NOW)
    StatementFile.objects.filter(pk=file.pk).update(state="uploaded", lease_until="2999-01-01T00:00Z")  # half way

    assert work_next_statement(now=NOW) == "nothing_due"
    StatementFile.objects.filter(pk=file.pk).update(lease_until="2000-01-01T00:00Z")
    assert work_next_statement(now=NOW) == "worked"
    assert file.verdicts.count() == 1


def test_a_file_that_always_fails_says_so_in_the_end(
    checking: BankAccount, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("partners.operations.work_statements.check_statement", broken)
    file = uploaded(checking, ana, "2026-10-01,Fee,-5\n")
    for _ in range(ATTEMPTS_MAX):
        StatementFile.objects.update(lease_until=None)
        assert work_next_statement(now=NOW) == "failed"

    file.refresh_from_db()
    assert (file.state, "Nothing of it was imported" in file.problem) == ("unreadable", True)


def test_a_dropped_file_leaves_nothing(checking: BankAccount, ana: User) -> None:
    file = checked(checking, ana, "2026-10-01,Fee,-5\n")

    drop_statement(file_id=file.pk, by=ana, now=NOW)

    assert not StatementRow.objects.exists()
    with pytest.raises(NotImportable):
        accept_statement(file_id=file.pk, by=ana, now=NOW)
    with pytest.raises(NotImportable):
        drop_statement(file_id=file.pk, by=ana, now=NOW)


def test_the_same_file_waits_once(checking: BankAccount, ana: User) -> None:
    assert uploaded(checking, ana, "2026-10-01,Fee,-5\n") == uploaded(checking, ana, "2026-10-01,Fee,-5\n")


def test_the_first_profile_that_fits_reads_the_file(checking: BankAccount, ana: User) -> None:
    plain = {"account": checking, "date_column": "Posted", "description_column": "Memo", "date_format": "%m/%d/%Y"}
    ColumnProfile.objects.create(name="Web", amount_column="Value", **plain)
    ColumnProfile.objects.create(name="Month", amount_column="", debit_column="Out", credit_column="In", **plain)

    import_statement(
        account=checking,
        file_name="b.csv",
        content=b"\xef\xbb\xbfPosted,Memo,Out,In\r\n10/01/2026,Fee,1.00,\r\n10/02/2026,Gift,,2.00\r\n",
        by=ana,
        now=NOW,
    )

    lines = BankLine.objects.order_by("booked_on").values_list("booked_on", "description", "amount_minor")
    assert list(lines) == [(date(2026, 10, 1), "Fee", -100), (date(2026, 10, 2), "Gift", 200)]


def test_a_large_file_costs_no_query_for_each_line(checking: BankAccount, ana: User) -> None:
    counts = []
    for number in (5, 500):
        rows = "".join(f"2026-10-{1 + n % 20:02},Line {n} of {number},{n + 1}\n" for n in range(number))
        with CaptureQueriesContext(connection) as captured:
            take(checking, ana, rows)
        counts.append(len(captured))

    assert BankLine.objects.count() == 505
    assert abs(counts[1] - counts[0]) < 10, counts
