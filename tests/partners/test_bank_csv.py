from __future__ import annotations

import pytest

from partners.bank_csv import BYTES_MAX, ROWS_MAX, NotReadable
from partners.models import BankAccount, BankLine, BankStatement
from partners.operations.import_bank_csv import AlreadyImported, NothingNew, RowsRefused, import_bank_csv, verdicts_of
from people.models import User
from tests.partners.conftest import NOW

pytestmark = pytest.mark.django_db
HEAD = "Date,Description,Amount\n"


def take(account: BankAccount, by: User, text: str, name: str = "a.csv") -> BankStatement:
    return import_bank_csv(account=account, file_name=name, content=(HEAD + text).encode(), by=by, now=NOW)


def verdict(account: BankAccount, cell: str, day: str = "2026-10-01") -> tuple[str, object]:
    (found,) = verdicts_of(account, f'{HEAD}{day},x,"{cell}"\n'.encode(), NOW)
    return found.word, getattr(found.row, "amount_minor", None) or getattr(found.row, "problem", None)


@pytest.mark.parametrize(
    ("cell", "amount_minor"),
    [
        ("-43.20", -4320),
        ("1,250.5", 125050),
        ("(7.00)", -700),
        ("$12", 1200),
        ("-$1,000,000.01", -100000001),
        ("0.01", 1),
    ],
)
def test_amounts_are_read(checking: BankAccount, cell: str, amount_minor: int) -> None:
    assert verdict(checking, cell) == ("new", amount_minor)


@pytest.mark.parametrize(
    "cell", ["0", "0.00", "1.234", "abc", "", "1,00.00", "--5", "1e3", "٣", "9" * 13, "1 000", "(-5)"]
)
def test_what_is_no_amount_is_refused_with_its_reason(checking: BankAccount, cell: str) -> None:
    word, problem = verdict(checking, cell)

    assert word == "refused"
    assert problem


@pytest.mark.parametrize("day", ["10/01/2026", "2026-02-30", "", "2026-10-22"])
def test_what_is_no_day_so_far_is_refused(checking: BankAccount, day: str) -> None:
    assert verdict(checking, "5", day)[0] == "refused"


def test_the_profile_of_the_account_decides(checking: BankAccount, ana: User) -> None:
    checking.date_column, checking.description_column, checking.amount_column = "Posted", "Memo", "Value"
    checking.date_format = "%m/%d/%Y"
    checking.save()

    import_bank_csv(
        account=checking,
        file_name="b.csv",
        content=b"\xef\xbb\xbfPosted,Memo,Value,Balance\r\n10/01/2026,Fee,-1.00,99.00\r\n",
        by=ana,
        now=NOW,
    )

    assert list(BankLine.objects.values_list("booked_on", "description", "amount_minor")) == [
        (BankLine.objects.get().booked_on, "Fee", -100)
    ]
    assert BankLine.objects.get().booked_on.isoformat() == "2026-10-01"


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
    with pytest.raises(NothingNew):
        take(checking, ana, "2026-10-03,Fee,-5\n2026-10-01,Fee,-5\n")


def test_identical_lines_are_separate(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-01,Fee,-5\n")
    take(checking, ana, "2026-10-01,Fee,-5\n2026-10-01,Fee,-5\n2026-10-01,Fee,-5\n")

    assert BankLine.objects.filter(description="Fee").count() == 3


def test_two_accounts_may_have_the_same_line(checking: BankAccount, ana: User) -> None:
    take(checking, ana, "2026-10-01,Fee,-5\n")
    take(BankAccount.objects.create(name="Savings"), ana, "2026-10-01,Fee,-5\n")

    assert BankLine.objects.count() == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Day,Text,Sum\n2026-10-01,x,5\n",
        HEAD.encode(),
        b"\xff\xfe\x00D",
        b"Date,Description,Amount\n2026-10-01,\0,5\n",
        b'Date,Description,Amount\n2026-10-01,"never closed,5\n',
        b"x" * (BYTES_MAX + 1),
        (HEAD + "2026-10-01,x,5\n" * (ROWS_MAX + 1)).encode(),
    ],
)
def test_what_is_no_statement_is_refused_whole(checking: BankAccount, content: bytes) -> None:
    with pytest.raises(NotReadable):
        verdicts_of(checking, content, NOW)


def test_rows_of_another_width_are_refused(checking: BankAccount) -> None:
    found = verdicts_of(checking, f"{HEAD}2026-10-01,a,5,extra\n2026-10-01,b\n\n2026-10-01,c,5\n".encode(), NOW)

    assert [item.word for item in found] == ["refused", "refused", "new"]
