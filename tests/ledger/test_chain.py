"""What somebody with the owner's rights does to the chain is found, and located, against the anchors."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ledger.chain import GENESIS, Anchor, Link, faults, link
from ledger.models import Seal
from ledger.operations.anchor_head import anchor_head
from ledger.operations.seal_entries import seal_all
from people.models import Organisation
from tests.ledger.closing import close
from tests.ledger.facts import NOW, accrual, balances, entry, gift, post, sale
from tests.ledger.raw import as_owner, check_at_commit

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify-chain"
KEPT_MAIL = 12  # the seal that the outside copies tell of


def chain(*contents: bytes) -> list[Link]:
    links: list[Link] = []
    before = GENESIS
    for seq, content in enumerate(contents, start=1):
        links.append(Link(seq, before, link(before, content), content))
        before = links[-1].hash
    return links


# -- Pure


def test_honest_chain_has_no_faults() -> None:
    links = chain(b"a", b"b", b"c")

    assert list(faults(links, [Anchor(3, links[2].hash, "x"), Anchor(2, links[1].hash, "y")])) == []
    assert list(faults([])) == []


def test_first_hash_is_over_zeros() -> None:
    assert link(GENESIS, b"").hex() == "523ba5a7ec9362dbb08039a387922592ccea3dde63634480cd1b05b7bd50a269"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda x: x.pop(1), ["seal 2 is missing"]),
        (lambda x: x.__delitem__(slice(1, 3)), ["seals 2 to 3 are missing"]),
        (lambda x: x.insert(2, x[1]), ["seal 2 stands after seal 2"]),
    ],
)
def test_gap_and_repetition_are_named(change: Any, named: list[str]) -> None:
    links = chain(b"a", b"b", b"c", b"d")

    change(links)

    assert list(faults(links))[:1] == named


def test_chain_that_was_written_again_agrees_with_itself_and_not_with_its_anchors() -> None:
    honest, forged = chain(b"a", b"b", b"c", b"d"), chain(b"a", b"b", b"X", b"d")
    anchors = [Anchor(2, honest[1].hash, "September"), Anchor(4, honest[3].hash, "October")]

    assert list(faults(forged)) == []
    assert list(faults(forged, anchors)) == ["seal 4 is not the one of October: the chain was changed after seal 2"]


# -- In the database, in the export


@pytest.fixture
def sealed(books: None, tmp_path: Path) -> Path:
    """Sixteen sealed entries, October closed at the twelfth; the export is where an honest one would lie."""
    Organisation.objects.update_or_create(pk=1, defaults={"display_name": "T", "contact_email": "books@example.org"})
    for number in range(4):
        post(sale(f"ch_{number}"), accrual(f"allocation:{number}"), gift(f"ch_g{number}"))
    check_at_commit()
    assert close(202610).through_seq == KEPT_MAIL
    anchor_head(now=NOW)
    post(*(entry(f"n:{number}", ("bank", "suspense", 5)) for number in range(4)))
    check_at_commit()
    assert seal_all() == 16
    return tmp_path / "chain.jsonl"


def told() -> str:
    """What the mail of the close said."""
    return f"{KEPT_MAIL}:{bytes(Seal.objects.get(seq=KEPT_MAIL).hash).hex()}"


def verify(*options: str) -> str:
    out = StringIO()
    call_command("verify_chain", *options, stdout=out, no_color=True)
    return out.getvalue()


def wrong(*options: str) -> list[str]:
    out = StringIO()
    with pytest.raises(CommandError, match="does not hold"):
        call_command("verify_chain", *options, stdout=out, no_color=True)
    return [line.removeprefix("WRONG  ") for line in out.getvalue().splitlines()]


def export(path: Path) -> list[dict[str, Any]]:
    path.unlink(missing_ok=True)
    call_command("export_chain", out=path, stdout=StringIO())
    return [json.loads(line) for line in path.read_text().splitlines()]


def script(path: Path, *options: str) -> tuple[int, list[str]]:
    """The stand-alone verifier, in a Python that sees nothing of ours: exit code, lines."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(path), *options], check=False, capture_output=True, text=True
    )
    return done.returncode, (done.stdout or done.stderr).splitlines()


def test_honest_books_hold_inside_and_outside(sealed: Path) -> None:
    lines = export(sealed)

    assert verify("--anchor", told()).splitlines()[0] == "The chain holds: 16 sealed entries."
    assert "Anchored up to 12, the anchor 12:" in verify("--anchor", told())
    assert "the 4 after it are not anchored yet" in verify()
    code, said = script(sealed, "--anchor", told())
    assert (code, said) == (
        0,
        [
            f"The chain holds: 16 sealed entries. Head: 16:{lines[16]['hash']}",
            "Anchored up to 12; the 4 after it are not anchored.",
        ],
    )


def test_stranger_adds_up_the_same_balances_from_the_export(sealed: Path) -> None:
    export(sealed)

    code, said = script(sealed, "--balances", "2026-10-31")

    assert code == 0
    added = {line.split()[1]: int(line.split()[2]) for line in said[2:]}
    assert {account: amount for account, amount in added.items() if amount} == balances(as_of=date(2026, 10, 31))


def test_first_two_hashes_by_hand_from_the_export(sealed: Path) -> None:
    """rules/ledger.md section 11, case 15."""
    _, first, second, *_ = export(sealed)

    assert first["hash"] == link(bytes(32), first["entry"].encode()).hex()
    assert second["hash"] == link(bytes.fromhex(first["hash"]), second["entry"].encode()).hex()


def reseal(after: int) -> None:
    """What an owner would do who rewrites history: figure every hash anew."""
    before = bytes(Seal.objects.get(seq=after).hash) if after else GENESIS
    for seal in Seal.objects.filter(seq__gt=after).order_by("seq"):
        digest = link(before, bytes(seal.canonical))
        as_owner("UPDATE ledger_seal SET prev_hash = %s, hash = %s WHERE seq = %s", before, digest, seal.seq)
        before = digest


FLIP = "UPDATE ledger_seal SET canonical = set_byte(canonical, 30, get_byte(canonical, 30) # 1) WHERE seq = 5"
ONE_CENT = """
    UPDATE ledger_seal SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), ',864]', ',865]'), 'UTF8')
     WHERE seq = (SELECT min(seq) FROM ledger_seal WHERE convert_from(canonical, 'UTF8') LIKE '%%,864]%%')
"""


def test_flipped_byte_is_located(sealed: Path) -> None:
    as_owner(FLIP)

    assert wrong()[0] == "seal 5 is not over its bytes: they or its hash were changed"
    export(sealed)
    assert script(sealed) == (1, ["WRONG  seal 5 is not over its bytes: they or its hash were changed"])


def test_changed_cent_is_located(sealed: Path) -> None:
    as_owner(ONE_CENT)

    assert Seal.objects.get(seq=1).entry.idempotency_key == "allocation:0:accrual"
    assert wrong()[0] == "seal 1 is not over its bytes: they or its hash were changed"
    export(sealed)
    assert script(sealed) == (1, ["WRONG  seal 1 is not over its bytes: they or its hash were changed"])


def test_any_flipped_bit_is_located_and_exported_as_it_is(sealed: Path) -> None:
    for bit in range(8):
        flip = FLIP.replace("# 1", f"# {1 << bit}")
        as_owner(flip)

        assert wrong()[0] == "seal 5 is not over its bytes: they or its hash were changed"
        assert to_bytes(export(sealed)[5]) == bytes(Seal.objects.get(seq=5).canonical)
        assert script(sealed) == (1, ["WRONG  seal 5 is not over its bytes: they or its hash were changed"])
        as_owner(flip)
    export(sealed)
    assert script(sealed)[0] == 0


def test_export_carries_whatever_bytes_there_are(sealed: Path) -> None:
    torn = bytes(range(256)) + "é\u2028\r\n😀".encode()[:-1]
    as_owner("UPDATE ledger_seal SET canonical = %s WHERE seq = 5", torn)

    assert to_bytes(export(sealed)[5]) == torn
    assert script(sealed) == (1, ["WRONG  seal 5 is not over its bytes: they or its hash were changed"])


def to_bytes(line: dict[str, Any]) -> bytes:
    return str(line["entry"]).encode("utf-8", "surrogateescape")


def test_flipped_byte_in_a_posting_is_located_though_the_chain_is_untouched(sealed: Path) -> None:
    seal = Seal.objects.select_related("entry").get(seq=5)
    as_owner("UPDATE ledger_posting SET amount_minor = amount_minor # 1 WHERE entry_id = %s", seal.entry_id)

    [place] = wrong()
    assert f"(entry {seal.entry_id}) was changed after it was posted" in place


def test_deleted_last_entry_is_missed(sealed: Path) -> None:
    lines = export(sealed)
    write(sealed, lines[:-1])

    ends, says = f"15:{lines[15]['hash']}", f"16:{lines[16]['hash']}"
    assert script(sealed) == (1, [f"WRONG  the chain ends at {ends}; the first line of the file says {says}"])


@pytest.mark.parametrize("says", [0, 3, 15, 17, 16])
def test_first_line_that_says_something_else_than_the_seals_is_a_fault(sealed: Path, says: int) -> None:
    top, *seals = export(sealed)
    head = {0: "00" * 32, 16: "00" * 32, 17: seals[15]["hash"]}.get(says) or seals[says - 1]["hash"]
    write(sealed, [{**top, "through_seq": says, "head": head}, *seals])

    ends = f"16:{seals[15]['hash']}"
    assert script(sealed) == (1, [f"WRONG  the chain ends at {ends}; the first line of the file says {says}:{head}"])


def test_exported_lines_that_were_swapped_are_located(sealed: Path) -> None:
    lines = export(sealed)
    write(sealed, [*lines[:5], lines[6], lines[5], *lines[7:]])

    assert script(sealed) == (
        1,
        [
            "WRONG  seal 6 comes after seal 4",
            "WRONG  seal 5 comes after seal 6",
            "WRONG  seal 7 comes after seal 5",
        ],
    )


def test_exported_lines_that_were_swapped_and_numbered_anew_are_located(sealed: Path) -> None:
    lines = export(sealed)
    write(sealed, [*lines[:5], {**lines[6], "seq": 5}, {**lines[5], "seq": 6}, *lines[7:]])

    assert script(sealed) == (
        1,
        [f"WRONG  seal {seq} does not follow seal {seq - 1}: it names another hash before it" for seq in (5, 6, 7)],
    )


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_deleted_last_entry_before_an_anchor_is_missed_though_nothing_else_tells(sealed: Path) -> None:
    outside = told()
    for table in ("ledger_seal", "ledger_posting"):
        as_owner(f"DELETE FROM {table} WHERE entry_id IN (SELECT entry_id FROM ledger_seal WHERE seq >= {KEPT_MAIL})")
    as_owner("DELETE FROM ledger_entry e WHERE NOT EXISTS (SELECT FROM ledger_seal s WHERE s.entry_id = e.id)")
    as_owner("DELETE FROM ledger_anchor")
    as_owner("DELETE FROM ledger_balancesnapshot")
    as_owner("DELETE FROM ledger_periodevent WHERE kind = 'closed'")

    assert "The chain holds: 11" in verify()
    assert wrong("--anchor", outside)[0] == (
        f"seal 12 of the anchor 12:{outside[3:11]}… that you gave is gone: the chain ends at 11"
    )
    export(sealed)
    assert script(sealed)[0] == 0
    assert script(sealed, "--anchor", outside) == (
        1,
        ["WRONG  seal 12 of the anchor that you gave is gone: the chain ends at 11"],
    )


def test_swapped_entries_are_located(sealed: Path) -> None:
    as_owner("UPDATE ledger_seal SET entry_id = -entry_id WHERE seq IN (5, 6)")
    as_owner(
        """
        UPDATE ledger_seal a SET entry_id = -b.entry_id, canonical = b.canonical FROM ledger_seal b
         WHERE (a.seq, b.seq) IN ((5, 6), (6, 5))
        """
    )

    assert wrong()[:2] == [
        "seal 5 is not over its bytes: they or its hash were changed",
        "seal 6 is not over its bytes: they or its hash were changed",
    ]
    export(sealed)
    assert script(sealed) == (
        1,
        [f"WRONG  seal {seq} is not over its bytes: they or its hash were changed" for seq in (5, 6)],
    )


def test_reseal_between_two_anchors_is_located_after_the_earlier_one(sealed: Path) -> None:
    anchor_head(now=NOW + timedelta(days=1))
    as_owner(FLIP.replace("seq = 5", "seq = 14"))
    reseal(after=13)

    place = "seal 16 is not the one of the anchor of 2026-10-21: the chain was changed after seal 12"
    assert wrong()[0] == place
    export(sealed)
    assert script(sealed) == (1, [f"WRONG  {place}"])


@pytest.mark.parametrize("change", [FLIP, ONE_CENT])
def test_resealed_chain_agrees_with_itself_and_the_anchors_locate_it(sealed: Path, change: str) -> None:
    outside = told()
    as_owner(change)
    reseal(after=0)

    assert wrong()[0] == "seal 12 is not the one of the close of 2026-10: the chain was changed after seal 0"
    as_owner("DELETE FROM ledger_anchor")
    as_owner("UPDATE ledger_periodevent e SET closing_hash = s.hash FROM ledger_seal s WHERE s.seq = e.through_seq")
    export(sealed)
    assert script(sealed)[0] == 0
    assert script(sealed, "--anchor", outside) == (
        1,
        ["WRONG  seal 12 is not the one of the anchor that you gave: the chain was changed after seal 0"],
    )


def test_what_is_changed_after_the_last_anchor_and_resealed_is_said_to_be_unanchored(sealed: Path) -> None:
    as_owner(FLIP.replace("seq = 5", "seq = 14"))
    reseal(after=13)

    assert "seal 14 is not over" in wrong()[0]  # only because the entry itself was not changed with it
    export(sealed)
    code, said = script(sealed, "--anchor", told())
    assert (code, said[1]) == (0, "Anchored up to 12; the 4 after it are not anchored.")


def test_empty_books(books: None, tmp_path: Path) -> None:
    path = tmp_path / "chain.jsonl"
    [top] = export(path)

    assert (top["through_seq"], top["head"], top["anchors"]) == (0, "00" * 32, [])
    assert verify().splitlines() == [
        "The chain holds: 0 sealed entries.",
        "There is no anchor yet: that nobody wrote all of it again cannot be shown.",
    ]
    assert script(path)[0] == 0


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "no json", '{"format":"tassel-chain","version":2}', '{"format":"tassel-chain","version":1}'],
)
def test_script_refuses_what_is_no_chain(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chain.jsonl"
    path.write_text(text)

    code, said = script(path)

    assert (code, len(said)) == (2, 1)
    assert said[0].startswith("This is no export of a chain")
    assert script(tmp_path / "none")[0] == 2


@pytest.mark.parametrize("anchor", ["", "12", "12:zz", "0:" + "00" * 32, "-1:" + "00" * 32, "12:" + "00" * 31])
def test_anchor_that_is_none_is_named(books: None, tmp_path: Path, anchor: str) -> None:
    with pytest.raises(CommandError, match="anchor"):
        call_command("verify_chain", f"--anchor={anchor}")

    assert script(tmp_path / "x", f"--anchor={anchor}")[0] == 2


def test_export_does_not_write_over_a_file(books: None, tmp_path: Path) -> None:
    path = tmp_path / "chain.jsonl"
    path.write_text("mine")

    with pytest.raises(CommandError, match="there already"):
        call_command("export_chain", out=path)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_chain", out=tmp_path / "none" / "x")
    assert path.read_text() == "mine"


def test_script_is_small_and_needs_nothing() -> None:
    text = SCRIPT.read_text()

    assert len(text.splitlines()) <= 100
    assert "tassel" not in "".join(line for line in text.splitlines() if line.startswith(("import", "from")))


def test_seal_command_seals_and_names_what_was_changed(books: None) -> None:
    [posted] = post(sale())
    check_at_commit()
    out = StringIO()
    call_command("seal", stdout=out)
    [other] = post(gift())
    check_at_commit()
    as_owner("UPDATE ledger_entry SET source = 'x' WHERE id = %s", other.entry_id)

    with pytest.raises(CommandError, match=f"entry {other.entry_id}"):
        call_command("seal")

    assert out.getvalue() == "Sealed through 1.\n"
    assert Seal.objects.get().entry_id == posted.entry_id
