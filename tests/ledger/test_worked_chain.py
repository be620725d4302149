"""A sale, a gift, their fees and shares, the way to the bank and to the partners: rules/ledger.md's chain so far."""

from __future__ import annotations

import pytest

from ledger import builders
from ledger.queries import balance, trial_balance
from tests.ledger.facts import (
    DAHLIAS_HOPE,
    RESTORATION_HOUSE,
    WHEN,
    accrual,
    balance_transaction,
    balances,
    gift,
    post,
    sale,
)


@pytest.mark.usefixtures("books")
def test_sale_stands_in_clearing_until_the_processor_tells_of_it() -> None:
    post(sale(), accrual())
    before = balance("clearing")

    post(balance_transaction())

    assert before == 5186
    assert balances() == {
        "1050": 5006,
        "2110/partner:1": -864,
        "2310": -366,
        "4510": -4800,
        "4520": 480,
        "4530": -500,
        "5110": 864,
        "6110": 180,
    }


@pytest.mark.usefixtures("books")
def test_chain_from_the_buyer_to_the_partners_bank() -> None:
    post(sale(), balance_transaction(), accrual())
    post(
        gift(),
        balance_transaction("txn_2", source="stripe:charge:ch_2", amount_minor=5180),
        accrual("allocation:2", partner=DAHLIAS_HOPE, amount_minor=2000),
        accrual("allocation:3", partner=RESTORATION_HOUSE, amount_minor=2000),
    )
    post(builders.stripe_payout(bt_ref="stripe:bt:txn_3", source="stripe:payout:po_1", amount_minor=10006, **WHEN))
    post(builders.bank_line(line_ref="bank:line:1", source="bank:1", amount_minor=10006, **WHEN))
    for payout, partner, amount_minor in (("payout:1", DAHLIAS_HOPE, 2864), ("payout:2", RESTORATION_HOUSE, 2000)):
        facts = {"payout_ref": payout, "source": payout, "partner": partner, "amount_minor": amount_minor, **WHEN}
        post(builders.payout_sent(**facts))
        post(builders.payout_settled(**facts))

    assert balances() == {
        "1010": 5142,
        "2310": -366,
        "4010/fund:seed-collective": -5000,
        "4015": -180,
        "4510": -4800,
        "4520": 480,
        "4530": -500,
        "5110": 4864,
        "6110": 360,
    }
    lines = trial_balance()
    assert sum(line.debits_minor for line in lines) == sum(line.credits_minor for line in lines) == 56176
