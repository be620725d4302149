"""What people did to agreements, payouts, the bank and settings stands in the history, by whom and when."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from partners.models import Agreement, BankAccount, BankLine, ColumnProfile, LearnedRule, PayoutPolicy
from partners.operations.accept_statement import drop_statement
from partners.operations.check_statement import check_statement
from partners.operations.choose_match import explain_line
from partners.operations.hold_partner import hold_partner
from partners.operations.keep_paper import keep_paper
from partners.operations.settle_matches import settle_matches
from partners.operations.stop_rule import stop_rule
from partners.operations.undo_match import undo_match
from partners.operations.upload_statement import upload_statement
from people import history
from people.models import Organisation, User
from tests.partners.conftest import NOW
from tests.partners.test_desk import signed_in, today, words  # noqa: F401
from tests.partners.test_payouts import statement

pytestmark = pytest.mark.django_db


def told(topic: str, *, by: User) -> list[tuple[str, str]]:
    """What and about what, the first first."""
    rows = list(history.changes(topic, by.pk))
    return [(row["h_what"], row["h_subject"]) for row in sorted(rows, key=lambda row: row["h_at"])]


def test_papers_and_holds_are_told(valor: Agreement, ana: User) -> None:
    keep_paper(agreement_id=valor.pk, kind="consented", on=NOW.date(), name="c.pdf", content=b"%PDF", by=ana, now=NOW)
    hold_partner(partner_id=valor.partner_id, by=ana, reason="Their bank closed.", now=NOW)

    ref = f"agreement:{valor.pk}"
    assert set(told("Agreements", by=ana)) == {
        ("prepared", ref), ("Signed document kept", ref), ("The partner's consent kept", ref),
    }  # fmt: skip
    assert told("Holds", by=ana)[-1] == ("put on hold", f"partner:{valor.partner_id}")


def test_files_of_the_bank_are_told_of_with_who_decided(checking: BankAccount, ana: User, ben: User) -> None:
    content = b"Date,Description,Amount\n2026-10-20,Fee,-5\n"
    file = upload_statement(account=checking, file_name="o.csv", content=content, by=ana, now=NOW)
    check_statement(file_id=file.pk, now=NOW)

    drop_statement(file_id=file.pk, by=ben, now=NOW)
    statement(checking, ana, "2026-10-20,Fee,-5.00")

    assert told("Bank", by=ben) == [("dropped", f"bank:file:{file.pk}")]
    assert ("accepted", f"bank:file:{file.pk + 1}") in told("Bank", by=ana)


def test_matches_and_rules_are_told(checking: BankAccount, ana: User, ben: User) -> None:
    statement(checking, ana, "2026-10-20,MONTHLY FEE,-5.00")
    match = explain_line(line_id=BankLine.objects.get().pk, purpose="bank_fees", by=ana, now=NOW, always=True)
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)
    undo_match(match_id=match.pk, by=ben, now=NOW, reason="It was interest.")
    stop_rule(rule_id=LearnedRule.objects.get().pk, by=ben, now=NOW)

    page = words(signed_in(ben).get(f"/desk/history/?topic=Bank&who={ben.pk}"))

    assert {what for what, _ in told("Bank", by=ben)} == {"confirmed", "undone", "stopped"}
    assert "It was interest." in page
    assert f'<a href="/desk/bank/matches/{match.pk}/">Bank match {match.pk}</a>' in page


def test_columns_of_a_bank_are_told_by_their_fields(checking: BankAccount, ana: User) -> None:
    client = signed_in(ana)
    columns = {
        "name": "Online", "date_column": "Date", "text_columns": "Text", "amount_column": "Amount",
        "date_format": "%Y-%m-%d", "decimal_mark": ".", "separator": ",", "currency": "usd",
    }  # fmt: skip
    form = client.get(f"/desk/bank/accounts/{checking.pk}/columns/").context["form"]
    typed = {name: columns.get(name, form[name].value() or "") for name in form.fields}

    answer = client.post(f"/desk/bank/accounts/{checking.pk}/columns/", typed)

    assert answer.status_code == 302, answer.context["form"].errors
    row = ColumnProfile.objects.get()
    client.post(f"/desk/bank/columns/{row.pk}/", typed | {"name": "Other"})
    assert [what for what, _ in told("Settings and records", by=ana)] == ["added", "changed"]
    page = words(client.get("/desk/history/?topic=Settings+and+records"))
    assert f"Column profile {row.pk}" in page
    assert '<td data-label="Why">name</td>' in page


def test_the_consoles_changes_are_told_without_what_they_hold(org: Organisation, ana: User) -> None:
    PayoutPolicy.objects.get_or_create(pk=1)
    ana.is_superuser = True
    ana.save(update_fields=["is_superuser"])
    console: Any = signed_in(ana)
    page = "/console/partners/payoutpolicy/1/change/"
    form = console.get(page).context["adminform"].form
    typed = {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}

    answer = console.post(page, typed | {"refund_window_days": 21})

    assert answer.status_code == 302
    entry = LogEntry.objects.get()
    shown = words(console.get("/desk/history/?topic=Settings+and+records"))
    assert told("Settings and records", by=ana)[-1][0] == "changed"
    assert "Payout policy 1" in shown
    assert "Refund window days" in shown
    assert "21" not in entry.change_message


def test_what_the_console_changed_is_told_when_its_kind_is_gone(org: Organisation, ana: User) -> None:
    LogEntry.objects.create(user=ana, content_type=None, object_id="5", object_repr="Old", action_flag=3)

    page = signed_in(ana).get("/desk/history/?topic=Settings+and+records")

    assert page.status_code == 200 and "Deleted" in words(page)
