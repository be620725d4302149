"""What an exception's detail names is read in words and opened."""

from __future__ import annotations

import pytest

from ledger.details import detail_of, words_of
from ledger.models import ReconciliationException
from people.sources import Source

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("detail", "read"),
    [
        ("", []),
        ("net_differs: the processor says -777", ["net differs:", "the", "processor", "says", "-777"]),
        ("other_adjustment of adj_1SYkT0", ["other adjustment", "of", "adj_1SYkT0"]),
        ("refund stripe:charge:ch_1", ["refund", "Charge ch_1"]),
    ],
)
def test_codes_are_words_and_references_are_sources(detail: str, read: list[str]) -> None:
    row = ReconciliationException(subject="stripe:bt:txn_1", detail=detail)

    words = words_of([row])

    assert [part.label for part in detail_of(row, words)] == read
    assert words["stripe:bt:txn_1"] == Source("Balance transaction txn_1", "/desk/stripe/balance/txn_1/")


def test_a_reference_in_a_detail_leads_to_its_page() -> None:
    row = ReconciliationException(subject="bank:line:0", detail="stripe:payout:po_1 stripe:payout:po_2")

    pages = [part.href for part in detail_of(row, words_of([row]))]

    assert pages == ["/desk/stripe/payouts/po_1/", "/desk/stripe/payouts/po_2/"]
