"""An agreement's history and papers, what states ask, who is reminded of what, and the accounting in the end."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, transaction

from partners.models import Agreement, AgreementDuty, AgreementEvent, Partner, StateRule
from partners.operations.activate_agreement import Incomplete, activate_agreement
from partners.operations.end_agreement_early import end_agreement_early
from partners.operations.plan_duties import plan_duties
from partners.operations.remind_of_agreements import remind_of_agreements
from partners.operations.reverse_shares import reverse_shares
from partners.operations.settle_duty import Outcome, settle_duty
from partners.queries.accounting import final_accounting, recipient_by, recipients_warning
from partners.queries.promises import promises_of
from people.models import Attachment, Mail, Organisation, User
from tests.ledger.raw import as_owner
from tests.partners.conftest import NOW, active, draft, signed
from tests.partners.money import earn
from tests.partners.signing import keep
from tests.partners.test_desk import QUERIES_MAX, signed_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)


@pytest.fixture
def new_jersey(db: None) -> list[StateRule]:
    """A contract filed 10 days before, an accounting 40 days after; and Massachusetts' report by February."""
    return rules(("NJ", "file", "start", 10), ("NJ", "account", "end", 40), ("MA", "report", "february", 0))


def rules(*wanted: tuple[str, str, str, int]) -> list[StateRule]:
    """Those of the first rules of states, which a migration laid."""
    return [
        StateRule.objects.get(state=state, duty=duty, measured_from=measured, days=days)
        for state, duty, measured, days in wanted
    ]


@pytest.mark.django_db(transaction=True)
def test_the_first_rules_outlive_whatever_empties_the_database_between_tests() -> None:
    for _ in range(2):
        call_command("flush", interactive=False, reset_sequences=False, inhibit_post_migrate=True, verbosity=0)

    first = import_module("partners.migrations.0014_papers_and_state_rules").FIRST_RULES
    later = StateRule.objects.filter(duty="terms")  # what Georgia and New Hampshire ask of a contract
    assert (StateRule.objects.count(), later.count()) == (len(first) + 2, 2)


def paper(name: str = "signed.pdf", content: bytes = b"%PDF-1.7", **typed: str) -> dict[str, Any]:
    return {"kind": "signed", "on": "2025-12-20", "file": SimpleUploadedFile(name, content), **typed}


def test_every_step_is_kept(valor: Agreement, ana: User, ben: User) -> None:
    end_agreement_early(agreement_id=valor.pk, ends_on=date(2026, 10, 31), by=ben, now=NOW)

    assert list(valor.events.values_list("kind", "by__email", "on")) == [
        ("prepared", ana.email, None),
        ("signed", ana.email, date(2026, 10, 20)),
        ("activated", ben.email, None),
        ("ended", ben.email, date(2026, 10, 31)),
    ]
    for change in (lambda: valor.events.update(detail="other"), lambda: valor.events.all().delete()):
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            change()


def test_a_signed_document_is_kept_and_read_again(valor: Agreement, ana: User) -> None:
    client = signed_in(ana)
    path = f"/desk/agreements/{valor.pk}/papers/"

    client.post(path, paper())
    client.post(path, paper("consent.pdf", b"%PDF-2", kind="consented"))

    kept = AgreementEvent.objects.filter(kind__in=AgreementEvent.PAPERS, on=date(2025, 12, 20))
    assert [(event.kind, event.on) for event in kept] == [
        ("signed", date(2025, 12, 20)),
        ("consented", date(2025, 12, 20)),
    ]
    answer = client.get(f"{path}{kept[0].pk}/")
    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.7", "application/pdf")
    assert answer["Content-Disposition"].startswith("attachment;")
    page = words(client.get(f"/desk/agreements/{valor.pk}/"))
    assert "Signed document kept, 20 December 2025" in page
    assert "The partner&#x27;s consent kept" in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("file", {"name": "signed.exe"}),
        ("file", {"content": b""}),
        ("file", {"content": b"x" * (5 * 1024 * 1024 + 1)}),
        ("on", {"on": "yesterday"}),
        ("kind", {"kind": "ended"}),
    ],
)
def test_a_paper_that_cannot_be_kept_is_answered_beside_its_field(
    valor: Agreement, ana: User, field: str, typed: dict[str, Any]
) -> None:
    before = Attachment.objects.count()

    answer = signed_in(ana).post(f"/desk/agreements/{valor.pk}/papers/", paper(**typed))

    assert answer.status_code == 400
    assert answer.context["paper_form"].errors[field]
    assert Attachment.objects.count() == before


def test_no_agreement_is_in_force_unsigned(dahlias_hope: Partner, ana: User, ben: User) -> None:
    agreement = draft(dahlias_hope, ana)
    by = {"approved_by": ben, "approved_at": NOW}

    with pytest.raises(Incomplete, match="Still missing: the signed document"):
        activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)
    with pytest.raises(IntegrityError, match="no signed document"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(state="active", **by)
    keep(agreement, ana, NOW, "consented")  # a consent is no signature
    with pytest.raises(Incomplete):
        activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)

    assert not promises_of(dahlias_hope, NOW)
    activate_agreement(agreement_id=keep(agreement, ana, NOW).pk, by=ben, now=NOW)
    assert len(promises_of(dahlias_hope, NOW)) == 1


def test_a_state_that_wants_consent_holds_an_agreement_back(dahlias_hope: Partner, ana: User, ben: User) -> None:
    agreement = signed(dahlias_hope, ana)
    rules(("NJ", "file", "start", 10), ("HI", "consent", "start", 10), ("LA", "consent", "start", 0))
    plan_duties(agreement_id=agreement.pk, states=["NJ", "HI", "LA"])
    by = {"approved_by": ben, "approved_at": NOW}

    with pytest.raises(Incomplete, match="the partner's written consent, for HI, LA"):
        activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)
    with pytest.raises(IntegrityError, match="no written consent"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(state="active", **by)
    page = words(signed_in(ben).get(f"/desk/agreements/{agreement.pk}/"))
    assert "the partner&#x27;s written consent, for HI, LA" in page
    assert "Activate this agreement" not in page

    activate_agreement(agreement_id=keep(agreement, ana, NOW, "consented").pk, by=ben, now=NOW)


def test_what_was_active_before_papers_were_asked_for_stays_in_force(valor: Agreement, ben: User) -> None:
    as_owner("DELETE FROM partners_agreementevent WHERE kind = 'signed'")
    rules(("HI", "consent", "start", 10))
    plan_duties(agreement_id=valor.pk, states=["HI"])

    assert len(promises_of(valor.partner, NOW)) == 1
    end_agreement_early(agreement_id=valor.pk, ends_on=date(2026, 10, 31), by=ben, now=NOW)


def test_what_states_ask_is_planned_by_the_days_of_the_agreement(
    valor: Agreement, new_jersey: list[StateRule], ana: User, ben: User
) -> None:
    client = signed_in(ana)
    assert client.post(f"/desk/agreements/{valor.pk}/states/", {}).status_code == 400
    client.post(f"/desk/agreements/{valor.pk}/states/", {"states": ["NJ", "MA"]})
    days = {duty.rule.duty: duty.due_on for duty in AgreementDuty.objects.filter(rule__in=new_jersey)}
    assert days == {"file": date(2025, 12, 22), "account": date(2027, 2, 9), "report": date(2027, 2, 28)}

    filed = AgreementDuty.objects.get(rule__state="NJ", rule__duty="file")
    client.post(f"/desk/agreements/{valor.pk}/states/{filed.pk}/", {"done_on": "2025-12-20"})
    end_agreement_early(agreement_id=valor.pk, ends_on=date(2026, 10, 31), by=ben, now=NOW)

    days = {duty.rule.duty: duty.due_on for duty in AgreementDuty.objects.filter(rule__in=new_jersey)}
    assert days == {"file": date(2025, 12, 22), "account": date(2026, 12, 10), "report": date(2027, 2, 28)}
    assert settle_duty(duty_id=filed.pk, done_on=date(2026, 1, 1), by=ben, now=NOW) is Outcome.ALREADY_DONE
    assert valor.events.get(kind="duty_done").detail == "NJ: file"


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 18, tzinfo=UTC)


def test_staff_are_told_once_each_before_an_agreement_runs_out(valor: Agreement, org: Organisation) -> None:
    Organisation.objects.update(contact_email="staff@tassel.example")
    last = date(2026, 12, 31)

    told = {
        days: remind_of_agreements(now=at(last - timedelta(days=days))) for days in (61, 60, 45, 30, 29, 7, 1, 0, -1)
    }

    assert told == {61: 0, 60: 1, 45: 0, 30: 1, 29: 0, 7: 1, 1: 0, 0: 0, -1: 0}
    assert Mail.objects.filter(subject__contains="ends on December 31, 2026").count() == 3


def test_a_promise_that_goes_on_is_not_told_of(valor: Agreement, org: Organisation, ana: User, ben: User) -> None:
    Organisation.objects.update(contact_email="staff@tassel.example")
    active(valor.partner, ana, ben, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))

    assert remind_of_agreements(now=at(date(2026, 12, 1))) == 0


def test_a_duty_is_told_of_until_it_is_done(
    valor: Agreement, new_jersey: list[StateRule], org: Organisation, ben: User
) -> None:
    Organisation.objects.update(contact_email="staff@tassel.example")
    plan_duties(agreement_id=valor.pk, states=["NJ"])
    accounting = AgreementDuty.objects.get(rule__duty="account")
    assert remind_of_agreements(now=at(date(2027, 1, 12))) == 1

    settle_duty(duty_id=accounting.pk, done_on=date(2027, 1, 20), by=ben, now=NOW)

    assert remind_of_agreements(now=at(date(2027, 2, 3))) == 0
    assert "NJ wants you to give the final accounting on February 9, 2027" in Mail.objects.get().subject


def test_the_desk_lists_what_runs_out(
    valor: Agreement,
    new_jersey: list[StateRule],
    ana: User,
    ben: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = signed_in(ana)
    assert "Renew the agreement" not in words(client.get("/desk/"))

    monkeypatch.setattr("people.clock.now", lambda: at(date(2026, 11, 2)))
    plan_duties(agreement_id=valor.pk, states=["NJ"])

    page = words(client.get("/desk/"))
    assert "Renew the agreement with Dahlia&#x27;s Hope, or let it end" in page
    assert "Valor tassel earrings, ends 31 December 2026" in page
    assert "File the contract or notice in NJ" in page  # it is late
    assert "Give the final accounting in NJ" not in page
    active(valor.partner, ana, ben, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))
    assert "Renew the agreement" not in words(client.get("/desk/"))


def test_the_pages_of_agreements_take_few_queries(
    valor: Agreement, new_jersey: list[StateRule], ana: User, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(ana)
    plan_duties(agreement_id=valor.pk, states=["NJ", "MA"])

    for path in ("/desk/agreements/", f"/desk/agreements/{valor.pk}/", f"/desk/agreements/{valor.pk}/accounting.csv"):
        with django_assert_max_num_queries(QUERIES_MAX):
            client.get(path)


def test_from_the_sixth_partner_of_a_year_on_the_desk_warns(valor: Agreement, ana: User, ben: User) -> None:
    active(valor.partner, ana, ben, "product:more")
    for number in range(4):
        other = Partner.objects.create(slug=f"p{number}", name=f"P {number}")
        active(other, ana, ben, f"product:p{number}")
    assert recipients_warning(2026) == ""

    sixth = Partner.objects.create(slug="sixth", name="Sixth")
    active(sixth, ana, ben, "gifts")
    assert recipients_warning(2026) == ""  # only goods count
    active(sixth, ana, ben, "product:sixth")

    assert "6 partners" in recipients_warning(2026)
    assert "6 partners" in words(signed_in(ana).get("/desk/agreements/"))
    assert recipients_warning(2027) == ""


def test_the_sixth_partner_is_asked_about_before_it_is_activated(valor: Agreement, ana: User, ben: User) -> None:
    for number in range(4):
        active(Partner.objects.create(slug=f"p{number}", name=f"P {number}"), ana, ben, f"product:p{number}")
    sixth = signed(Partner.objects.create(slug="sixth", name="Sixth"), ana, "product:sixth")
    client, door = signed_in(ben), f"/desk/agreements/{sixth.pk}/activate/"

    asked = client.post(door)

    assert "Sixth would be partner 6 of 2026" in words(asked)
    assert Agreement.objects.get(pk=sixth.pk).state == "draft"
    client.post(door, {"counted": "6"})
    assert Agreement.objects.get(pk=sixth.pk).state == "active"


def test_only_what_brings_a_sixth_partner_of_goods_is_asked_about(valor: Agreement, ana: User, ben: User) -> None:
    for number in range(4):
        active(Partner.objects.create(slug=f"p{number}", name=f"P {number}"), ana, ben, f"product:p{number}")
    new = Partner.objects.create(slug="new", name="New")
    later = {"starts_on": date(2026, 12, 31), "ends_on": date(2027, 6, 30)}

    asked = {
        "goods": recipient_by(draft(new, ana, "shop"), NOW.date()),
        "gifts": recipient_by(draft(new, ana, "gifts"), NOW.date()),
        "again": recipient_by(draft(valor.partner, ana, "product:more"), NOW.date()),
        "a day of it": recipient_by(draft(new, ana, "shop", **later), NOW.date()),
        "a day of the next": recipient_by(draft(new, ana, "shop", **later), date(2027, 1, 1)),
    }

    assert asked == {
        "goods": (2026, 6), "gifts": None, "again": None, "a day of it": (2026, 6), "a day of the next": None,
    }  # fmt: skip


def test_what_was_added_since_it_was_read_is_read_first(dahlias_hope: Partner, ana: User, ben: User) -> None:
    agreement = signed(dahlias_hope, ana)
    client, door = signed_in(ben), f"/desk/agreements/{agreement.pk}/activate/"
    seen = client.get(f"/desk/agreements/{agreement.pk}/").context["seen"]
    keep(agreement, ana, NOW, "consented")

    assert "Read it again." in words(client.post(door, {"seen": seen}, follow=True))
    assert Agreement.objects.get(pk=agreement.pk).state == "draft"

    seen = client.get(f"/desk/agreements/{agreement.pk}/").context["seen"]
    client.post(door, {"seen": seen})
    assert Agreement.objects.get(pk=agreement.pk).state == "active"


def test_the_final_accounting_is_per_design_and_adds_up(valor: Agreement, ana: User) -> None:
    earn(valor, 4800, 1, units=2)
    share = earn(valor, 2400, 2, units=1)
    reverse_shares(
        source=share.source, charge_ref=share.charge_ref, cause="stripe:refund:re_1",
        refunded_minor={"order_line:2": 1200}, at=NOW, now=NOW,
    )  # fmt: skip

    answer = signed_in(ana).get(f"/desk/agreements/{valor.pk}/accounting.csv")

    found = final_accounting(valor)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["design"], row["units"], row["share_of_each"], row["net_minor"]) for row in rows] == [
        ("Valor tassel earrings", "3", "20%", "1200"),
        ("Together", "3", "", "1200"),
        ("Reached the bank", "", "", "0"),
    ]
    assert (found.promised_minor, found.net_minor) == (1440, 1200)


def test_a_promise_that_is_over_says_so(valor: Agreement, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(ana)
    path = f"/desk/agreements/{valor.pk}/"
    assert "This promise has ended" not in words(client.get(path))

    monkeypatch.setattr("people.clock.now", lambda: at(date(2027, 1, 2)))

    assert "This promise has ended." in words(client.get(path))
