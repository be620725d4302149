"""The chart of accounts, and the accounts that are made from it."""

from __future__ import annotations

import pytest

from ledger.accounts import CHART, Function, Owners, Type, UnknownAccount, chart_line
from ledger.models import Account
from ledger.operations.open_account import NotACurrency, Outcome, RestrictionFixed, open_account
from tests.ledger.facts import accrual, balance_transaction, entry, gift, post

TYPE_OF_FIRST_DIGIT = {
    "1": {Type.ASSET},
    "2": {Type.LIABILITY},
    "3": {Type.NET_ASSETS},
    "4": {Type.INCOME},
    "5": {Type.EXPENSE},
    "6": {Type.EXPENSE},
    "7": {Type.INCOME},
    "T": {Type.NET_ASSETS},
}
GIFTS = {"purpose": "contributions", "owner": "fund:seed-collective", "currency": "usd"}


def test_codes_are_unique_and_tell_the_type() -> None:
    codes = [line.code for line in CHART.values()]

    assert len(set(codes)) == len(codes)
    assert all(line.type in TYPE_OF_FIRST_DIGIT[line.code[0]] for line in CHART.values())


def test_chart_has_the_codes_of_the_rules() -> None:
    codes = {purpose: line.code for purpose, line in CHART.items()}

    assert codes.items() >= {
        ("bank", "1010"),
        ("clearing", "1040"),
        ("stripe_balance", "1050"),
        ("in_transit", "1060"),
        ("disputes", "1150"),
        ("partner_receivable", "1170"),
        ("payable", "2110"),
        ("held", "2115"),
        ("payout_in_flight", "2120"),
        ("agent_held", "2130"),
        ("agent_set_aside", "2135"),
        ("agent_in_flight", "2140"),
        ("deposits", "2410"),
        ("tax_payable", "2310"),
        ("contributions", "4010"),
        ("cover", "4015"),
        ("sales", "4510"),
        ("discounts", "4520"),
        ("shipping_income", "4530"),
        ("sales_refunds", "4540"),
        ("chargebacks", "4550"),
        ("allocations", "5110"),
        ("processing_fees", "6110"),
        ("dispute_fees", "6120"),
        ("write_off", "6190"),
        ("fx", "7900"),
    }


def test_only_expenses_have_a_function_and_every_running_cost_has_one() -> None:
    by_function = {line.purpose: line.functional_class for line in CHART.values() if line.functional_class}

    assert {CHART[purpose].type for purpose in by_function} == {Type.EXPENSE}
    assert by_function["allocations"] is Function.PROGRAM
    assert {line.purpose for line in CHART.values() if line.type is Type.EXPENSE} - set(by_function) == {
        "prior_year_reversals"  # not an expense of the year: Form 990 part XI line 9
    }


def test_ucoa_codes_are_the_confirmed_ones() -> None:
    assert {line.purpose: line.ucoa for line in CHART.values() if line.ucoa} == {
        "bank": "1010",
        "clearing": "1110",
        "disputes": "1110",
        "partner_receivable": "1110",
        "inventory": "1410",
        "payable": "2020",
        "held": "2020",
        "payout_in_flight": "2020",
        "tax_payable": "2140",
        "deposits": "2410",
        "gift_cards": "2410",
    }


def test_each_line_goes_to_a_line_of_form_990_unless_it_cancels_out() -> None:
    nowhere = {line.purpose for line in CHART.values() if not line.form_990}

    assert nowhere == {"suspense", "trading", "released_with", "released_without"}
    assert (CHART["prior_year_refunds"].form_990, CHART["agent_held"].form_990) == ("XI 9", "X 21")


@pytest.mark.parametrize(
    ("purpose", "owner", "said"),
    [("petty_cash", "", "petty_cash"), ("payable", "", "2110"), ("clearing", "partner:1", "partner:1")],
)
def test_what_the_chart_lacks_is_refused_by_name(purpose: str, owner: str, said: str) -> None:
    with pytest.raises(UnknownAccount, match=said):
        chart_line(purpose, owner)


@pytest.mark.django_db
def test_every_line_can_hold_an_account() -> None:
    for line in CHART.values():
        owner = "partner:1" if line.owners is Owners.REQUIRED else ""
        open_account(purpose=line.purpose, owner=owner, currency="usd", restriction="without")

    assert Account.objects.count() == len(CHART)


@pytest.mark.usefixtures("books")
def test_posting_makes_the_account_as_the_chart_has_it() -> None:
    post(accrual(), gift(), balance_transaction(), entry("r", ("released_with", "released_without", 100)))

    fields = ("purpose", "owner", "name", "functional_class", "restriction")
    made = {row[0]: row[1:] for row in Account.objects.values_list(*fields)}
    assert made["payable"] == ("partner:1", "Partner payable: partner:1", "", "without")
    assert made["allocations"] == ("", "Partner allocations (grants)", "program", "without")
    assert made["processing_fees"] == ("", "Processing fees", "by_source", "without")
    assert (made["released_with"][3], made["released_without"][3]) == ("purpose", "without")


@pytest.mark.usefixtures("books")
def test_restricted_fund_is_opened_before_its_first_gift() -> None:
    first, again = (open_account(**GIFTS, restriction="purpose") for _ in range(2))
    post(gift())

    assert (first, again) == (Outcome.OPENED, Outcome.ALREADY_THERE)
    account = Account.objects.get(purpose="contributions")
    assert (account.restriction, account.name) == ("purpose", "Contributions: fund:seed-collective")


@pytest.mark.usefixtures("books")
def test_restriction_of_money_already_given_stays() -> None:
    post(gift())

    with pytest.raises(RestrictionFixed, match=r"4010/fund:seed-collective in usd is without, not purpose"):
        open_account(**GIFTS, restriction="purpose")

    assert Account.objects.get(purpose="contributions").restriction == "without"


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"restriction": "forever"}, ValueError, "forever"),
        ({"purpose": "petty_cash"}, UnknownAccount, "petty_cash"),
        ({"purpose": "clearing"}, UnknownAccount, "seed-collective"),
    ],
)
@pytest.mark.django_db
def test_account_outside_the_chart_is_not_opened(changes: dict[str, str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        open_account(**{**GIFTS, "restriction": "purpose", **changes})

    assert not Account.objects.exists()


@pytest.mark.parametrize("currency", ["USD", "", "dollars", "us", "zzz"])
def test_account_in_no_currency_is_refused_by_name(db: None, currency: str) -> None:
    with pytest.raises(NotACurrency, match=repr(currency)):
        open_account(**{**GIFTS, "currency": currency}, restriction="purpose")

    assert not Account.objects.exists()
