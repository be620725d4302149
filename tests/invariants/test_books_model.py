"""Random lives of the books against books kept naively: after every step all balances agree, and L1 to L13 hold.

What the processor and the bank hold (L6, L8) is what the naive books say they told us. Months close and reopen on the
way, and news comes late. L7 and L11 hold by how the steps are made: a payout is all that was told, and above zero.

A failure names its life and step; the life goes to FAILED_ONCE, and is lived in every run from then on.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from ledger import builders, invariants, seal_checks
from ledger.accounts import label
from ledger.builders import Parts
from ledger.drafts import AccountRef, BadPosting, EntryDraft, PostingDraft
from ledger.models import Entry, Seal
from ledger.operations.open_months import open_months
from ledger.operations.post_entry import Conflict, Outcome, UnknownAccount, post_entries
from ledger.operations.seal_entries import seal_all
from ledger.queries import TrialBalanceLine, trial_balance
from ledger.splitting import disputed_share, reversed_to_date, share, split_dispute, split_refund
from people.models import Organisation
from people.queries import local_day, organisation
from tests import asked
from tests.invariants.naive_books import NaiveBooks, Payment
from tests.ledger.closing import close, reopen
from tests.ledger.events import EXAMPLES
from tests.ledger.raw import as_owner

LIVES, STEPS = asked.times(16), 130
FAILED_ONCE: tuple[int, ...] = ()
FIRST_DAY, LAST_DAY = date(2026, 9, 1), date(2026, 12, 31)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
CURRENCIES = ("usd", "eur")
PARTNERS = ("partner:1", "partner:2")
BETWEEN_US = ("2110", "2115", "2120", "2130", "2135", "2140")
SEAL_CHECKS = (
    seal_checks.chain_holds,
    seal_checks.seals_are_over_their_entries,
    seal_checks.queue_is_whole,
    seal_checks.nothing_waits_long,
    seal_checks.closes_add_up,
    seal_checks.closed_months_took_nothing,
    seal_checks.months_are_as_their_events_say,
)
Balances = dict[tuple[str, str], int]  # by currency and account, debit-positive, without those at zero

# Events of one posting that nothing else depends on: builder, its word for the fact, for the amount, debit, credit.
SIMPLE = (
    ("deposit", "charge_ref", "amount_minor", "1040", "2410"),
    ("deposit_refunded", "refund_ref", "amount_minor", "2410", "1040"),
    ("deposit_lost", "dispute_ref", "amount_minor", "2410", "1150"),
    ("suspense", "charge_ref", "amount_minor", "1040", "1999"),
    ("cost_of_goods", "fulfilment_ref", "cost_minor", "5010", "1410"),
    ("stock_returned", "return_ref", "cost_minor", "1410", "5010"),
    ("gift_card_sold", "charge_ref", "amount_minor", "1040", "2420"),
    ("gift_card_redeemed", "movement_ref", "amount_minor", "2420", "1040"),
    ("gift_card_expired", "movement_ref", "amount_minor", "2420", "4560"),
    ("benefit", "charge_ref", "value_minor", "4010/fund:f", "4510"),
    ("restriction_released", "release_ref", "amount_minor", "4910/fund:f", "4920/fund:f"),
    ("revaluation", "month_ref", "gain_minor", "T", "7900"),
    ("tax_remitted", "remittance_ref", "amount_minor", "2310", "1010"),
)
OF_FUND = {"benefit", "restriction_released"}
BAD_INPUT: tuple[tuple[str, Any, type[Exception], str], ...] = (
    ("clearing", -1, BadPosting, "-1"),
    ("clearing", 0, BadPosting, "0"),
    ("clearing", 1.5, BadPosting, "1.5"),
    ("petty_cash", 1, UnknownAccount, "petty_cash"),
    ("payable", 1, UnknownAccount, "2110"),
)


class Life:
    """One organisation's books, told by chance: each method is something that may happen, once in a while."""

    def __init__(self, seed: int) -> None:
        open_months(around=FIRST_DAY)
        self.chance = random.Random(seed)
        self.org = organisation()
        self.naive = NaiveBooks(FIRST_DAY)
        self.drafts: dict[str, EntryDraft] = {}
        self.statement: tuple[date, int, Balances] | None = None
        self.day = FIRST_DAY
        self.deck: list[tuple[str, str, str, str, str]] = []
        self.lost: dict[str, tuple[Payment, dict[str, int], int]] = {}
        self.count = 0

    def lead(self, steps: int, happened: Counter[str]) -> None:
        """Live `steps` steps; whatever `happened` is counted there, by what was done and by kind of entry."""
        for step in range(steps):
            possible = [(weight, action) for weight, action, can in self.chances() if can]
            [(_, action)] = self.chance.choices(possible, [weight for weight, _ in possible])
            try:
                action()
                self.books_are_right()
            except Exception as error:
                error.add_note(f"in step {step}, {action.__name__}")
                raise
            happened[action.__name__] += 1
        happened.update(draft.kind for draft in self.drafts.values())
        assert [*invariants.postings_are_whole(), *invariants.accounts_fit_the_chart()] == []

    def chances(self) -> list[tuple[int, Callable[[], None], object]]:
        """How often something happens compared with the rest, and whether it can happen now."""
        naive = self.naive
        return [
            (6, self.sale, True),
            (5, self.gift, True),
            (8, self.balance_transaction, naive.pending),
            (6, self.refund, self.refundable()),
            (3, self.refund_fails, self.refunded()),
            (3, self.dispute_opens, self.undisputed()),
            (4, self.dispute_ends, self.disputed()),
            (2, self.appeal_wins, self.lost),
            (3, self.stripe_pays_out, sum(naive.told.values())),
            (4, self.payout_lands_or_fails, naive.in_transit),
            (4, self.payout_is_sent, self.payable()),
            (5, self.payout_goes_on, self.payouts("sent")),
            (3, self.payout_comes_back, self.payouts("settled", "transferred")),
            (1, self.minimum_is_topped_up, True),
            (3, self.partner_is_asked_for_what_they_owe, self.owing()),
            (5, self.simple_event, True),
            (1, self.unknown_balance_transaction, True),
            (2, self.euros_are_exchanged, True),
            (1, self.books_are_opened, True),
            (3, self.entry_is_made_by_hand, True),
            (6, self.time_passes, True),
            (2, self.deposit_refund_fails, self.deposits_given_back()),
            (2, self.deposit_is_recovered, self.deposits_lost()),
            (2, self.entries_are_sealed, True),
            (1, self.sealer_stands_still, True),
            (4, self.month_closes, self.month_to_close() < month_of(self.day)),
            (1, self.month_reopens, "closed" in naive.states.values()),
            (3, self.facts_are_told_again, self.drafts),
            (2, self.same_key_with_other_facts, self.drafts),
            (2, self.bad_input, True),
        ]

    # What people and the processor do

    def time_passes(self) -> None:
        """A statement is made of the day that ends; what is told from now on may have happened a while ago."""
        through_seq = seal_all()
        self.statement = self.day, through_seq, balances(trial_balance(self.day, through_seq=through_seq))
        self.day = min(self.day + timedelta(days=self.chance.randint(1, 12)), LAST_DAY)
        late = timedelta(days=self.chance.choice((0, 0, 3, 40)))
        self.naive.event_day = max(self.day - late, FIRST_DAY)

    def sale(self) -> None:
        ref, goods, discount = self.ref("charge"), self.amount(), self.small()
        paid = {"goods": goods, "shipping": self.small(), "tax": self.small()}
        percent = self.percent()
        payment = self.naive.sale(ref, paid, discount, self.partner(), percent)
        figures = {"shipping_minor": paid["shipping"], "tax_minor": paid["tax"], "discount_minor": discount}
        self.post(builders.sale(charge_ref=ref, goods_minor=goods + discount, **figures, **self.about()))
        self.accrue(payment, share(goods, percent, 100))

    def gift(self) -> None:
        ref, gift, cover = self.ref("charge"), self.amount(), self.small()
        percent, agency = self.percent(), self.chance.random() < 0.4
        payment = self.naive.gift(ref, {"gift": gift, "cover": cover}, self.partner(), percent, agency)
        self.post(builders.gift(charge_ref=ref, gift_minor=gift, cover_minor=cover, fund="f", **self.about()))
        self.accrue(payment, share(gift, percent, 100))

    def accrue(self, payment: Payment, amount: int) -> None:
        self.naive.pending[self.ref("bt")] = (payment.ref, "charge", payment.charged, payment.charged // 30)
        assert amount == payment.share
        if amount:
            figures = {"allocation_ref": f"allocation:{payment.ref}", "partner": payment.partner}
            recognition = self.recognition(payment)
            self.post(builders.accrual(**figures, amount_minor=amount, **recognition, **self.about()))

    def refund(self) -> None:
        payment = self.chance.choice(self.refundable())
        ref, left = self.ref("refund"), payment.left
        amount = self.some_or_all(sum(left.values()))
        parts = dict(zip(left, split_refund(amount, list(left.values())), strict=True))
        self.post(builders.refund(refund_ref=ref, parts=as_parts(parts), **self.about()))
        assert self.naive.refund(payment, ref, amount) == parts
        self.naive.pending[self.ref("bt")] = (payment.ref, "refund", -amount, 0)
        self.reverse(payment, ref)

    def refund_fails(self) -> None:
        payment = self.chance.choice(self.refunded())
        ref = self.chance.choice(list(payment.refunds))
        parts = self.naive.refund_failed(payment, ref)
        self.post(builders.refund_failed(refund_ref=ref, parts=as_parts(parts), **self.about()))
        self.naive.pending[self.ref("bt")] = (payment.ref, "refund_failure", sum(parts.values()), 0)
        self.reverse(payment, f"{ref}:failed")

    def dispute_opens(self) -> None:
        payment = self.chance.choice(self.undisputed())
        bt, amount = self.ref("bt"), self.some_or_all(payment.charged)
        fee = self.chance.choice((0, 1500))
        left = payment.left
        taken, _ = split_dispute(amount, list(left.values()))
        of_basis = dict(zip(left, taken, strict=True))[payment.basis]
        held = disputed_share(payment.share, payment.basis_back, of_basis, payment.paid[payment.basis])
        self.post(builders.dispute_opened(bt_ref=bt, disputed_minor=amount, fee_minor=fee, **self.about()))
        assert self.naive.dispute_opened(payment, bt, amount, fee) == held
        if held:
            self.post(self.share_event(builders.hold, payment, held, reason="dispute"))

    def dispute_ends(self) -> None:
        payment = self.chance.choice(self.disputed())
        disputed, held, left = payment.disputed, payment.held, payment.left
        if self.chance.random() < 0.5:
            bt = self.ref("bt")
            self.naive.dispute_won(payment, bt)
            self.post(builders.dispute_won(bt_ref=bt, disputed_minor=disputed, **self.about()))
            if held:
                self.post(self.share_event(builders.release, payment, held))
            return
        ref = self.ref("dispute")
        taken, surplus = split_dispute(disputed, list(left.values()))
        parts = dict(zip(left, taken, strict=True))
        assert self.naive.dispute_lost(payment) == (parts, surplus)
        lost = as_parts(parts)
        if any(parts.values()) or surplus:
            self.post(builders.dispute_lost(dispute_ref=ref, parts=lost, surplus_minor=surplus, **self.about()))
            self.lost[ref] = payment, parts, surplus
        self.reverse(payment, ref, held=True)

    def appeal_wins(self) -> None:
        """What was lost is ours again; the shares are figured again as by a refund that failed."""
        ref = self.chance.choice(list(self.lost))
        payment, parts, surplus = self.lost.pop(ref)
        self.naive.dispute_recovered(payment, parts, surplus)
        figures = {"dispute_ref": ref, "parts": as_parts(parts), "surplus_minor": surplus}
        self.post(builders.dispute_recovered(**figures, **self.about()))
        self.reverse(payment, f"{ref}:recovered")

    def reverse(self, payment: Payment, cause: str, *, held: bool = False) -> None:
        due = reversed_to_date(payment.share, payment.basis_back, payment.paid[payment.basis]) - payment.reversed
        assert self.naive.reverse(payment, held=held) == due
        if due:
            figures = {"allocation_ref": f"allocation:{payment.ref}", "cause": cause, "partner": payment.partner}
            recognition = self.recognition(payment)
            self.post(builders.reversal(**figures, amount_minor=due, held=held, **recognition, **self.about()))

    # The processor and the bank

    def balance_transaction(self) -> None:
        bt = self.chance.choice(list(self.naive.pending))
        source, category, amount, fee = self.naive.balance_transaction(bt)
        figures = {"category": category, "amount_minor": amount, "fee_minor": fee}
        self.post(builders.balance_transaction(bt_ref=bt, **figures, **{**self.about(), "source": source}))

    def unknown_balance_transaction(self) -> None:
        amount = self.amount() * self.chance.choice((-1, 1))
        self.naive.pending[self.ref("bt")] = ("stripe", "mystery", amount, 0)

    def stripe_pays_out(self) -> None:
        bt = self.ref("bt")
        amount = self.naive.stripe_payout(bt)
        self.post(builders.stripe_payout(bt_ref=bt, amount_minor=amount, **self.about()))

    def payout_lands_or_fails(self) -> None:
        payout = self.chance.choice(list(self.naive.in_transit))
        if self.chance.random() < 0.7:
            amount = self.naive.bank_line(payout)
            self.post(builders.bank_line(line_ref=self.ref("bank"), amount_minor=amount, **self.about()))
        else:
            bt = self.ref("bt")
            amount = self.naive.stripe_payout_failed(payout, bt)
            self.post(builders.stripe_payout_failed(bt_ref=bt, amount_minor=amount, **self.about()))

    # Partners

    def payout_is_sent(self) -> None:
        partner, agency = self.chance.choice(self.payable())
        payout = self.ref("payout")
        amount = self.naive.payout_sent(payout, partner, agency)
        assert amount > 0  # L11
        self.post(builders.payout_sent(**self.payout(payout), **self.payout_recognition(payout), **self.about()))

    def payout_goes_on(self) -> None:
        payout = self.chance.choice(self.payouts("sent"))
        recognition = self.payout_recognition(payout)
        fate = self.chance.choice(("settled", "settled", "transferred", "transferred", "failed", "voided"))
        if fate == "settled":
            self.naive.payout_settled(payout)
            self.post(builders.payout_settled(**self.payout(payout), **recognition, **self.about()))
        elif fate == "transferred":
            bt, sent = self.ref("bt"), self.naive.payouts[payout]
            self.naive.payout_transferred(payout, bt)
            figures = {"partner": sent["partner"], "amount_minor": sent["amount"]}
            self.post(builders.transfer(bt_ref=bt, **figures, **recognition, **self.about()))
        else:
            self.naive.payout_back(payout, fate)
            build = builders.payout_failed if fate == "failed" else builders.cheque_voided
            self.post(build(**self.payout(payout), **recognition, **self.about()))

    def payout_comes_back(self) -> None:
        payout = self.chance.choice(self.payouts("settled", "transferred"))
        sent, recognition = self.naive.payouts[payout], self.payout_recognition(payout)
        if sent["state"] == "settled":
            self.naive.payout_back(payout, "returned")
            self.post(builders.payout_returned(**self.payout(payout), **recognition, **self.about()))
        else:
            bt = self.ref("bt")
            self.naive.payout_back(payout, "reversed", bt)
            figures = {"partner": sent["partner"], "amount_minor": sent["amount"]}
            self.post(builders.transfer_reversed(bt_ref=bt, **figures, **recognition, **self.about()))

    def minimum_is_topped_up(self) -> None:
        partner, amount = self.partner(), self.amount()
        self.naive.top_up(partner, amount)
        figures = {"top_up_ref": self.ref("agreement"), "partner": partner, "amount_minor": amount}
        self.post(builders.top_up(**figures, **self.about()))

    def partner_is_asked_for_what_they_owe(self) -> None:
        partner, amount = self.chance.choice(self.owing())
        self.naive.claimed(partner, amount)
        figures = {"claim_ref": self.ref("claim"), "partner": partner, "amount_minor": amount}
        self.post(builders.partner_receivable(**figures, **self.about()))

    # Everything else, and what must change nothing

    def simple_event(self) -> None:
        if not self.deck:
            self.deck = self.chance.sample(SIMPLE, len(SIMPLE))
        name, fact, figure, debit, credit = self.deck.pop()
        amount, fund = self.amount(), {"fund": "f"} if name in OF_FUND else {}
        self.naive.move(debit, credit, amount)
        self.naive.bank -= amount if credit == "1010" else 0
        self.post(getattr(builders, name)(**{fact: self.ref(name), figure: amount}, **fund, **self.about()))

    def deposit_refund_fails(self) -> None:
        refund = self.chance.choice(self.deposits_given_back())
        amount = self.drafts[refund].postings[0].amount_minor
        self.naive.move("1040", "2410", amount)
        self.post(builders.deposit_refund_failed(refund_ref=refund, amount_minor=amount, **self.about()))

    def deposit_is_recovered(self) -> None:
        key = self.chance.choice(self.deposits_lost())
        amount = self.drafts[key].postings[0].amount_minor
        self.naive.move("1150", "2410", amount)
        dispute = key.removesuffix(":lost")
        self.post(builders.deposit_recovered(dispute_ref=dispute, amount_minor=amount, **self.about()))

    def euros_are_exchanged(self) -> None:
        euros, dollars, about = self.amount(), self.amount(), self.about()
        del about["currency"]
        self.naive.move("T", "1010", euros, "eur")
        self.naive.move("1010", "T", dollars)
        self.naive.bank += dollars
        figures = {"out_currency": "eur", "out_minor": euros, "in_currency": "usd", "in_minor": dollars}
        refs = {"out_ref": self.ref("bank"), "in_ref": self.ref("bank"), "account": AccountRef("bank")}
        self.post(*builders.exchange(**refs, **figures, **about))

    def books_are_opened(self) -> None:
        amount = self.amount()
        self.naive.move("1410", "3010", amount)
        balances = {AccountRef("inventory"): amount}
        self.post(builders.opening(opening_ref=self.ref("opening"), balances=balances, **self.about()))

    def entry_is_made_by_hand(self) -> None:
        """Also into a month that is closed softly."""
        amount = self.amount()
        postings = [PostingDraft(AccountRef("write_off"), AccountRef("suspense"), amount)]
        self.naive.by_hand = True
        self.naive.move("6190", "1999", amount)
        figures = {"manual_ref": self.ref("manual"), "reason": "write_off", "postings": postings}
        self.post(builders.manual(**figures, **self.about()))
        self.naive.by_hand = False

    def entries_are_sealed(self) -> None:
        assert seal_all() == len(self.drafts)

    def sealer_stands_still(self) -> None:
        """An hour passes, and everything that waits is named until it is sealed."""
        waiting = len(self.drafts) - Seal.objects.count()
        waits = "WHERE id IN (SELECT entry_id FROM ledger_unsealed)"
        as_owner(f"UPDATE ledger_entry SET recorded_at = recorded_at - interval '1 hour' {waits}")
        assert len(list(seal_checks.nothing_waits_long())) == waiting
        self.entries_are_sealed()

    def month_closes(self) -> None:
        month = self.month_to_close()
        assert close(month).through_seq == Seal.objects.count()
        self.naive.states[month] = "closed"

    def month_reopens(self) -> None:
        month = max(month for month, state in self.naive.states.items() if state == "closed")
        reopen(month)
        self.naive.states[month] = "soft_closed"

    def facts_are_told_again(self) -> None:
        drafts = self.chance.choices(list(self.drafts.values()), k=3)

        posted = post_entries(drafts, now=NOW)

        assert {result.outcome for result in posted} == {Outcome.ALREADY_POSTED}

    def same_key_with_other_facts(self) -> None:
        draft = self.chance.choice(list(self.drafts.values()))

        with pytest.raises(Conflict, match=draft.key):
            post_entries([replace(draft, source=f"{draft.source}:other")], now=NOW)

    def bad_input(self) -> None:
        purpose, amount, error, said = self.chance.choice(BAD_INPUT)
        posting = PostingDraft(AccountRef(purpose), AccountRef("sales"), amount)
        draft = EntryDraft(kind="bad", key=self.ref("bad"), postings=(posting,), **self.about())

        with pytest.raises(error, match=said):
            post_entries([draft], now=NOW)

    # What must be true after every step

    def books_are_right(self) -> None:
        lines = [line for currency in CURRENCIES for line in trial_balance(currency=currency)]
        self.every_balance_is_the_naive_one(lines)
        self.entries_are_what_was_told_once()
        self.balance_transactions_alone_move_the_processors_balance()
        self.cash_is_where_it_is_said_to_be()
        self.partners_are_owed_what_was_promised_less_what_was_paid()
        self.shares_are_never_reversed_beyond_themselves()
        self.past_day_stands()
        self.months_and_seals_hold()

    def every_balance_is_the_naive_one(self, lines: list[TrialBalanceLine]) -> None:
        """L1 too: what was debited in each currency was credited there."""
        assert balances(lines) == without_zeros(self.naive.balances)
        for currency in CURRENCIES:
            debits = sum(line.debits_minor for line in lines if line.currency == currency)
            credits = sum(line.credits_minor for line in lines if line.currency == currency)
            assert debits == credits == self.naive.turnover.get(currency, 0)

    def entries_are_what_was_told_once(self) -> None:
        """L2, and that each fact that was told, however often, is one entry."""
        assert [*invariants.debits_equal_credits(), *invariants.entries_are_as_posted()] == []
        assert set(Entry.objects.values_list("idempotency_key", flat=True)) == set(self.drafts)

    def balance_transactions_alone_move_the_processors_balance(self) -> None:
        """L5: each by its net, once. L6: together they are what the processor says it holds."""
        assert moved_by_entry("stripe_balance") == {bt: net for bt, net in self.naive.told.items() if net}
        assert self.naive.balances["usd", "1050"] == sum(self.naive.told.values())

    def cash_is_where_it_is_said_to_be(self) -> None:
        """L8: in transit is what has not landed, the bank is what its lines add up to."""
        assert self.naive.balances["usd", "1060"] == sum(self.naive.in_transit.values())
        assert self.naive.balances["usd", "1010"] == self.naive.bank

    def partners_are_owed_what_was_promised_less_what_was_paid(self) -> None:
        """L9, over every account in which a partner is owed something."""
        for partner in PARTNERS:
            owed = -sum(self.naive.balances["usd", f"{code}/{partner}"] for code in BETWEEN_US)
            assert owed == self.naive.promised[partner] - self.naive.settled[partner]

    def shares_are_never_reversed_beyond_themselves(self) -> None:
        """L10, L12: at most the whole, exactly the whole once everything went back; no part gives more than it got."""
        for payment in self.naive.payments.values():
            assert 0 <= payment.reversed <= payment.share
            assert all(0 <= left <= payment.paid[part] for part, left in payment.left.items())
            if not any(payment.left.values()):
                assert payment.reversed == payment.share

    def past_day_stands(self) -> None:
        """L13: what a statement said of a day as of a sequence number, it says again, whatever came since."""
        if self.statement:
            day, through_seq, said = self.statement
            assert balances(trial_balance(day, through_seq=through_seq)) == said

    def months_and_seals_hold(self) -> None:
        """L3: what a closed month says is what was moved up to its end. L4: the chain, and the queue before it."""
        closed = [month for month, state in self.naive.states.items() if state == "closed"]
        if closed:
            end = last_day_of(max(closed))
            naive = without_zeros(self.naive.balances_on(end))
            dollars = {account: amount for account, amount in naive.items() if account[0] == "usd"}
            assert balances(trial_balance(end)) == dollars
        assert [finding for check in SEAL_CHECKS for finding in check()] == []

    # Words for what happens

    def amount(self) -> int:
        return self.chance.randint(1, self.chance.choice((5, 40, 20_000)))

    def small(self) -> int:
        return self.chance.choice((0, self.chance.randint(0, 900)))

    def some_or_all(self, whole: int) -> int:
        return self.chance.choice((whole, self.chance.randint(1, whole)))

    def percent(self) -> int:
        return self.chance.choice((0, 1, 15, 20, 33, 50, 100))

    def partner(self) -> str:
        return self.chance.choice(PARTNERS)

    def ref(self, what: str) -> str:
        self.count += 1
        return f"{what}:{self.count}"

    def about(self) -> dict[str, Any]:
        """At any moment of the organisation's day, its first and its last among them."""
        seconds = self.chance.choice((0, 86_399, self.chance.randint(0, 86_399)))
        clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        at = datetime.combine(self.naive.event_day, clock, self.org.zone).astimezone(UTC)
        return {"source": "model", "event_at": at, "effective_on": local_day(at, self.org), "currency": "usd"}

    def post(self, *drafts: EntryDraft) -> None:
        posted = {(result.outcome, result.effective_on) for result in post_entries(drafts, now=NOW)}
        assert posted == {(Outcome.POSTED, self.naive.effective_day)}
        self.drafts |= {draft.key: draft for draft in drafts}

    def share_event(self, build: Callable[..., EntryDraft], payment: Payment, amount: int, **rest: Any) -> EntryDraft:
        recognition = "agency" if payment.agency else "grant"
        figures = {"partner": payment.partner, "amount_minor": amount, "recognition": recognition}
        return build(hold_ref=self.ref("hold"), **figures, **rest, **self.about())

    def recognition(self, payment: Payment) -> dict[str, Any]:
        return {"recognition": "agency", "fund": "f"} if payment.agency else {"recognition": "grant"}

    def payout(self, payout: str) -> dict[str, Any]:
        sent = self.naive.payouts[payout]
        return {"payout_ref": payout, "partner": sent["partner"], "amount_minor": sent["amount"]}

    def payout_recognition(self, payout: str) -> dict[str, Any]:
        return {"recognition": "agency" if self.naive.payouts[payout]["owed"].startswith("2130") else "grant"}

    def refundable(self) -> list[Payment]:
        return [payment for payment in self.undisputed() if any(payment.left.values())]

    def deposits_given_back(self) -> list[str]:
        refunds = [key for key, draft in self.drafts.items() if draft.kind == "deposit_refunded"]
        return [refund for refund in refunds if f"{refund}:failed" not in self.drafts]

    def deposits_lost(self) -> list[str]:
        lost = [key for key, draft in self.drafts.items() if draft.kind == "deposit_lost"]
        return [key for key in lost if f"{key.removesuffix(':lost')}:recovered" not in self.drafts]

    def refunded(self) -> list[Payment]:
        return [payment for payment in self.undisputed() if payment.refunds]

    def undisputed(self) -> list[Payment]:
        return [payment for payment in self.naive.payments.values() if not payment.disputed]

    def disputed(self) -> list[Payment]:
        return [payment for payment in self.naive.payments.values() if payment.disputed]

    def payable(self) -> list[tuple[str, bool]]:
        owed = self.naive.balances
        grants = [(partner, False) for partner in PARTNERS if owed["usd", f"2110/{partner}"] < 0]
        return grants + [(partner, True) for partner in PARTNERS if owed["usd", f"2130/{partner}"] < 0]

    def owing(self) -> list[tuple[str, int]]:
        owed = ((partner, self.naive.balances["usd", f"2110/{partner}"]) for partner in PARTNERS)
        return [(partner, amount) for partner, amount in owed if amount > 0]

    def payouts(self, *states: str) -> list[str]:
        return [payout for payout, sent in self.naive.payouts.items() if sent["state"] in states]

    def month_to_close(self) -> int:
        """The first month that is not closed; nothing happened before the first one."""
        months = (month_of(FIRST_DAY) + n for n in range(5))
        return next(month for month in months if self.naive.states.get(month) != "closed")


def as_parts(parts: dict[str, int]) -> Parts:
    fund = "f" if "gift" in parts else ""
    return Parts(**{f"{part}_minor": amount for part, amount in parts.items()}, fund=fund)


def month_of(day: date) -> int:
    return day.year * 100 + day.month


def last_day_of(month: int) -> date:
    return date(month // 100 + month % 100 // 12, month % 100 % 12 + 1, 1) - timedelta(days=1)


def balances(lines: list[TrialBalanceLine]) -> Balances:
    return without_zeros({(line.currency, label(line.code, line.owner)): line.balance_minor for line in lines})


def without_zeros(amounts: Balances) -> Balances:
    return {account: amount for account, amount in amounts.items() if amount}


def moved_by_entry(purpose: str) -> dict[str, int]:
    """What each entry changed on one account in dollars, by the entry's key."""
    sql = """
        SELECT e.idempotency_key, sum(l.amount_minor)::bigint FROM leg l
          JOIN ledger_account a ON a.id = l.account_id AND a.purpose = %s AND a.currency = 'usd'
          JOIN ledger_entry e ON e.id = l.entry_id
         GROUP BY e.idempotency_key HAVING sum(l.amount_minor) <> 0
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [purpose])
        return dict(cursor.fetchall())


@pytest.mark.django_db
def test_books_agree_with_naive_books_after_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    # The checks stream long books by a cursor on the server; these books are short, and that takes three more trips.
    monkeypatch.setattr(connection, "chunked_cursor", connection.cursor)
    Organisation.objects.update_or_create(pk=1, defaults={"display_name": "Tassel", "contact_email": "b@example.org"})
    happened: Counter[str] = Counter()

    first = asked.seed()
    for seed in (*FAILED_ONCE, *random.Random(first).sample(range(2**40), LIVES)):
        beginning = transaction.savepoint()  # not a block: sealing and closing want to be outermost
        try:
            Life(seed).lead(STEPS, happened)
        except Exception as error:
            error.add_note(f"of life {seed}")
            raise
        transaction.savepoint_rollback(beginning)

    kinds = {draft.kind for example in EXAMPLES for draft in example.drafts()}
    assert LIVES * STEPS >= 2_000
    asked.tell(f"{LIVES * STEPS} steps in {LIVES} lives drawn from seed {first}")
    wanted = kinds | {"month_closes", "month_reopens", "sealer_stands_still"}
    assert {name for name in wanted if not happened[name]} == set()
