"""Each event of rules/ledger.md section 5 makes the postings of its row, to the cent."""

from __future__ import annotations

import pytest

from ledger import builders
from ledger.drafts import AccountRef, BadPosting
from tests.ledger.facts import (
    DAHLIAS_HOPE,
    RESTORATION_HOUSE,
    WHEN,
    accrual,
    balance_transaction,
    gift,
    sale,
    shown,
)


def test_sale_e1() -> None:
    draft = sale()

    assert shown(draft) == ["1040 / 4510 4320", "4520 / 4510 480", "1040 / 4530 500", "1040 / 2310 366"]
    assert (draft.kind, draft.key) == ("sale", "stripe:charge:ch_1:sale")


def test_sale_without_discount_shipping_or_tax_makes_one_posting() -> None:
    draft = sale(goods_minor=2400, discount_minor=0, shipping_minor=0, tax_minor=0)

    assert shown(draft) == ["1040 / 4510 2400"]


def test_sale_given_away_keeps_its_price_and_its_discount() -> None:
    draft = sale(goods_minor=2400, discount_minor=2400, shipping_minor=500, tax_minor=0)

    assert shown(draft) == ["4520 / 4510 2400", "1040 / 4530 500"]


@pytest.mark.parametrize("part", ["goods_minor", "discount_minor", "shipping_minor", "tax_minor"])
def test_sale_with_a_negative_part_is_refused(part: str) -> None:
    with pytest.raises(BadPosting):
        sale(**{part: -1})


def test_sale_discounted_below_nothing_is_refused() -> None:
    with pytest.raises(BadPosting):
        sale(goods_minor=400, discount_minor=401)


def test_balance_transaction_of_a_gift_e2b() -> None:
    draft = balance_transaction("txn_2", category="payment", amount_minor=5180)

    assert shown(draft) == ["1050 / 1040 5180", "6110 / 1050 180"]


def test_balance_transaction_of_a_refund_e3b() -> None:
    draft = balance_transaction("txn_3", category="refund", amount_minor=-2000, fee_minor=0)

    assert shown(draft) == ["1040 / 1050 2000"]


def test_fee_given_back() -> None:
    draft = balance_transaction("txn_4", category="refund", amount_minor=-2000, fee_minor=-88)

    assert shown(draft) == ["1040 / 1050 2000", "1050 / 6110 88"]


def test_unknown_category_goes_to_suspense_in_both_directions() -> None:
    credit = balance_transaction("txn_5", category="capital_advance", amount_minor=700, fee_minor=0)
    debit = balance_transaction("txn_6", category="capital_repayment", amount_minor=-700, fee_minor=0)

    assert shown(credit) == ["1050 / 1999 700"]
    assert shown(debit) == ["1999 / 1050 700"]


def test_gift_e2_and_its_shares_e2a() -> None:
    shares = [accrual(f"allocation:{who}", partner=who, amount_minor=2000) for who in (DAHLIAS_HOPE, RESTORATION_HOUSE)]

    assert shown(gift()) == ["1040 / 4010/fund:seed-collective 5000", "1040 / 4015 180"]
    assert gift().key == "stripe:charge:ch_2:gift"
    assert [shown(share) for share in shares] == [["5110 / 2110/partner:1 2000"], ["5110 / 2110/partner:2 2000"]]


def test_negative_stripe_payout_debits_the_bank() -> None:
    asked = builders.stripe_payout(bt_ref="stripe:bt:txn_9", source="stripe:payout:po_1", amount_minor=-1680, **WHEN)
    taken = builders.bank_line(line_ref="bank:line:2", source="bank:1", amount_minor=-1680, **WHEN)

    assert shown(asked) == ["1050 / 1060 1680"]
    assert shown(taken) == ["1060 / 1010 1680"]


def test_payout_and_its_balance_transaction_are_one_fact() -> None:
    payout = builders.stripe_payout(bt_ref="stripe:bt:txn_9", source="stripe:payout:po_1", amount_minor=8006, **WHEN)
    seen_in_the_list = builders.balance_transaction(
        bt_ref="stripe:bt:txn_9",
        source="stripe:payout:po_1",
        category="payout",
        amount_minor=-8006,
        fee_minor=0,
        **WHEN,
    )

    assert payout == seen_in_the_list


def test_bank_line_returned_by_the_partners_bank_e8() -> None:
    owed_again = AccountRef("payable", RESTORATION_HOUSE)
    draft = builders.bank_line(
        line_ref="bank:line:3", source="bank:1", amount_minor=2000, counterpart=owed_again, **WHEN
    )

    assert shown(draft) == ["1010 / 2110/partner:2 2000"]
