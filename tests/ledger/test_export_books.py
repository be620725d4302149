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

from ledger.accounts import CHART, Owners
from ledger.chain import link
from ledger.exports.formats import Format
from ledger.models import LedgerExport, Seal
from ledger.operations import export_books as operation
from ledger.operations.export_books import (
    AlreadyExported,
    ExportDiffers,
    Exported,
    NotAsSealed,
    NotExportable,
    NothingToExport,
    export_books,
    repeat_export,
)
from ledger.operations.open_months import open_months
from people.models import Organisation
from tests.ledger import story
from tests.ledger.facts import NOW, accrual, balance_transaction, balances, entry, gift, post, sale
from tests.ledger.raw import as_owner, sql
from tests.ledger.reading import by_beancount, by_hledger

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

        seal = Seal.objects.get()
        Seal.objects.update(hash=link(bytes(seal.prev_hash), forged))

    with pytest.raises(ExportDiffers, match=f"export {done.export.pk} "):
        repeat_export(export_id=done.export.pk, folder=tmp_path / "again")

    assert names(tmp_path / "again") == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '864', '865'), 'UTF8')", "3 is not over its"),
        ("canonical = set_byte(canonical, 9, 255)", "3 is not over its"),
        ("hash = sha256(hash)", "3 is not over its"),
        ("prev_hash = sha256(prev_hash)", "3 does not follow seal 2"),
        ("seq = 9", "3 is missing"),
    ],
)
def test_what_is_not_as_it_was_sealed_is_never_written(tmp_path: Path, change: str, why: str) -> None:
    post(sale())
    post(gift())
    post(accrual())
    post(balance_transaction())
    export(tmp_path / "first", to_seq=2)
    as_owner(f"UPDATE ledger_seal SET {change} WHERE seq = 3")

    with pytest.raises(NotAsSealed, match=why):
        export(tmp_path, to_seq=4)

    assert names(tmp_path) == ["first"]
    assert LedgerExport.objects.count() == 1


def test_export_goes_on_only_from_the_seal_before_it(tmp_path: Path) -> None:
    post(sale())
    post(gift())
    export(tmp_path / "first", to_seq=1)
    as_owner("UPDATE ledger_seal SET hash = sha256(hash) WHERE seq = 1")

    with pytest.raises(NotAsSealed, match="seal 2 does not follow seal 1"):
        export(tmp_path / "second")


def test_files_of_bytes_that_were_changed_are_not_made_again(tmp_path: Path) -> None:
    post(sale())
    done = export(tmp_path / "first")
    as_owner("UPDATE ledger_seal SET canonical = set_byte(canonical, 9, 255)")

    with pytest.raises(NotAsSealed):
        repeat_export(export_id=done.export.pk, folder=tmp_path / "again")


@pytest.mark.parametrize("tax_rate", ["", "  ", "N" * 61])
def test_tax_rate_without_a_name_that_fits_is_refused_before_anything(tmp_path: Path, tax_rate: str) -> None:
    post(sale())

    with pytest.raises(NotExportable, match="1 to 60 characters"):
        export(tmp_path, form=Format.XERO, tax_rate=tax_rate)

    assert names(tmp_path) == []


def test_another_refusal_of_the_database_is_not_called_a_rival() -> None:
    row = LedgerExport(format="xero", currency="usd", daily=False, from_seq=0, to_seq=1, exported_at=NOW)

    with pytest.raises(IntegrityError, match="ledgerexport_sha256"):
        operation._remember(row, 1, "no hash")


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
        (["--format", "xero", "--tax-rate", "N" * 61], "1 to 60 characters"),
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


READERS = [(Format.HLEDGER, by_hledger), (Format.BEANCOUNT, by_beancount)]


@pytest.mark.parametrize("daily", [False, True])
@pytest.mark.parametrize(("form", "read"), READERS)
@pytest.mark.parametrize("end", [(story.dispute_won,), (story.dispute_lost, story.rest_refunded)])
def test_worked_chain_in_two_exports_reads_back_as_the_trial_balance(
    tmp_path: Path, form: Format, read: Any, end: Any, daily: bool
) -> None:
    for _, drafts in story.until_the_partners_are_paid():
        post(*drafts)
    first = export(tmp_path, form=form, daily=daily)
    for _, drafts in (event for chapter in end for event in chapter()):
        post(*drafts)
    second = export(tmp_path, form=form, daily=daily)

    assert read(joined(tmp_path, first, second)) == as_read(balances())
    assert (first.export.to_seq, second.export.to_seq) == (second.export.from_seq, Seal.objects.count())


@pytest.mark.parametrize(("form", "read"), READERS)
def test_every_account_of_the_chart_reads_back(tmp_path: Path, form: Format, read: Any) -> None:
    owners = {Owners.NONE: [""], Owners.OPTIONAL: ["", "fund:a-b"], Owners.REQUIRED: ["partner:1"]}
    named = [(line.purpose, owner) for line in CHART.values() for owner in owners[line.owners]]
    for amount, (purpose, owner) in enumerate(named, start=1):
        other = "bank" if purpose == "suspense" else "suspense"
        post(entry(f"n:{amount}", (f"{purpose}/{owner}".rstrip("/"), other, amount)))

    read_back = read(joined(tmp_path, export(tmp_path, form=form)))

    assert len(read_back) == len(named)
    assert read_back == as_read(balances())


def joined(folder: Path, *exports: Exported) -> Path:
    """One book of all the files, as somebody keeps it who adds each export to the end."""
    book = folder / "book"
    book.write_bytes(b"".join(path.read_bytes() for done in exports for path in done.files))
    return book


def as_read(books: dict[str, int]) -> dict[str, int]:
    return {label.replace(":", " "): amount for label, amount in books.items()}
