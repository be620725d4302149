"""What is the same, as plain data: rule by rule, and against a model that compares everything with everything."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from partners.bank.bank_days import after, before, is_bank_day
from partners.bank.matching import Found, Line, Payout, by_sum, pair

DAY = date(2026, 10, 7)  # a Wednesday


def line(pk: int, amount: int, text: str = "STRIPE TRANSFER", day: date = DAY, account: int = 1) -> Line:
    return Line(pk, account, day, amount, "usd", text)


def payout(pk: int, amount: int, *ids: str, day: date = DAY, word: str = "STRIPE", kind: Any = "processor") -> Payout:
    return Payout(kind, pk, f"stripe:payout:po_{pk}", amount, "usd", ids, word, day, after(day, 5))


def same(found: Found) -> list[tuple[list[int], list[int], str, bool]]:
    return [
        ([one.pk for one in match.lines], [one.pk for one in match.payouts], match.rule, match.is_certain)
        for match in found.same
    ]


def differing(found: Found) -> list[tuple[int, list[int], int]]:
    return [(one.line.pk, [payout.pk for payout in one.payouts], one.off_minor) for one in found.differing]


# Rule 1: exact ids


def test_an_id_and_its_amount_are_certain_whatever_the_day() -> None:
    found = pair(
        [line(1, 8006, "ST-K3J TRACE 091000019876543", DAY + timedelta(days=90))], [payout(1, 8006, "091000019876543")]
    )

    assert same(found) == [([1], [1], "exact_id", True)]


def test_an_id_with_another_amount_is_named_and_matched_with_nothing_else() -> None:
    found = pair([line(1, 8005, "STRIPE PO_1")], [payout(1, 8006, "PO_1"), payout(2, 8005, "PO_2")])

    assert (same(found), differing(found)) == ([], [(1, [1], -1)])


def test_our_reference_is_found_in_pieces() -> None:
    sent = [payout(1, -4000, "TP00012N003", kind="partner", word="")]

    assert same(pair([line(1, -4000, "ACH TP 00012-N003 OUT")], sent)) == [([1], [1], "exact_id", True)]
    assert same(pair([line(1, -4000, "ACH TP00012N0031", DAY + timedelta(days=60))], sent)) == []


def test_one_line_that_names_several_payouts_and_several_that_name_one() -> None:
    merged = pair([line(1, 300, "PO_1 PO_2")], [payout(1, 100, "PO_1"), payout(2, 200, "PO_2")])
    split = pair([line(1, 100, "PO_1 A"), line(2, 200, "PO_1 B")], [payout(1, 300, "PO_1")])

    assert same(merged) == [([1], [1, 2], "exact_id", True)]
    assert same(split) == [([1, 2], [1], "exact_id", True)]


def test_two_lines_that_name_one_payout_equally_well_are_left_to_a_person() -> None:
    found = pair([line(1, 300, "PO_1"), line(2, 300, "PO_1")], [payout(1, 300, "PO_1")])

    assert (same(found), differing(found)) == ([], [])


def test_of_two_that_name_it_the_only_one_that_fits_is_it() -> None:
    assert same(pair([line(1, 300, "PO_1"), line(2, 299, "PO_1")], [payout(1, 300, "PO_1")])) == [
        ([1], [1], "exact_id", True)
    ]


def test_money_out_is_no_payout_that_comes_in() -> None:
    assert same(pair([line(1, -300, "PO_1")], [payout(1, 300, "PO_1")])) == []


# Rule 2: amount, day and word


def test_the_only_amount_in_five_bank_days_is_certain() -> None:
    last = after(DAY, 5)
    assert same(pair([line(1, 300, day=last)], [payout(1, 300)])) == [([1], [1], "amount_date", True)]
    for day in (DAY - timedelta(days=1), last + timedelta(days=1)):
        assert same(pair([line(1, 300, day=day)], [payout(1, 300)])) == []


def test_columbus_day_is_no_bank_day() -> None:
    assert not is_bank_day(date(2026, 10, 12))
    assert after(DAY, 5) == date(2026, 10, 15)
    assert before(date(2026, 10, 15), 5) == DAY


def test_two_of_one_amount_are_left_to_a_person_on_either_side() -> None:
    assert same(pair([line(1, 300)], [payout(1, 300), payout(2, 300)])) == []
    assert same(pair([line(1, 300), line(2, 300)], [payout(1, 300)])) == []


def test_equal_amounts_far_enough_apart_are_no_rivals() -> None:
    later = DAY + timedelta(days=30)
    found = pair([line(1, 300), line(2, 300, day=later)], [payout(1, 300), payout(2, 300, day=later)])

    assert same(found) == [([1], [1], "amount_date", True), ([2], [2], "amount_date", True)]


def test_a_line_without_the_word_is_only_proposed() -> None:
    assert same(pair([line(1, 300, "ACH CREDIT")], [payout(1, 300)])) == [([1], [1], "amount_date", False)]


# Rule 3: sums


def test_the_only_sum_is_proposed_and_never_certain() -> None:
    merged = pair([line(1, 700)], [payout(1, 300), payout(2, 400), payout(3, 999)])
    split = pair([line(1, 300), line(2, 400), line(3, 50)], [payout(1, 700)])

    assert same(merged) == [([1], [1, 2], "sum", False)]
    assert same(split) == [([1, 2], [1], "sum", False)]


def test_two_sums_that_fit_are_none() -> None:
    assert same(pair([line(1, 700)], [payout(1, 300), payout(2, 400), payout(3, 200), payout(4, 500)])) == []


def test_no_more_than_six_are_added_up() -> None:
    seven = [payout(pk, 100 + pk) for pk in range(1, 8)]
    assert same(pair([line(1, sum(one.amount_minor for one in seven))], seven)) == []
    six = seven[:6]
    assert same(pair([line(1, sum(one.amount_minor for one in six))], six))[0][1] == [1, 2, 3, 4, 5, 6]


def test_sums_stop_where_they_would_never_end() -> None:
    many = [payout(pk, 1000 + pk) for pk in range(16)]
    steps = by_sum._Steps(left=50)

    assert by_sum.sums(7777, many, steps) == []
    assert steps.left < 0


# Nearly


def test_a_cent_off_is_named_where_it_can_only_be_that_payout() -> None:
    assert differing(pair([line(1, 8005)], [payout(1, 8006)])) == [(1, [1], -1)]
    assert differing(pair([line(1, 8005)], [payout(1, 8006), payout(2, 9000)])) == []
    assert differing(pair([line(1, 4000)], [payout(1, 8006)])) == []


# Everything with everything

days = st.integers(0, 12).map(lambda number: DAY + timedelta(days=number))
amounts = st.sampled_from([100, 200, 300, 500])
texts = st.sampled_from(["STRIPE", "STRIPE PO_1", "STRIPE PO_2", "STRIPE PO_3", "ACH", "PO_1 PO_2"])
lines = st.lists(st.tuples(amounts, texts, days), max_size=7)
payouts = st.lists(st.tuples(amounts, days), max_size=6)


@settings(max_examples=150, deadline=None)
@given(lines, payouts)
def test_nothing_is_certain_that_could_be_something_else(some: list[Any], others: list[Any]) -> None:
    mine = [line(pk, amount, text, day) for pk, (amount, text, day) in enumerate(some, start=1)]
    theirs = [payout(pk, amount, f"PO_{pk}", day=day) for pk, (amount, day) in enumerate(others, start=1)]

    found = pair(mine, theirs)

    used_lines = [one.pk for match in found.same for one in match.lines] + [one.line.pk for one in found.differing]
    used_payouts = [one.pk for match in found.same for one in match.payouts]
    used_payouts += [one.pk for different in found.differing for one in different.payouts]
    assert len(used_lines) == len(set(used_lines))
    assert len(used_payouts) == len(set(used_payouts))
    for match in found.same:
        assert sum(one.amount_minor for one in match.lines) == sum(one.amount_minor for one in match.payouts)
        if match.rule == "amount_date" and match.is_certain:
            _only_one_another(match.lines[0], match.payouts[0], mine, theirs)
        if match.rule == "exact_id":
            names = {pk for one in match.lines for pk in (1, 2, 3) if f"PO_{pk}" in one.text}
            assert {one.pk for one in match.payouts} <= names
    assert all(different.off_minor for different in found.differing)


def _only_one_another(one: Line, other: Payout, mine: list[Line], theirs: list[Payout]) -> None:
    """The naive model: no line without a name of a payout, and no payout that no line names, fits as well."""
    named = {pk for some in mine for pk in range(1, len(theirs) + 1) if f"PO_{pk}" in some.text.split()}
    free_lines = [some for some in mine if not any(f"PO_{pk.pk}" in some.text.split() for pk in theirs)]
    rivals = [some for some in free_lines if "STRIPE" in some.text and _fits(some, other)]
    others = [some for some in theirs if some.pk not in named and _fits(one, some)]
    assert rivals == [one]
    assert others == [other]


def _fits(one: Line, other: Payout) -> bool:
    return one.amount_minor == other.amount_minor and other.first_on <= one.booked_on <= other.last_on
