"""The sealer: a sequence without gaps, a chain, and nothing sealed that is not as it was posted."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger import tasks
from ledger.chain import GENESIS, link
from ledger.contents import contents_of
from ledger.models import Entry, Seal, Unsealed
from ledger.operations.seal_entries import ContentMismatch, Sealed, seal_all, seal_entries
from people.models import Mail, Organisation
from tests.ledger.facts import accrual, entry, gift, post, sale
from tests.ledger.raw import as_owner, check_at_commit, raw_posting, sql

pytestmark = pytest.mark.usefixtures("books")


def test_seals_number_and_chain_what_was_posted() -> None:
    ids = [posted.entry_id for posted in post(sale(), accrual(), gift())]

    assert seal_entries() == Sealed(entries=3, through_seq=3)

    before = GENESIS
    for number, seal in enumerate(Seal.objects.order_by("seq"), start=1):
        assert (seal.seq, seal.entry_id in ids) == (number, True)
        assert bytes(seal.prev_hash) == before
        assert bytes(seal.hash) == sha256(b"\x02" + before + bytes(seal.canonical)).digest()
        assert sha256(bytes(seal.canonical)).digest() == bytes(Entry.objects.get(pk=seal.entry_id).content_hash)
        before = bytes(seal.hash)
    assert not Unsealed.objects.exists()


def test_sealed_bytes_hold_the_fact_and_nobody() -> None:
    post(accrual())
    seal_entries()

    assert bytes(Seal.objects.get().canonical).decode() == (
        '[1,"allocation:1:accrual","accrual","order:1042","2026-10-20",1792515600000000,null,'
        '[["5110","2110/partner:1","usd",864]]]'
    )


def test_next_batch_goes_on_from_the_head() -> None:
    post(*(entry(f"n:{i}", ("bank", "suspense", 5)) for i in range(7)))

    assert [seal_entries(limit=3), seal_entries(limit=3)] == [Sealed(3, 3), Sealed(3, 6)]
    assert seal_all() == 7
    assert seal_entries() == Sealed(0, 7)
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5, 6, 7]


def test_nothing_to_seal() -> None:
    assert seal_entries() == Sealed(0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_posting SET amount_minor = amount_minor + 1 WHERE entry_id = %s AND ordinal = 1",
        "DELETE FROM ledger_posting WHERE entry_id = %s",
        "UPDATE ledger_entry SET source = 'order:1043' WHERE id = %s",
    ],
)
def test_entry_that_was_changed_stops_the_sealer_with_an_alarm(change: str, caplog: pytest.LogCaptureFixture) -> None:
    pk = post(gift(), sale())[1].entry_id
    check_at_commit()
    as_owner(change, pk)

    with pytest.raises(ContentMismatch, match=f"entry {pk}"):
        seal_entries()

    assert not Seal.objects.exists()
    assert Unsealed.objects.count() == 2
    assert [r.levelname for r in caplog.records if "entry_changed_before_its_seal" in str(r.msg)] == ["CRITICAL"]


@pytest.fixture
def sealed() -> Seal:
    post(sale())
    seal_entries()
    return Seal.objects.get()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_seal SET seq = 2",
        r"UPDATE ledger_seal SET canonical = canonical || '\x20'::bytea",
        "DELETE FROM ledger_seal",
        "TRUNCATE ledger_seal",
        "INSERT INTO ledger_seal SELECT * FROM ledger_seal ON CONFLICT (seq) DO UPDATE SET hash = ledger_seal.hash",
        "UPDATE ledger_unsealed SET entry_id = entry_id + 1",
        "TRUNCATE ledger_unsealed",
    ],
)
def test_seals_and_the_queue_stay(sealed: Seal, change: str) -> None:
    post(gift())
    check_at_commit()

    with pytest.raises(IntegrityError, match=r"append-only|do not go on"), transaction.atomic():
        sql(change)


def test_entry_leaves_the_queue_by_its_seal_only(sealed: Seal) -> None:
    post(gift())

    with pytest.raises(IntegrityError, match="waits until it is sealed"), transaction.atomic():
        sql("DELETE FROM ledger_unsealed")


def insert_seal(seq: int, entry_id: int, prev_hash: bytes, digest: bytes, canonical: bytes) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_seal (seq, entry_id, prev_hash, hash, canonical) VALUES (%s, %s, %s, %s, %s)",
            [seq, entry_id, prev_hash, digest, canonical],
        )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seq": 3}, "do not go on from 1"),
        ({"seq": 0}, "do not go on|seq_from_1"),
        ({"prev_hash": GENESIS}, "duplicate key|does not chain"),
        ({"prev_hash": b"\x01" * 32}, "does not chain"),
        ({"digest": b"\x01" * 32}, "does not chain"),
        ({"canonical": b"[1]"}, "does not chain"),
    ],
)
def test_database_refuses_a_seal_that_does_not_chain(sealed: Seal, changes: dict[str, Any], why: str) -> None:
    [posted] = post(gift())
    bytes_of = _canonical_of(posted.entry_id)
    head = bytes(sealed.hash)
    right = {"seq": 2, "entry_id": posted.entry_id, "prev_hash": head, "canonical": bytes_of}
    wrong = {**right, **changes}
    wrong.setdefault("digest", link(wrong["prev_hash"], wrong["canonical"]))

    with pytest.raises(IntegrityError, match=why):
        insert_seal(**wrong)

    insert_seal(**right, digest=link(head, bytes_of))
    assert not Unsealed.objects.exists()


def test_database_refuses_to_seal_an_entry_twice(sealed: Seal) -> None:
    head, bytes_of = bytes(sealed.hash), bytes(sealed.canonical)

    with pytest.raises(IntegrityError):
        insert_seal(2, sealed.entry_id, head, link(head, bytes_of), bytes_of)


def test_posting_beside_sealed_bytes_is_refused_even_in_the_same_transaction(sealed: Seal) -> None:
    """After a restore a transaction's number can come again: here the entry is of this very transaction."""
    with pytest.raises(IntegrityError, match=f"entry {sealed.entry_id} is sealed"), transaction.atomic():
        raw_posting(sealed.entry_id, ordinal=9)


@pytest.mark.django_db(transaction=True)
def test_snapshot_isolation_is_refused() -> None:
    post(sale())

    with pytest.raises(DatabaseError, match="read committed only"), transaction.atomic():
        sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        insert_seal(1, Entry.objects.get().pk, GENESIS, link(GENESIS, b"[]"), b"[]")


def test_sealer_has_a_transaction_of_its_own(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        seal_entries()


def _canonical_of(entry_id: int) -> bytes:
    [content] = contents_of([entry_id])
    return content.canonical


def test_task_seals_everything_and_tells_of_a_changed_entry_once() -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"display_name": "T", "contact_email": "books@example.org"})
    post(sale())
    assert tasks.seal() == 1
    [posted] = post(gift())
    check_at_commit()
    as_owner("UPDATE ledger_entry SET source = 'x' WHERE id = %s", posted.entry_id)

    for _ in range(2):
        with pytest.raises(ContentMismatch):
            tasks.seal()

    mail = Mail.objects.get()
    assert (mail.to, mail.subject) == ("books@example.org", "An entry of the books was changed")
    assert f"Entry {posted.entry_id} of the books (gift stripe:charge:ch_2:gift)" in mail.text


def test_task_anchors_the_head() -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"display_name": "T", "contact_email": "books@example.org"})
    post(sale())
    seal_all()

    assert [tasks.anchor(), tasks.anchor()] == ["anchored", "nothing_new"]
