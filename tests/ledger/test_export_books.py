"""Each sealed entry goes to a program once; what was sent can be made again, and nothing else."""

from __future__ import annotations

import threading
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction

from ledger.exports.formats import Format
from ledger.models import LedgerExport, Seal
from ledger.operations import export_books as operation
from ledger.operations.export_books import (
    AlreadyExported,
    ExportDiffers,
    Exported,
    NotExportable,
    NothingToExport,
    export_books,
    repeat_export,
)
from ledger.operations.open_months import open_months
from people.models import Organisation
from tests.ledger.facts import NOW, accrual, balance_transaction, entry, gift, post, sale
from tests.ledger.raw import sql

pytestmark = pytest.mark.usefixtures("books")


def export(folder: Path, **changes: Any) -> Exported:
    usual: dict[str, Any] = {"form": Format.QUICKBOOKS, "currency": "usd", "actor": "system", "now": NOW}
    return export_books(folder=folder, **usual | changes)


def journals(done: Exported) -> list[str]:
    """The number of each journal in the files."""
    text = b"".join(path.read_bytes() for path in done.files).decode()
    return list(dict.fromkeys(line.split(",")[0] for line in text.splitlines() if line[0].isdigit()))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_export_holds_everything_and_the_next_one_only_what_came_since(tmp_path: Path) -> None:
    post(sale(), accrual())
    first = export(tmp_path)
    post(gift())

    second = export(tmp_path)

    assert journals(first) == ["1", "2"]
    assert journals(second) == ["3"]
    assert (second.export.from_seq, second.export.to_seq, second.export.entries) == (2, 3, 1)
    assert second.export.previous == first.export
    assert names(tmp_path) == ["tassel-quickbooks-usd-000001-000002-1.csv", "tassel-quickbooks-usd-000003-000003-1.csv"]


def test_each_program_has_its_own_sequence(tmp_path: Path) -> None:
    post(sale())
    export(tmp_path)

    other = export(tmp_path, form=Format.HLEDGER)

    assert (other.export.from_seq, other.export.previous) == (0, None)
    assert other.files[0].name == "tassel-hledger-usd-000001-000001.journal"


def test_each_currency_has_its_own_export(tmp_path: Path) -> None:
    post(sale(), entry("eur:1", ("clearing", "sales", 3000), currency="eur"), gift())

    dollars = export(tmp_path)
    euros = export(tmp_path, currency="eur")

    assert len(journals(dollars)) == dollars.export.entries == 2
    assert len(journals(euros)) == euros.export.entries == 1
    assert set(journals(dollars)) | set(journals(euros)) == {"1", "2", "3"}


def test_hash_is_over_the_files_in_their_order(tmp_path: Path) -> None:
    post(*(sale(f"ch_{number}") for number in range(70)))

    done = export(tmp_path, form=Format.XERO)

    assert [path.name[-5:] for path in done.files] == ["1.csv", "2.csv"]
    assert sha256(b"".join(path.read_bytes() for path in done.files)).hexdigest() == done.export.sha256


def test_part_of_the_sequence_can_be_sent_and_the_rest_follows(tmp_path: Path) -> None:
    post(sale(), accrual(), gift())

    first = export(tmp_path, from_seq=1, to_seq=2)
    rest = export(tmp_path, from_seq=2)

    assert (journals(first), journals(rest)) == (["2"], ["3"])


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"from_seq": 0}, AlreadyExported, r"Entries up to 2 went to quickbooks \(usd\) before, so not again from 1"),
        ({"from_seq": 1}, AlreadyExported, "not again from 2"),
        ({"from_seq": 3}, NotExportable, "after 2, where the one before it ended, not after 3"),
        ({"to_seq": 4}, NotExportable, "ends at 3; there is no entry 4"),
        ({"to_seq": 2}, NotExportable, "after 2 cannot end at 2"),
        ({"to_seq": -1}, NotExportable, "cannot end at -1"),
        ({"currency": "eur"}, NothingToExport, "No entry in eur lies between 1 and 3"),
        ({"form": Format.XERO, "from_seq": -1}, NotExportable, "not after -1"),
    ],
)
def test_range_that_cannot_be_sent(tmp_path: Path, changes: Any, error: type[Exception], why: str) -> None:
    post(sale(), accrual())
    export(tmp_path / "first")
    post(gift())

    with pytest.raises(error, match=why):
        export(tmp_path / "second", **changes)

    assert LedgerExport.objects.count() == 1
    assert not (tmp_path / "second").exists() or names(tmp_path / "second") == []


def test_nothing_new_is_said_so(tmp_path: Path) -> None:
    post(sale())
    export(tmp_path)

    with pytest.raises(NothingToExport, match="Everything up to 1 was exported before"):
        export(tmp_path)


@pytest.mark.django_db(transaction=True)
def test_two_exports_at_once_send_each_entry_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    post(sale())
    both_have_their_range = threading.Barrier(2)
    write = operation._write

    def write_together(*args: Any) -> Any:
        both_have_their_range.wait(10)
        return write(*args)

    monkeypatch.setattr(operation, "_write", write_together)
    outcomes: list[object] = []

    def run(number: int) -> None:
        try:
            outcomes.append(export(tmp_path / str(number)))
        except AlreadyExported as refusal:
            outcomes.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyExported", "Exported"]
    assert LedgerExport.objects.count() == 1
    assert sum(len(names(tmp_path / str(number))) for number in range(2)) == 1


def test_files_that_were_lost_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    post(sale(), gift())
    done = export(tmp_path / "first", form=Format.XERO, tax_rate="No Tax", daily=True)
    post(accrual())

    again = repeat_export(export_id=done.export.pk, folder=tmp_path / "again")

    assert [path.read_bytes() for path in again.files] == [path.read_bytes() for path in done.files]
    assert names(tmp_path / "again") == names(tmp_path / "first")


def test_files_that_would_be_others_are_not_made(tmp_path: Path) -> None:
    post(sale())
    done = export(tmp_path)
    with transaction.atomic():
        sql("SET LOCAL session_replication_role = replica")
        forged = bytes(Seal.objects.get().canonical).replace(b"4320", b"4321")
        Seal.objects.update(canonical=forged)

    with pytest.raises(ExportDiffers, match=f"export {done.export.pk} "):
        repeat_export(export_id=done.export.pk, folder=tmp_path / "again")

    assert names(tmp_path / "again") == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("from_seq = 1", "ledgerexport_goes_on"),
        ("from_seq = 3", "ledgerexport_goes_on"),
        ("currency = 'eur'", "ledgerexport_goes_on"),
        ("previous_id = NULL", "ledgerexport_one_first"),
        ("to_seq = 2", "ledgerexport_range"),
    ],
)
def test_database_refuses_a_gap_or_an_overlap(tmp_path: Path, change: str, why: str) -> None:
    post(sale(), accrual())
    first = export(tmp_path).export
    honest = {"format": "quickbooks", "currency": "usd", "from_seq": 2, "to_seq": 4, "previous_id": first.pk}
    column, value = change.split(" = ")
    fields = honest | {column: None if value == "NULL" else value.strip("'")}
    row = LedgerExport(daily=False, entries=1, sha256="0" * 64, exported_at=NOW, **fields)

    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        row.save()


def test_export_stays_as_it_was(tmp_path: Path) -> None:
    post(sale())
    export(tmp_path)

    for change in ("UPDATE ledger_ledgerexport SET to_seq = 9", "DELETE FROM ledger_ledgerexport"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            sql(change)


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("export_books", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_command_says_what_went_where(tmp_path: Path) -> None:
    Organisation.objects.create(display_name="Tassel Collective", currency="usd")
    open_months(around=NOW)
    post(sale(), balance_transaction())

    said = run("--format", "quickbooks", "--out", str(tmp_path))

    export_id = LedgerExport.objects.get().pk
    path = tmp_path / "tassel-quickbooks-usd-000001-000002-1.csv"
    assert said == [f"Export {export_id}: quickbooks, usd, entries 1 to 2 (2 in this currency).", str(path)]
    assert run("--again", str(export_id), "--out", str(tmp_path / "again"))[0] == said[0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--format", "quickbooks"], "Everything up to 1 was exported before"),
        (["--format", "quickbooks", "--from", "0"], "not again from 1"),
        (["--format", "xero", "--currency", "dollars"], "dollars is not a currency code"),
        (["--format", "sage"], "invalid choice: 'sage'"),
        (["--again", "0"], "There is no export 0"),
        ([], "one of the arguments --format --again is required"),
    ],
)
def test_command_refuses_in_one_sentence(tmp_path: Path, arguments: list[str], why: str) -> None:
    Organisation.objects.create(display_name="Tassel Collective", currency="usd")
    post(sale())
    run("--format", "quickbooks", "--out", str(tmp_path))

    with pytest.raises(CommandError, match=why):
        run(*arguments, "--out", str(tmp_path))
