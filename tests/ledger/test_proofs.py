"""Whoever gave can check that their share is inside what a partner was promised; nobody can be pressed out of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction

from ledger import builders
from ledger.models import Proof, ProofLeaf
from ledger.operations import close_month
from ledger.operations import publish_proofs as publishing
from ledger.operations.close_month import current_close
from ledger.operations.publish_proofs import NotClosed, Outcome, Published, publish_proofs
from ledger.proofs import NoProof, proof_document
from ledger.queries import balance
from ledger.sumtree import fold, join, leaf, path
from people.models import Organisation
from tests.ledger.closing import close, reopen
from tests.ledger.facts import DAHLIAS_HOPE, NOW, RESTORATION_HOUSE, WHEN, accrual, entry, post
from tests.ledger.raw import sql
from tests.ledger.test_races import wait_until, with_own_connection

pytestmark = pytest.mark.usefixtures("books")
VERIFIER = Path(__file__).parents[2] / "scripts" / "verify-proof"
OCTOBER, SEPTEMBER = 202610, 202609
AMOUNTS = (864, 2000, 531, 40, 1, 77, 3000, 250)  # 6763
LATE: dict[str, Any] = {"event_at": datetime(2026, 9, 20, 17, tzinfo=UTC), "effective_on": date(2026, 9, 20)}


@pytest.fixture(autouse=True)
def organisation(db: None) -> Organisation:
    return Organisation.objects.create(display_name="Tassel Collective", contact_email="office@example.org")


def share(number: int, amount_minor: int, **changes: Any) -> None:
    post(accrual(f"allocation:{number}", source=f"gift:{number}", amount_minor=amount_minor, **changes))


def take_back(number: int, amount_minor: int, **changes: Any) -> None:
    about = WHEN | {"source": f"gift:{number}", "partner": DAHLIAS_HOPE, "cause": "stripe:refund:re_1"} | changes
    post(builders.reversal(allocation_ref=f"allocation:{number}", amount_minor=amount_minor, **about))


def publish(yyyymm: int = OCTOBER) -> list[Published]:
    return publish_proofs(yyyymm=yyyymm, now=NOW)


@pytest.fixture
def eight_shares(books: None) -> None:
    for number, amount_minor in enumerate(AMOUNTS, start=1):
        share(number, amount_minor)


def document(receipt: str = "gift:1", **changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"partner": DAHLIAS_HOPE, "yyyymm": OCTOBER, "currency": "usd", "receipt": receipt}
    return proof_document(**usual | changes)


def verify(folder: Path, proof: Any, *options: str) -> tuple[int, str]:
    """What the script says when it has nothing but Python and the document."""
    file = folder / "proof.json"
    file.write_text(proof if isinstance(proof, str) else json.dumps(proof))
    ran = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(file), *options],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.usefixtures("eight_shares")
def test_root_binds_each_share_and_their_sum(tmp_path: Path) -> None:
    close(OCTOBER)

    proof = Proof.objects.get()
    assert (proof.partner, proof.total_minor, proof.leaf_count) == (DAHLIAS_HOPE, sum(AMOUNTS), 8)
    assert proof.through_seq == current_close(OCTOBER).through_seq == 8
    assert proof.total_minor == -balance("payable", DAHLIAS_HOPE)
    for number, amount_minor in enumerate(AMOUNTS, start=1):
        code, said = verify(tmp_path, document(f"gift:{number}"), "--root", bytes(proof.root).hex())
        assert (code, said) == (
            0,
            f"gift:{number}: {amount_minor} of 6763 (usd, smallest unit) for partner:1 in 2026-10"
            " is inside the total.\n",
        )


def test_shares_are_padded_to_a_power_of_two_and_shuffled() -> None:
    for number in range(1, 34):
        share(number, number)
    close(OCTOBER)

    leaves = list(ProofLeaf.objects.order_by("idx"))
    assert [row.idx for row in leaves] == list(range(64))
    assert Counter(row.receipt for row in leaves)[""] == 31
    assert all(row.amount_minor == 0 for row in leaves if not row.receipt)
    assert len({bytes(row.salt) for row in leaves}) == 64
    receipts = [row.receipt for row in leaves]
    assert receipts[:33] != sorted(receipts[:33])
    assert receipts != sorted(receipts)
    assert "" in receipts[:33]
    salted = [leaf(row.amount_minor, bytes(row.salt), row.receipt) for row in leaves]
    assert fold(salted, join).digest == bytes(Proof.objects.get().root)


def test_seven_shares_publish_nothing() -> None:
    for number in range(1, 8):
        share(number, 100)
    share(8, 100)
    take_back(8, 100)
    close(OCTOBER)

    [published] = publish()

    assert (published.partner, published.outcome, published.proof) == (DAHLIAS_HOPE, Outcome.TOO_FEW, None)
    assert not Proof.objects.exists()
    with pytest.raises(NoProof, match="nothing was published for partner:1 in 202610"):
        document()


@pytest.mark.usefixtures("eight_shares")
def test_share_is_net_of_what_was_taken_back_of_it() -> None:
    take_back(1, 333)
    close(OCTOBER)

    proof = Proof.objects.get()
    assert (proof.total_minor, proof.taken_back_minor) == (6763 - 333, 0)
    assert document("gift:1")["share"]["amount_minor"] == 531


@pytest.mark.usefixtures("eight_shares")
def test_what_was_taken_back_of_an_earlier_month_is_no_leaf_and_stands_beside() -> None:
    share(99, 500, **LATE)
    take_back(99, 400)
    close(SEPTEMBER)
    close(OCTOBER)

    proof = Proof.objects.get()
    assert (proof.total_minor, proof.taken_back_minor) == (6763, 400)
    assert proof.total_minor - proof.taken_back_minor == -balance("payable", DAHLIAS_HOPE) - 500
    with pytest.raises(NoProof, match="gift:99 is not among the shares"):
        document("gift:99")


@pytest.mark.usefixtures("eight_shares")
def test_holds_and_payouts_change_no_share_and_payments_stand_beside() -> None:
    ref = WHEN | {"source": "payout:1", "partner": DAHLIAS_HOPE, "payout_ref": "payout:1"}
    held = WHEN | {"source": "gift:1", "partner": DAHLIAS_HOPE, "amount_minor": 864}
    post(builders.hold(hold_ref="hold:1", reason="dispute", **held))
    post(builders.payout_sent(amount_minor=2000, **ref), builders.payout_settled(amount_minor=2000, **ref))
    close(OCTOBER)

    proof = Proof.objects.get()
    assert (proof.total_minor, proof.paid_minor, proof.taken_back_minor, proof.leaf_count) == (6763, 2000, 0, 8)
    assert document("gift:1")["share"]["amount_minor"] == 864
    assert document("gift:1")["paid_minor"] == 2000


@pytest.mark.usefixtures("eight_shares")
def test_payment_that_the_bank_returned_was_not_paid() -> None:
    ref = WHEN | {"source": "payout:1", "partner": DAHLIAS_HOPE, "payout_ref": "payout:1"}
    post(builders.payout_sent(amount_minor=2000, **ref), builders.payout_settled(amount_minor=2000, **ref))
    post(builders.payout_returned(amount_minor=2000, **ref))

    close(OCTOBER)

    assert Proof.objects.get().paid_minor == 0


@pytest.mark.usefixtures("eight_shares")
def test_share_that_was_held_and_lost_is_taken_back() -> None:
    held = WHEN | {"source": "gift:1", "partner": DAHLIAS_HOPE, "amount_minor": 864}
    post(builders.hold(hold_ref="hold:1", reason="dispute", **held))
    take_back(1, 864, cause="stripe:dispute:du_1", held=True)
    share(9, 100)

    close(OCTOBER)

    assert Proof.objects.get().total_minor == 6763 - 864 + 100
    assert document("gift:1")["share"]["amount_minor"] == 0


@pytest.mark.usefixtures("eight_shares")
def test_money_held_as_agent_is_a_share_too() -> None:
    share(9, 500, recognition="agency", fund="seed-collective")

    close(OCTOBER)

    assert Proof.objects.get().total_minor == 6763 + 500
    assert document("gift:9")["share"]["amount_minor"] == 500


@pytest.mark.usefixtures("eight_shares")
def test_agency_money_that_was_held_and_lost_is_taken_back_and_what_was_paid_of_it_stands_beside() -> None:
    agency = WHEN | {"partner": DAHLIAS_HOPE, "recognition": "agency"}
    for number in (9, 10):
        share(number, 500, recognition="agency", fund="seed-collective")
    post(builders.hold(hold_ref="hold:1", reason="dispute", source="gift:9", amount_minor=500, **agency))
    take_back(9, 500, cause="stripe:dispute:du_1", held=True, recognition="agency", fund="seed-collective")
    paid = agency | {"source": "payout:1", "payout_ref": "payout:1", "amount_minor": 500}
    post(builders.payout_sent(**paid), builders.payout_settled(**paid))

    close(OCTOBER)

    proof = Proof.objects.get()
    assert (proof.total_minor, proof.taken_back_minor, proof.paid_minor) == (6763 + 500, 0, 500)
    assert document("gift:9")["share"]["amount_minor"] == 0
    assert [balance(each, DAHLIAS_HOPE) for each in ("held", "payout_in_flight", "agent_set_aside")] == [0, 0, 0]


@pytest.mark.usefixtures("eight_shares")
def test_each_partner_and_currency_has_a_tree_of_its_own() -> None:
    for number, amount_minor in enumerate(AMOUNTS, start=1):
        share(100 + number, amount_minor, partner=RESTORATION_HOUSE)
        share(200 + number, amount_minor, currency="eur")
    close(OCTOBER)

    proofs = Proof.objects.order_by("partner", "currency").values_list("partner", "currency", "total_minor")
    assert list(proofs) == [("partner:1", "eur", 6763), ("partner:1", "usd", 6763), ("partner:2", "usd", 6763)]
    assert len({bytes(proof.root) for proof in Proof.objects.all()}) == 3
    with pytest.raises(NoProof):
        document("gift:101")


@pytest.mark.usefixtures("eight_shares")
def test_open_month_is_not_published() -> None:
    with pytest.raises(NotClosed, match="202610 is not closed"):
        publish()
    with pytest.raises(NotClosed, match="199912 is not closed"):
        publish(199912)

    assert not Proof.objects.exists()


@pytest.mark.usefixtures("eight_shares")
def test_month_is_published_once_even_when_it_was_opened_again() -> None:
    close(OCTOBER)
    first = Proof.objects.get()
    reopen(OCTOBER)
    post(entry("manual:9", ("allocations", "payable/partner:1", 10_000), kind="manual", source="gift:9"))

    close(OCTOBER)

    [again] = publish()
    assert (again.outcome, again.proof) == (Outcome.ALREADY_PUBLISHED, first)
    assert balance("payable", DAHLIAS_HOPE) == -16_763
    assert Proof.objects.get().total_minor == 6763
    assert ProofLeaf.objects.count() == 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("eight_shares")
def test_who_publish_at_once_publish_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(close_month, "publish_proofs", lambda **_: None)  # as if it had died there
    close(OCTOBER)
    outcomes: list[str] = []

    def run() -> None:
        try:
            outcomes.extend(row.outcome for row in publish())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(outcomes) == {"published": 1, "already_published": 3}
    assert ProofLeaf.objects.count() == 8


@pytest.mark.usefixtures("eight_shares")
def test_month_that_was_reopened_before_its_root_was_out_has_the_root_of_its_next_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(close_month, "publish_proofs", lambda **_: None)  # as if it had died there
        first = close(OCTOBER)
    reopen(OCTOBER)
    with pytest.raises(NotClosed):
        publish()
    post(entry("manual:9", ("allocations", "payable/partner:1", 10_000), kind="manual", source="gift:9"))

    second = close(OCTOBER)

    proof = Proof.objects.get()
    assert (proof.total_minor, proof.through_seq) == (16_763, second.through_seq)
    assert second.through_seq == first.through_seq + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("eight_shares")
def test_who_reopens_the_month_waits_until_its_root_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is entered then would be under a root of the sequence before it."""
    with monkeypatch.context() as dying:
        dying.setattr(close_month, "publish_proofs", lambda **_: None)
        closed = close(OCTOBER)
    read, begun, go_on = publishing._rows, threading.Event(), threading.Event()

    def slowly(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(10)
        return read(*arguments)

    def reopen_and_enter() -> None:
        reopen(OCTOBER)
        post(entry("manual:9", ("allocations", "payable/partner:1", 10_000), kind="manual", source="gift:9"))

    monkeypatch.setattr(publishing, "_rows", slowly)
    with ThreadPoolExecutor(2) as pool:
        publisher = pool.submit(with_own_connection(publish))
        assert begun.wait(10)
        rival = pool.submit(with_own_connection(reopen_and_enter))
        wait_until(lambda: rival.done() or somebody_waits())
        go_on.set()
        assert [row.outcome for row in publisher.result(timeout=20)] == ["published"]
        rival.result(timeout=20)

    proof = Proof.objects.get()
    assert (proof.total_minor, proof.through_seq) == (6763, closed.through_seq)
    assert balance("payable", DAHLIAS_HOPE) == -16_763


def somebody_waits() -> bool:
    return sql("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") is not None


@pytest.mark.usefixtures("eight_shares")
def test_published_tree_takes_nothing_more_and_stays() -> None:
    close(OCTOBER)
    proof = Proof.objects.get()
    late = ProofLeaf(proof=proof, idx=8, salt=bytes(32), amount_minor=1, receipt="gift:9")

    with pytest.raises(IntegrityError, match="no place in its published tree"), transaction.atomic():
        late.save()
    for change in (
        "UPDATE ledger_proof SET total_minor = total_minor + 1",
        "DELETE FROM ledger_proof",
        "UPDATE ledger_proofleaf SET amount_minor = amount_minor + 1",
        "DELETE FROM ledger_proofleaf",
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            sql(change)


@pytest.fixture
def proof(eight_shares: None) -> dict[str, Any]:
    close(OCTOBER)
    return document("gift:1")


def test_verifier_wants_the_root_compared(tmp_path: Path, proof: dict[str, Any]) -> None:
    code, said = verify(tmp_path, proof)

    assert code == 0
    assert said.splitlines()[1] == f"Compare its root with the published one: {proof['root']['hash']}"


def test_claim_of_one_cent_more_fails(tmp_path: Path, proof: dict[str, Any]) -> None:
    proof["share"]["amount_minor"] = 865

    code, said = verify(tmp_path, proof)

    assert code == 1
    assert said.startswith("WRONG: gift:1: 865 of 6763 (usd, smallest unit) for partner:1 in 2026-10 leads to ")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("share", "receipt"), "gift:2"),
        (("share", "salt"), "00" * 32),
        (("share", "amount_minor"), -1),
        (("share", "amount_minor"), 2**64),
        (("share", "amount_minor"), "864"),
        (("share", "index"), 8),
        (("root", "total_minor"), 6764),
        (("root", "hash"), "00" * 32),
        (("neighbours", 0, "total_minor"), -5),
        (("neighbours", 1, "total_minor"), 2**63),
        (("neighbours", 2, "hash"), "00" * 32),
        (("leaves",), 4),
        (("leaves",), 16),
    ],
)
def test_whatever_was_changed_in_a_proof_is_seen(
    tmp_path: Path, proof: dict[str, Any], where: tuple[Any, ...], value: Any
) -> None:
    *way, last = where
    place: Any = proof
    for step in way:
        place = place[step]
    place[last] = value

    code, said = verify(tmp_path, proof)

    assert (code, said[:6]) == (1, "WRONG:")


def test_money_shifted_between_two_neighbours_is_seen(tmp_path: Path, proof: dict[str, Any]) -> None:
    proof["neighbours"][0]["total_minor"] += 1
    proof["neighbours"][1]["total_minor"] -= 1

    assert verify(tmp_path, proof)[0] == 1


def test_another_root_than_the_published_one_is_seen(tmp_path: Path, proof: dict[str, Any]) -> None:
    code, said = verify(tmp_path, proof, "--root", "ab" * 32)

    assert code == 1
    assert "the published one is abab" in said


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"format": "tassel-share-proof-2"}', "null"])
def test_what_is_no_proof_is_said_so(tmp_path: Path, text: str) -> None:
    code, said = verify(tmp_path, text)

    assert code == 2
    assert "is not a proof that this program knows" in said
    assert "Traceback" not in said


def test_published_vector_passes_the_verifier(tmp_path: Path) -> None:
    amounts = (864, 2000, 531, 0)
    leaves = [leaf(amount, bytes([i]) * 32, f"gift-{i}") for i, amount in enumerate(amounts, start=1)]
    above = join(leaves[2], leaves[3])
    vector = {
        "format": "tassel-share-proof-1",
        "partner": "partner:1",
        "month": "2026-10",
        "currency": "usd",
        "root": {"total_minor": 3395, "hash": "bccb163a46fe5791012e3947eb31fb84954283cf1411fa30b572792fbf2457e2"},
        "leaves": 4,
        "share": {"receipt": "gift-1", "amount_minor": 864, "salt": "01" * 32, "index": 0},
        "neighbours": [{"total_minor": n.total_minor, "hash": n.digest.hex()} for n in (leaves[1], above)],
    }

    assert verify(tmp_path, vector)[0] == 0


def test_verifier_knows_the_shape_of_a_number_that_is_no_power_of_two() -> None:
    root_of = run_path(str(VERIFIER))["root_of"]

    for count in range(1, 34):
        leaves = [leaf(i, bytes([i]) * 32, f"gift:{i}") for i in range(count)]
        root = fold(leaves, join)
        for i in range(count):
            own = {"receipt": f"gift:{i}", "amount_minor": i, "salt": f"{i:02x}" * 32, "index": i}
            neighbours = [{"total_minor": node.total_minor, "hash": node.digest.hex()} for node in path(leaves, i)]
            assert root_of(own, count, neighbours) == (root.total_minor, root.digest), (i, count)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("share_proof", *arguments, stdout=out)
    return out.getvalue()


def test_command_prints_the_document(tmp_path: Path, proof: dict[str, Any]) -> None:
    printed = run(DAHLIAS_HOPE, "2026-10", "gift:1")

    assert json.loads(printed) == proof
    assert verify(tmp_path, printed)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["partner:1", "October", "gift:1"], "October is not a month"),
        (["partner:1", "2026-10", "gift:9"], "gift:9 is not among the shares of partner:1"),
        (["partner:1", "2026-10", ""], "is not among the shares"),
        (["partner:2", "2026-10", "gift:1"], "nothing was published for partner:2"),
    ],
)
def test_command_refuses_in_one_sentence(proof: dict[str, Any], arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run(*arguments)
