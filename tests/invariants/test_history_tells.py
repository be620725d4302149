"""Whatever a person can do leaves a row that the history lists: no operation with a `by` is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.db.models import F, Func, Value, When

from people import history

ROOT = Path(__file__).parents[2]
PACKAGES = ("people", "ledger", "payments", "partners", "shop", "donations", "reports")
ASKED, APPROVED, REFUSED = ("Decisions", "asked"), ("Decisions", "approved"), ("Decisions", "refused")
BY_HAND, RECORDS = ("Entries by hand", "written"), "Settings and records"
# Each operation that somebody does, and the topic and words under which the history tells it.
TOLD: Final[dict[str, tuple[str, str]]] = {
    "donations.check_gift_refund": (RECORDS, "changed"),
    "donations.request_gift_refund": ("Refunds", "refund asked for"),
    "ledger.abort_close": REFUSED,
    "ledger.approve_change": APPROVED,
    "ledger.approve_manual_entry": APPROVED,
    "ledger.approve_opening": APPROVED,
    "ledger.ask_month_work": ("Months", "checks asked for"),
    "ledger.assign_exception": ("Exceptions", "assigned"),
    "ledger.edit_manual_entry": BY_HAND,
    "ledger.export_trial_balance": ("Months", "trial balance exported"),
    "ledger.lift_soft_close": ("Months", "opened"),
    "ledger.propose_account_closing": ASKED,
    "ledger.propose_close": ASKED,
    "ledger.propose_manual_entry": BY_HAND,
    "ledger.propose_opening": ASKED,
    "ledger.propose_opening_reversal": ASKED,
    "ledger.propose_reopen": ASKED,
    "ledger.refuse_change": REFUSED,
    "ledger.refuse_manual_entry": REFUSED,
    "ledger.refuse_opening": REFUSED,
    "ledger.resolve_exception": ("Exceptions", "resolved"),
    "ledger.reverse_opening": APPROVED,
    "ledger.soft_close": ("Months", "soft_closed"),
    "partners.accept_statement": ("Bank", "accepted"),
    "partners.activate_agreement": ("Agreements", "activated"),
    "partners.approve_batch": APPROVED,
    "partners.change_destination": ("Destinations", "entered anew"),
    "partners.check_returns": ("Bank", "returns uploaded"),
    "partners.choose_match": ("Bank", "proposed"),
    "partners.choose_stripe": ("Bank", "proposed"),
    "partners.confirm_destination": APPROVED,
    "partners.confirm_sent_by_hand": ("Payouts", "proof or reason kept"),
    "partners.download_ach_file": ("Payouts", "fetched for the bank"),
    "partners.drop_statement": ("Bank", "dropped"),
    "partners.drop_returns": ("Bank", "returns dropped"),
    "partners.end_agreement_early": ("Agreements", "ended early"),
    "partners.enter_account": ("Destinations", "entered anew"),
    "partners.explain_line": ("Bank", "proposed"),
    "partners.give_payout_up": ("Payouts", "taken out for good"),
    "partners.hold_partner": ("Holds", "put on hold"),
    "partners.import_returns": ("Bank", "returns taken in"),
    "partners.import_statement": ("Bank", "accepted"),
    "partners.issue_cheque": ("Payouts", "cheque issued: "),
    "partners.keep_paper": ("Agreements", "Signed document kept"),
    "partners.lift_hold": ("Holds", "can be paid again"),
    "partners.list_stripe_payout": ("Bank", "proposed"),
    "partners.make_ach_file": ("Payouts", "made"),
    "partners.make_prenote_file": ("Payouts", "made"),
    "partners.name_duplicate": ("Bank", "proposed"),
    "partners.name_entry": ("Bank", "proposed"),
    "partners.note_prenote": ("Destinations", "prenote answered "),
    "partners.open_onboarding": ("Destinations", "led to Stripe's questions"),
    "partners.plan_duties": (RECORDS, "changed"),
    "partners.prepare_agreement": ("Agreements", "prepared"),
    "partners.propose_batch": ("Payouts", "proposed"),
    "partners.record_bank_notice": ("Holds", "put on hold"),
    "partners.refuse_batch": REFUSED,
    "partners.refuse_destination": REFUSED,
    "partners.retry_payout": ("Payouts", "tried again"),
    "partners.return_payout": ("Holds", "put on hold"),
    "partners.say_not_sent": ("Payouts", "said that it did not leave"),
    "partners.send_batch": ("Payouts", "sent"),
    "partners.settle_duty": ("Agreements", "Done for a state"),
    "partners.settle_matches": ("Bank", "confirmed"),
    "partners.stop_rule": ("Bank", "stopped"),
    "partners.take_out_payout": ("Payouts", "taken out of the batch"),
    "partners.undo_match": ("Bank", "undone"),
    "partners.upload_statement": ("Bank", "uploaded"),
    "partners.void_cheque": ("Payouts", "the cheque was voided"),
    "partners.write_terms": ("Agreements", "The contract's terms written down"),
    "payments.revive_event": (RECORDS, "changed"),
    "people.approve_role": ("Roles", "given"),
    "people.change_address": (RECORDS, "changed"),
    "people.note_change": (RECORDS, "changed"),
    "people.refuse_role": REFUSED,
    "people.remove_all_roles": ("Roles", "ended"),
    "people.remove_role": ("Roles", "ended"),
    "people.remove_second_factor": (RECORDS, "deleted"),
    "people.request_role": ASKED,
    "reports.publish_document": ("Documents", "published"),
    "reports.request_statement": ("Documents", "asked for"),
    "shop.check_refund": (RECORDS, "changed"),
    "shop.import_past_sales": ("Past sales", "taken in"),
    "shop.request_refund": ("Refunds", "refund asked for"),
    "shop.undo_past_sales": ("Past sales", "taken out again"),
}
# Steps of the operations above, which tell of them.
PARTS: Final = {
    "ledger.put_forward",
    "partners.ask_again",
    "partners.decide",
    "partners.fail_attempt",
    "partners.give_up",
    "partners.is_own",
    "partners.start_attempts",
    "partners.void_approvals",
    "people.attach_file",
}


def operations() -> Iterator[str]:
    """Every public operation that takes the person who does it."""
    for package in PACKAGES:
        for path in sorted((ROOT / package / "operations").glob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    args = [*node.args.args, *node.args.kwonlyargs]
                    if any(one.arg == "by" and "User" in ast.unparse(one.annotation or node) for one in args):
                        yield f"{package}.{node.name}"


def test_every_operation_of_a_person_is_told() -> None:
    assert set(operations()) - PARTS == set(TOLD)


def test_the_history_knows_each_of_their_words() -> None:
    known = {(topic, word) for topic in history.topics() for word in words(topic)}

    assert {told for told in TOLD.values() if told not in known} == set()


def words(topic: str) -> set[str]:
    """What the kinds of a topic can say was done."""
    return {word for change in history.kinds(topic) for word in _words(change.what, change.rows().model)}


def _words(what: Any, model: Any) -> Iterator[str]:
    if isinstance(what, Value):
        yield what.value
    elif isinstance(what, F):
        yield from (word for word, _ in model._meta.get_field(what.name).choices or ())
    elif isinstance(what, When):
        yield from _words(what.result, model)
    elif isinstance(what, Func) or hasattr(what, "cases"):
        for part in what.get_source_expressions():
            if part is not None and not isinstance(part, F):
                yield from _words(part, model)
