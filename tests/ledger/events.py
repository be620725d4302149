"""One example of every event that has a builder, and the postings and key it makes: the posting table as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ledger import builders
from ledger.builders import Parts
from ledger.drafts import AccountRef, EntryDraft, PostingDraft
from ledger.splitting import disputed_share
from tests.ledger.facts import DAHLIAS_HOPE, RESTORATION_HOUSE, WHEN

OCCASION = {name: value for name, value in WHEN.items() if name != "currency"}
GOODS_REFUNDED = Parts(goods_minor=1666, shipping_minor=193, tax_minor=141)
GIFT_REFUNDED = Parts(gift_minor=1950, cover_minor=50, fund="seed-collective")


@dataclass(frozen=True)
class Example:
    """`figures` are the builder's own arguments; `postings` as rules/ledger.md writes them, for each entry it makes."""

    event: str
    builder: str
    figures: dict[str, Any]
    postings: list[str]
    key: str
    about: dict[str, Any]

    def drafts(self, **changes: Any) -> tuple[EntryDraft, ...]:
        built = getattr(builders, self.builder)(**{**self.figures, **self.about, **changes})
        return built if isinstance(built, tuple) else (built,)


def example(event: str, builder: str, figures: dict[str, Any], postings: list[str], key: str, **about: Any) -> Example:
    return Example(event, builder, figures, postings, key, {**(about or WHEN), "source": "order:1042"})


RE_1 = {"refund_ref": "stripe:refund:re_1"}
PAYOUT = {"payout_ref": "payout:12", "partner": DAHLIAS_HOPE, "amount_minor": 2531}
SHARE = {"partner": DAHLIAS_HOPE, "amount_minor": 864}
AGENCY = {"recognition": "agency", "fund": "seed-collective"}
BT = {"bt_ref": "stripe:bt:txn_1"}

EXAMPLES = [
    example(
        "E1 sale",
        "sale",
        {
            "charge_ref": "stripe:charge:ch_1",
            "goods_minor": 4800,
            "discount_minor": 480,
            "shipping_minor": 500,
            "tax_minor": 366,
        },
        ["1040 / 4510 4320", "4520 / 4510 480", "1040 / 4530 500", "1040 / 2310 366"],
        "stripe:charge:ch_1:sale",
    ),
    example(
        "E2 gift",
        "gift",
        {"charge_ref": "stripe:charge:ch_2", "gift_minor": 5000, "cover_minor": 180, "fund": "seed-collective"},
        ["1040 / 4010/fund:seed-collective 5000", "1040 / 4015 180"],
        "stripe:charge:ch_2:gift",
    ),
    example(
        "gift with a benefit",
        "benefit",
        {"charge_ref": "stripe:charge:ch_2", "fund": "seed-collective", "value_minor": 1200},
        ["4010/fund:seed-collective / 4510 1200"],
        "stripe:charge:ch_2:benefit",
    ),
    example(
        "restriction released",
        "restriction_released",
        {"release_ref": "allocation:9", "fund": "seed-collective", "amount_minor": 5000},
        ["4910/fund:seed-collective / 4920/fund:seed-collective 5000"],
        "allocation:9:released",
    ),
    example(
        "E1b balance transaction",
        "balance_transaction",
        {**BT, "category": "charge", "amount_minor": 5186, "fee_minor": 180},
        ["1050 / 1040 5186", "6110 / 1050 180"],
        "stripe:bt:txn_1",
    ),
    example(
        "Stripe fee",
        "balance_transaction",
        {**BT, "category": "fee", "amount_minor": -200, "fee_minor": 0},
        ["6110 / 1050 200"],
        "stripe:bt:txn_1",
    ),
    example(
        "failed refund's balance transaction",
        "balance_transaction",
        {**BT, "category": "refund_failure", "amount_minor": 2000, "fee_minor": 0},
        ["1050 / 1040 2000"],
        "stripe:bt:txn_1",
    ),
    example(
        "Stripe takes a reserve",
        "balance_transaction",
        {**BT, "category": "risk_reserved_funds", "amount_minor": -700, "fee_minor": 0},
        ["1055 / 1050 700"],
        "stripe:bt:txn_1",
    ),
    example(
        "top-up of the Stripe balance from the bank",
        "balance_transaction",
        {**BT, "category": "topup", "amount_minor": 10000, "fee_minor": 0},
        ["1050 / 1060 10000"],
        "stripe:bt:txn_1",
    ),
    example(
        "E1a accrual",
        "accrual",
        {"allocation_ref": "allocation:1", **SHARE},
        ["5110 / 2110/partner:1 864"],
        "allocation:1:accrual",
    ),
    example(
        "agency gift",
        "accrual",
        {"allocation_ref": "allocation:1", **SHARE, **AGENCY},
        ["4010/fund:seed-collective / 2130/partner:1 864"],
        "allocation:1:accrual",
    ),
    example(
        "top-up to a minimum",
        "top_up",
        {"top_up_ref": "agreement:3:2026", **SHARE},
        ["5110 / 2110/partner:1 864"],
        "agreement:3:2026:top_up",
    ),
    example(
        "E3 refund",
        "refund",
        {**RE_1, "parts": GOODS_REFUNDED},
        ["4540 / 1040 1666", "4530 / 1040 193", "2310 / 1040 141"],
        "stripe:refund:re_1",
    ),
    example(
        "covered gift partly refunded",
        "refund",
        {**RE_1, "parts": GIFT_REFUNDED},
        ["4010/fund:seed-collective / 1040 1950", "4015 / 1040 50"],
        "stripe:refund:re_1",
    ),
    example(
        "gift of a closed year refunded",
        "refund",
        {**RE_1, "parts": Parts(gift_minor=1950, cover_minor=50, fund="seed-collective", prior_year=True)},
        ["4090/fund:seed-collective / 1040 1950", "4090/fund:seed-collective / 1040 50"],
        "stripe:refund:re_1",
    ),
    example(
        "goods of a closed year refunded: this year's refund",
        "refund",
        {**RE_1, "parts": replace(GOODS_REFUNDED, prior_year=True)},
        ["4540 / 1040 1666", "4530 / 1040 193", "2310 / 1040 141"],
        "stripe:refund:re_1",
    ),
    example(
        "fee covered for goods of a closed year refunded",
        "refund",
        {**RE_1, "parts": Parts(goods_minor=1950, cover_minor=50, prior_year=True)},
        ["4540 / 1040 1950", "4090 / 1040 50"],
        "stripe:refund:re_1",
    ),
    example(
        "refund failed",
        "refund_failed",
        {**RE_1, "parts": GOODS_REFUNDED},
        ["1040 / 4540 1666", "1040 / 4530 193", "1040 / 2310 141"],
        "stripe:refund:re_1:failed",
    ),
    example(
        "failed refund of a closed year's gift",
        "refund_failed",
        {**RE_1, "parts": Parts(gift_minor=1950, cover_minor=50, fund="seed-collective", prior_year=True)},
        ["1040 / 4090/fund:seed-collective 1950", "1040 / 4090/fund:seed-collective 50"],
        "stripe:refund:re_1:failed",
    ),
    example(
        "E3a reversal",
        "reversal",
        {"allocation_ref": "allocation:1", "cause": "stripe:refund:re_1", **SHARE},
        ["2110/partner:1 / 5110 864"],
        "allocation:1:reversal:stripe:refund:re_1",
    ),
    example(
        "reversal taken back, because the refund failed",
        "reversal",
        {"allocation_ref": "allocation:1", "cause": "stripe:refund:re_1:failed", **SHARE, "amount_minor": -333},
        ["5110 / 2110/partner:1 333"],
        "allocation:1:reversal:stripe:refund:re_1:failed",
    ),
    example(
        "reversal of agency money",
        "reversal",
        {"allocation_ref": "allocation:1", "cause": "stripe:refund:re_1", **SHARE, **AGENCY},
        ["2130/partner:1 / 4010/fund:seed-collective 864"],
        "allocation:1:reversal:stripe:refund:re_1",
    ),
    example(
        "reversal of a closed year's grant",
        "reversal",
        {"allocation_ref": "allocation:1", "cause": "stripe:refund:re_1", **SHARE, "prior_year": True},
        ["2110/partner:1 / 5190 864"],
        "allocation:1:reversal:stripe:refund:re_1",
    ),
    example(
        "reversal of a closed year's agency money",
        "reversal",
        {"allocation_ref": "allocation:1", "cause": "stripe:refund:re_1", **SHARE, **AGENCY, "prior_year": True},
        ["2130/partner:1 / 4090/fund:seed-collective 864"],
        "allocation:1:reversal:stripe:refund:re_1",
    ),
    example(
        "E9l reversal of a held share",
        "reversal",
        {"allocation_ref": "allocation:1", "cause": "stripe:dispute:dp_1", **SHARE, "held": True},
        ["2115/partner:1 / 5110 864"],
        "allocation:1:reversal:stripe:dispute:dp_1",
    ),
    example(
        "reversal of held agency money",
        "reversal",
        {"allocation_ref": "allocation:1", "cause": "stripe:dispute:dp_1", **SHARE, **AGENCY, "held": True},
        ["2135/partner:1 / 4010/fund:seed-collective 864"],
        "allocation:1:reversal:stripe:dispute:dp_1",
    ),
    example(
        "E6 dispute opened",
        "dispute_opened",
        {**BT, "disputed_minor": 5186, "fee_minor": 1500},
        ["1150 / 1050 5186", "6120 / 1050 1500"],
        "stripe:bt:txn_1",
    ),
    example(
        "partial dispute opened",
        "dispute_opened",
        {**BT, "disputed_minor": 2000, "fee_minor": 1500},
        ["1150 / 1050 2000", "6120 / 1050 1500"],
        "stripe:bt:txn_1",
    ),
    example(
        "partial dispute lost",
        "dispute_lost",
        {"dispute_ref": "stripe:dispute:dp_1", "parts": GOODS_REFUNDED},
        ["4550 / 1150 1666", "4530 / 1150 193", "2310 / 1150 141"],
        "stripe:dispute:dp_1:lost",
    ),
    example(
        "E9w dispute won, the fee kept",
        "dispute_won",
        {**BT, "disputed_minor": 5186},
        ["1050 / 1150 5186"],
        "stripe:bt:txn_1",
    ),
    example(
        "dispute won, the countered fee back",
        "dispute_won",
        {**BT, "disputed_minor": 5186, "fee_back_minor": 1500},
        ["1050 / 1150 5186", "1050 / 6120 1500"],
        "stripe:bt:txn_1",
    ),
    example(
        "E9l dispute lost",
        "dispute_lost",
        {
            "dispute_ref": "stripe:dispute:dp_1",
            "parts": Parts(goods_minor=4320, shipping_minor=500, tax_minor=366),
        },
        ["4550 / 1150 4320", "4530 / 1150 500", "2310 / 1150 366"],
        "stripe:dispute:dp_1:lost",
    ),
    example(
        "lost dispute of more than was left",
        "dispute_lost",
        {
            "dispute_ref": "stripe:dispute:dp_1",
            "parts": Parts(goods_minor=2654, shipping_minor=307, tax_minor=225),
            "surplus_minor": 2000,
        },
        ["4550 / 1150 2654", "4530 / 1150 307", "2310 / 1150 225", "4550 / 1150 2000"],
        "stripe:dispute:dp_1:lost",
    ),
    example(
        "lost gift",
        "dispute_lost",
        {
            "dispute_ref": "stripe:dispute:dp_1",
            "parts": Parts(gift_minor=5000, cover_minor=180, fund="seed-collective"),
        },
        ["4010/fund:seed-collective / 1150 5000", "4015 / 1150 180"],
        "stripe:dispute:dp_1:lost",
    ),
    example(
        "lost gift of a closed year",
        "dispute_lost",
        {
            "dispute_ref": "stripe:dispute:dp_1",
            "parts": Parts(gift_minor=5000, cover_minor=180, fund="seed-collective", prior_year=True),
        },
        ["4090/fund:seed-collective / 1150 5000", "4090/fund:seed-collective / 1150 180"],
        "stripe:dispute:dp_1:lost",
    ),
    example(
        "hold of a partial dispute's share",
        "hold",
        {"hold_ref": "hold:3", "partner": DAHLIAS_HOPE, "amount_minor": disputed_share(864, 0, 1666, 4320)}
        | {"reason": "dispute"},
        ["2110/partner:1 / 2115/partner:1 333"],
        "hold:3:placed",
    ),
    example(
        "lost dispute won by an appeal",
        "dispute_recovered",
        {
            "dispute_ref": "stripe:dispute:dp_1",
            "parts": Parts(goods_minor=2654, shipping_minor=307, tax_minor=225),
            "surplus_minor": 2000,
        },
        ["1150 / 4550 2654", "1150 / 4530 307", "1150 / 2310 225", "1150 / 4550 2000"],
        "stripe:dispute:dp_1:recovered",
    ),
    example(
        "lost dispute of a deposit",
        "deposit_lost",
        {"dispute_ref": "stripe:dispute:dp_1", "amount_minor": 5186},
        ["2410 / 1150 5186"],
        "stripe:dispute:dp_1:lost",
    ),
    example(
        "dispute of a deposit won by an appeal",
        "deposit_recovered",
        {"dispute_ref": "stripe:dispute:dp_1", "amount_minor": 5186, "kept_in": "suspense"},
        ["1150 / 1999 5186"],
        "stripe:dispute:dp_1:recovered",
    ),
    example(
        "E6a hold",
        "hold",
        {"hold_ref": "hold:3", **SHARE, "reason": "dispute"},
        ["2110/partner:1 / 2115/partner:1 864"],
        "hold:3:placed",
    ),
    example(
        "hold of agency money",
        "hold",
        {"hold_ref": "hold:3", **SHARE, "reason": "dispute", "recognition": "agency"},
        ["2130/partner:1 / 2135/partner:1 864"],
        "hold:3:placed",
    ),
    example(
        "E9w release",
        "release",
        {"hold_ref": "hold:3", **SHARE},
        ["2115/partner:1 / 2110/partner:1 864"],
        "hold:3:released",
    ),
    example(
        "release of agency money",
        "release",
        {"hold_ref": "hold:3", **SHARE, "recognition": "agency"},
        ["2135/partner:1 / 2130/partner:1 864"],
        "hold:3:released",
    ),
    example(
        "rolling reserve of 10%",
        "reserve",
        {"hold_ref": "hold:4", "partner": DAHLIAS_HOPE, "accrued_minor": 864, "rate_num": 10, "rate_den": 100},
        ["2110/partner:1 / 2115/partner:1 86"],
        "hold:4:placed",
    ),
    example(
        "rolling reserve of agency money",
        "reserve",
        {
            "hold_ref": "hold:4",
            "partner": DAHLIAS_HOPE,
            "accrued_minor": 864,
            "rate_num": 10,
            "rate_den": 100,
            "recognition": "agency",
        },
        ["2130/partner:1 / 2135/partner:1 86"],
        "hold:4:placed",
    ),
    example(
        "partner asked for what they owe",
        "partner_receivable",
        {"claim_ref": "claim:1", "partner": DAHLIAS_HOPE, "amount_minor": 531},
        ["1170/partner:1 / 2110/partner:1 531"],
        "claim:1",
    ),
    example(
        "claim netted against later shares after all",
        "partner_receivable",
        {"claim_ref": "claim:1:netted", "partner": DAHLIAS_HOPE, "amount_minor": -531},
        ["2110/partner:1 / 1170/partner:1 531"],
        "claim:1:netted",
    ),
    example("E7 payout sent", "payout_sent", PAYOUT, ["2110/partner:1 / 2120/partner:1 2531"], "payout:12:sent:1"),
    example(
        "agency payout sent, second attempt",
        "payout_sent",
        {**PAYOUT, "recognition": "agency", "attempt": 2},
        ["2130/partner:1 / 2140/partner:1 2531"],
        "payout:12:sent:2",
    ),
    example("E7 payout settled", "payout_settled", PAYOUT, ["2120/partner:1 / 1010 2531"], "payout:12:settled:1"),
    example(
        "agency payout settled",
        "payout_settled",
        {**PAYOUT, "recognition": "agency"},
        ["2140/partner:1 / 1010 2531"],
        "payout:12:settled:1",
    ),
    example(
        "agency payout rejected before it was sent",
        "payout_failed",
        {**PAYOUT, "recognition": "agency"},
        ["2140/partner:1 / 2130/partner:1 2531"],
        "payout:12:failed:1",
    ),
    example(
        "cheque of agency money voided",
        "cheque_voided",
        {**PAYOUT, "recognition": "agency"},
        ["2140/partner:1 / 2130/partner:1 2531"],
        "payout:12:voided:1",
    ),
    example(
        "payout rejected before it was sent",
        "payout_failed",
        PAYOUT,
        ["2120/partner:1 / 2110/partner:1 2531"],
        "payout:12:failed:1",
    ),
    example(
        "cheque voided: still owed",
        "cheque_voided",
        PAYOUT,
        ["2120/partner:1 / 2110/partner:1 2531"],
        "payout:12:voided:1",
    ),
    example(
        "E8 payout returned",
        "payout_returned",
        {**PAYOUT, "bank": "bank:1"},
        ["1010/bank:1 / 2110/partner:1 2531"],
        "payout:12:returned:1",
    ),
    example(
        "bank line that is a payout of Stripe's less the bank's fee",
        "bank_line_in_parts",
        {"line_ref": "bank_line:7", "parts": ((AccountRef("in_transit"), 8006), (AccountRef("bank_fees"), -15))},
        ["1010 / 1060 8006", "6130 / 1010 15"],
        "bank_line:7",
    ),
    example(
        "bank line matched with what it was not",
        "booked_back",
        {
            "kind": "bank_line",
            "reverses_key": "bank_line:7",
            "postings": ((AccountRef("bank"), AccountRef("in_transit"), 8006),),
        },
        ["1060 / 1010 8006"],
        "bank_line:7:undone",
        **OCCASION,
        currency="usd",
    ),
    example(
        "transfer to a connected account",
        "transfer",
        {**BT, "partner": DAHLIAS_HOPE, "amount_minor": 2531},
        ["2120/partner:1 / 1050 2531"],
        "stripe:bt:txn_1",
    ),
    example(
        "transfer of agency money",
        "transfer",
        {**BT, "partner": DAHLIAS_HOPE, "amount_minor": 2531, "recognition": "agency"},
        ["2140/partner:1 / 1050 2531"],
        "stripe:bt:txn_1",
    ),
    example(
        "transfer reversed",
        "transfer_reversed",
        {**BT, "partner": DAHLIAS_HOPE, "amount_minor": 2531},
        ["1050 / 2110/partner:1 2531"],
        "stripe:bt:txn_1",
    ),
    example(
        "transfer of agency money reversed",
        "transfer_reversed",
        {**BT, "partner": DAHLIAS_HOPE, "amount_minor": 2531, "recognition": "agency"},
        ["1050 / 2130/partner:1 2531"],
        "stripe:bt:txn_1",
    ),
    example("E4 Stripe payout", "stripe_payout", {**BT, "amount_minor": 8006}, ["1060 / 1050 8006"], "stripe:bt:txn_1"),
    example(
        "Stripe debits our bank",
        "stripe_payout",
        {**BT, "amount_minor": -1680},
        ["1050 / 1060 1680"],
        "stripe:bt:txn_1",
    ),
    example(
        "Stripe payout failed after it was paid",
        "stripe_payout_failed",
        {**BT, "amount_minor": 8006},
        ["1050 / 1060 8006"],
        "stripe:bt:txn_1",
    ),
    example(
        "E4 bank line",
        "bank_line",
        {"line_ref": "bank:line:1", "amount_minor": 8006},
        ["1010 / 1060 8006"],
        "bank:line:1",
    ),
    example(
        "bank's own fee",
        "bank_line",
        {
            "line_ref": "bank:line:2",
            "amount_minor": -1500,
            "bank": "bank:1",
            "counterpart": AccountRef("bank_fees"),
        },
        ["6130 / 1010/bank:1 1500"],
        "bank:line:2",
    ),
    example(
        "second charge for a paid order",
        "deposit",
        {"charge_ref": "stripe:charge:ch_1", "amount_minor": 5186},
        ["1040 / 2410 5186"],
        "stripe:charge:ch_1:deposit",
    ),
    example(
        "deposit refunded",
        "deposit_refunded",
        {**RE_1, "amount_minor": 5186},
        ["2410 / 1040 5186"],
        "stripe:refund:re_1",
    ),
    example(
        "refund of a deposit failed",
        "deposit_refund_failed",
        {**RE_1, "amount_minor": 5186},
        ["1040 / 2410 5186"],
        "stripe:refund:re_1:failed",
    ),
    example(
        "not what was asked",
        "suspense",
        {"charge_ref": "stripe:charge:ch_1", "amount_minor": 5186},
        ["1040 / 1999 5186"],
        "stripe:charge:ch_1:suspense",
    ),
    example(
        "cost of goods",
        "cost_of_goods",
        {"fulfilment_ref": "fulfilment:8", "cost_minor": 950},
        ["5010 / 1410 950"],
        "fulfilment:8:cost",
    ),
    example(
        "goods back on the shelf",
        "stock_returned",
        {"return_ref": "return:4", "cost_minor": 475},
        ["1410 / 5010 475"],
        "return:4:cost",
    ),
    example(
        "sales tax remitted",
        "tax_remitted",
        {"remittance_ref": "remittance:2026-q3-ks", "amount_minor": 591},
        ["2310 / 1010 591"],
        "remittance:2026-q3-ks",
    ),
    example(
        "gift card sold",
        "gift_card_sold",
        {"charge_ref": "stripe:charge:ch_1", "amount_minor": 5000},
        ["1040 / 2420 5000"],
        "stripe:charge:ch_1:gift_card",
    ),
    example(
        "gift card redeemed",
        "gift_card_redeemed",
        {"movement_ref": "card_movement:3", "amount_minor": 4200},
        ["2420 / 1040 4200"],
        "card_movement:3:redeemed",
    ),
    example(
        "gift card expired",
        "gift_card_expired",
        {"movement_ref": "card_movement:4", "amount_minor": 800},
        ["2420 / 4560 800"],
        "card_movement:4:expired",
    ),
    example(
        "euros exchanged for dollars",
        "exchange",
        {
            "out_ref": "stripe:bt:txn_1",
            "out_currency": "eur",
            "out_minor": 3000,
            "in_ref": "stripe:bt:txn_2",
            "in_currency": "usd",
            "in_minor": 3240,
        },
        ["T / 1050 3000", "1050 / T 3240"],
        "stripe:bt:txn_1",
        **OCCASION,
    ),
    example(
        "trading accounts revalued at a loss",
        "revaluation",
        {"month_ref": "revaluation:202610", "gain_minor": -60},
        ["7900 / T 60"],
        "revaluation:202610",
    ),
    example(
        "opening balances",
        "opening",
        {
            "opening_ref": "opening:2026-01-01:usd",
            "balances": {
                AccountRef("restricted", "fund:seed-collective"): -40_000,
                AccountRef("payable", RESTORATION_HOUSE): -2_000,
                AccountRef("bank"): 100_000,
            },
        },
        ["1010 / 3010 100000", "3010 / 2110/partner:2 2000", "3010 / 3020/fund:seed-collective 40000"],
        "opening:2026-01-01:usd",
    ),
    example(
        "opening balances taken back",
        "opening_reversed",
        {
            "opening_ref": "opening:1:usd",
            "balances": {AccountRef("payable", RESTORATION_HOUSE): -2_000, AccountRef("bank"): 100_000},
        },
        ["3010 / 1010 100000", "2110/partner:2 / 3010 2000"],
        "opening:1:usd:reversed",
    ),
    example(
        "small difference written off by hand",
        "manual",
        {
            "manual_ref": "manual:12",
            "reason": "write_off",
            "postings": [PostingDraft(AccountRef("write_off"), AccountRef("in_transit"), 1)],
        },
        ["6190 / 1060 1"],
        "manual:12",
    ),
]
