"""One root binds every amount: the published vectors, and what a dishonest publisher or donor might try."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.sumtree import Node, NotATree, fold, join, leaf, path, root_from

AMOUNTS = (864, 2000, 531, 0)
LEAVES = [leaf(amount, bytes([i]) * 32, f"gift-{i}") for i, amount in enumerate(AMOUNTS, start=1)]
ROOT = "bccb163a46fe5791012e3947eb31fb84954283cf1411fa30b572792fbf2457e2"
# The leaves of the Certificate Transparency vectors, whose roots RFC 9162 implementations agree on.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def test_published_vector() -> None:
    assert LEAVES[0].digest.hex().startswith("80ede603")
    assert LEAVES[0].digest.hex().endswith("7449c508")
    assert fold(LEAVES, join) == Node(3395, bytes.fromhex(ROOT))


def test_first_gift_is_inside_and_a_larger_claim_is_not() -> None:
    neighbours = path(LEAVES, 0)

    assert root_from(LEAVES[0], index=0, count=4, neighbours=neighbours) == fold(LEAVES, join)
    claim = leaf(865, bytes([1]) * 32, "gift-1")
    assert root_from(claim, index=0, count=4, neighbours=neighbours) != fold(LEAVES, join)


@pytest.mark.parametrize("count", CT_ROOTS)
def test_shape_is_that_of_certificate_transparency(count: int) -> None:
    leaves = [sha256(b"\x00" + bytes.fromhex(entry)).digest() for entry in CT_LEAVES[:count]]

    assert fold(leaves, lambda left, right: sha256(b"\x01" + left + right).digest()).hex() == CT_ROOTS[count]


def test_shape_of_a_number_that_is_no_power_of_two() -> None:
    assert fold([*"abcdefg"], lambda left, right: f"({left}{right})") == "(((ab)(cd))((ef)g))"


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.data())
def test_each_leaf_leads_to_the_root_and_to_no_other_place(amounts: list[int], data: st.DataObject) -> None:
    leaves = [leaf(amount, bytes([i]) * 32, f"gift:{i}") for i, amount in enumerate(amounts)]
    root = fold(leaves, join)
    index = data.draw(st.integers(0, len(leaves) - 1))
    elsewhere = data.draw(st.integers(0, len(leaves) - 1))
    neighbours = path(leaves, index)

    assert root.total_minor == sum(amounts)
    assert root_from(leaves[index], index=index, count=len(leaves), neighbours=neighbours) == root
    if elsewhere != index:
        with suppress(NotATree):  # there, not even the number of neighbours need fit
            assert root_from(leaves[index], index=elsewhere, count=len(leaves), neighbours=neighbours) != root


def test_both_sums_below_a_node_are_bound_not_only_their_total() -> None:
    left, right = LEAVES[0], LEAVES[1]

    shifted = join(replace(left, total_minor=1864), replace(right, total_minor=1000))

    assert shifted.total_minor == join(left, right).total_minor
    assert shifted.digest != join(left, right).digest


@pytest.mark.parametrize("amount", [-1, 2**64])
def test_amount_that_no_tree_can_hold_is_refused(amount: int) -> None:
    with pytest.raises(NotATree, match=str(amount)):
        leaf(amount, bytes(32), "gift:1")


def test_sum_that_overflows_is_refused() -> None:
    half = leaf(2**63, bytes(32), "gift:1")

    with pytest.raises(NotATree, match=str(2**64)):
        join(half, half)


def test_negative_sum_of_a_neighbour_is_refused() -> None:
    neighbours = [Node(-864, bytes(32)), path(LEAVES, 0)[1]]

    with pytest.raises(NotATree, match="-864"):
        root_from(LEAVES[0], index=0, count=4, neighbours=neighbours)


def test_what_is_no_tree_is_refused() -> None:
    with pytest.raises(NotATree, match="at least one leaf"):
        fold([], join)
    with pytest.raises(NotATree, match="no leaf 4 among 4"):
        path(LEAVES, 4)
    with pytest.raises(NotATree, match="2 neighbours on its way, not 1"):
        root_from(LEAVES[0], index=0, count=4, neighbours=path(LEAVES, 0)[:1])
    with pytest.raises(NotATree, match="32 bytes, not 8"):
        leaf(1, bytes(8), "gift:1")
