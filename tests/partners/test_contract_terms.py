"""What the signed contract says beside share and days: written once, shown, frozen, and asked for by states."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from partners.models import Agreement, AgreementTerms, Partner
from partners.operations.activate_agreement import Incomplete, activate_agreement
from partners.operations.plan_duties import plan_duties
from partners.operations.write_terms import Contract, Frozen, TooEarly, write_terms
from partners.queries.papers import TERMS
from partners.two_people import SamePerson
from people.models import Organisation, User
from tests.partners.conftest import NOW, person, signed
from tests.partners.money import earn
from tests.partners.test_desk import QUERIES_MAX, signed_in, today, words  # noqa: F401
from tests.partners.test_papers import rules

pytestmark = pytest.mark.django_db
TYPED = {
    "seller_type": "nonprofit",
    "area": "The United States, on our website",
    "name_use": "In writing on product pages",
    "estimated_units": "1200",
    "paid_when": "Within 30 days of the end of each month",
    "paid_how": "By bank transfer",
    "accounting_on": "2027-03-31",
    "statute": "This contract may be cancelled within three days.",
    "first_signer": "Executive Director",
    "second_signer": "Treasurer",
}


@pytest.fixture
def agreement(dahlias_hope: Partner, ana: User) -> Agreement:
    return signed(dahlias_hope, ana)


def terms_page(agreement: Agreement) -> str:
    return f"/desk/agreements/{agreement.pk}/terms/"


def contract(**fields: Any) -> Contract:
    return Contract(**{"seller_type": "commercial", **fields})


def test_the_terms_are_written_down_and_shown(agreement: Agreement, ana: User, ben: User) -> None:
    client = signed_in(ana)

    answer = client.post(terms_page(agreement), TYPED)

    assert answer.status_code == 302
    kept = AgreementTerms.objects.get(agreement=agreement)
    assert (kept.estimated_units, kept.accounting_on, kept.second_signer) == (1200, date(2027, 3, 31), "Treasurer")
    page = words(signed_in(ben).get(f"/desk/agreements/{agreement.pk}/"))
    for said in ("<dt>Who sells</dt><dd>A nonprofit</dd>", "The United States, on our website", "31 March 2027"):
        assert said in page
    assert "The contract&#x27;s terms written down" in page
    assert 'value="Treasurer"' in words(client.get(terms_page(agreement)))


def test_the_final_accounting_says_of_which_contract_it_is(agreement: Agreement, ana: User, ben: User) -> None:
    client = signed_in(ana)
    client.post(terms_page(agreement), TYPED)
    activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)
    earn(agreement, 2400)

    rows = list(csv.DictReader(io.StringIO(client.get(terms_page(agreement)[:-6] + "accounting.csv").content.decode())))

    assert [row["design"] for row in rows] == ["Valor tassel earrings", "Together", "Reached the bank"]
    assert {row["partner"] for row in rows} == {"Dahlia's Hope"}
    assert {tuple(row[name] for name in TERMS) for row in rows} == {
        tuple((TYPED | {"seller_type": "A nonprofit"})[name] for name in TERMS)
    }


def test_terms_are_frozen_with_their_agreement(agreement: Agreement, ana: User, ben: User) -> None:
    write_terms(agreement_id=agreement.pk, contract=contract(area="Kansas"), by=ana, now=NOW)
    write_terms(agreement_id=agreement.pk, contract=contract(area="Missouri"), by=ana, now=NOW)
    activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)

    with pytest.raises(Frozen):
        write_terms(agreement_id=agreement.pk, contract=contract(area="Kansas"), by=ana, now=NOW)
    assert signed_in(ana).get(terms_page(agreement)).status_code == 302
    rows = AgreementTerms.objects.filter(agreement=agreement)
    for change in (lambda: rows.update(area="Kansas"), rows.delete):
        with pytest.raises(IntegrityError, match="are frozen"), transaction.atomic():
            change()
    assert rows.get().area == "Missouri"


def test_who_wrote_the_terms_is_no_second_person(agreement: Agreement, ben: User) -> None:
    cleo = person("cleo@tassel.example", "finance approver")
    write_terms(agreement_id=agreement.pk, contract=contract(), by=ben, now=NOW)

    with pytest.raises(SamePerson):
        activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)
    with pytest.raises(IntegrityError, match="who wrote the terms"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(state="active", approved_by=ben, approved_at=NOW)
    page = words(signed_in(ben).get(f"/desk/agreements/{agreement.pk}/"))
    assert "You wrote its terms, so another person activates it." in page

    activate_agreement(agreement_id=agreement.pk, by=cleo, now=NOW)


def test_the_last_who_could_activate_it_does_not_write_its_terms(agreement: Agreement, ana: User, ben: User) -> None:
    """Where two people do all the work, the draft could otherwise never be activated."""
    answer = signed_in(ben).post(terms_page(agreement), TYPED)
    assert (answer.status_code, "Nobody else could activate" in words(answer)) == (400, True)
    assert not AgreementTerms.objects.exists()

    write_terms(agreement_id=agreement.pk, contract=contract(), by=ana, now=NOW)
    activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)


def test_an_agreement_in_force_without_terms_gets_them_once(valor: Agreement, ana: User) -> None:
    write_terms(agreement_id=valor.pk, contract=contract(area="Missouri"), by=ana, now=NOW)

    with pytest.raises(Frozen):
        write_terms(agreement_id=valor.pk, contract=contract(area="Kansas"), by=ana, now=NOW)


def test_terms_that_came_after_the_second_person_say_so(valor: Agreement, agreement: Agreement, ana: User) -> None:
    client, late = signed_in(ana), "nobody else has approved it"
    write_terms(agreement_id=agreement.pk, contract=contract(), by=ana, now=NOW)
    assert late not in words(client.get(f"/desk/agreements/{agreement.pk}/"))
    assert "nobody approves it" in words(client.get(terms_page(valor)))

    answer = client.post(terms_page(valor), TYPED | {"accounting_on": "2027-03-31"}, follow=True)

    assert "nobody has approved them" in words(answer) and late in words(answer)


WHOLE = Contract(**TYPED | {"estimated_units": 1200, "accounting_on": date(2027, 3, 31)})  # type: ignore[arg-type]
ONE_SIGNER = contract(first_signer="Director")
NO_STATUTE = replace(WHOLE, statute="", estimated_units=None)


@pytest.mark.parametrize(
    ("rule", "half", "missing"),
    [
        (("CA", "officers", "start", 0), ONE_SIGNER, "the offices of two signers, for CA"),
        (("GA", "terms", "start", 0), NO_STATUTE, "for GA: pieces expected to be sold, the statement that a statute"),
    ],
)
def test_a_planned_state_that_asks_for_terms_holds_the_agreement_back(
    agreement: Agreement, rule: tuple[str, str, str, int], half: Contract, missing: str
) -> None:
    ana, ben = User.objects.get(name="Ana"), person("cleo@tassel.example", "finance approver")
    rules(rule)
    plan_duties(agreement_id=agreement.pk, states=[rule[0]])
    write_terms(agreement_id=agreement.pk, contract=half, by=ana, now=NOW)

    with pytest.raises(Incomplete, match=missing):
        activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)

    write_terms(agreement_id=agreement.pk, contract=WHOLE, by=ana, now=NOW)
    activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("seller_type", {"seller_type": "a friend"}),
        ("estimated_units", {"estimated_units": "-1"}),
        ("estimated_units", {"estimated_units": "99999999999"}),
        ("accounting_on", {"accounting_on": "2026-12-30"}),
        ("area", {"area": "x" * 201}),
    ],
)
def test_terms_that_cannot_be_are_answered_beside_their_field(
    agreement: Agreement, ana: User, field: str, typed: dict[str, str]
) -> None:
    answer = signed_in(ana).post(terms_page(agreement), TYPED | typed)

    assert answer.status_code == 400
    assert answer.context["form"].errors[field]
    assert not AgreementTerms.objects.exists()
    with pytest.raises(TooEarly):
        write_terms(agreement_id=agreement.pk, contract=contract(accounting_on=date(2026, 1, 1)), by=ana, now=NOW)


def test_who_sells_is_guessed_from_the_organisation(agreement: Agreement, ana: User) -> None:
    page = terms_page(agreement)
    assert '<option value="commercial" selected>' in words(signed_in(ana).get(page))

    Organisation.objects.update(deductibility="deductible_170c")

    assert '<option value="nonprofit" selected>' in words(signed_in(ana).get(page))


def test_the_pages_with_terms_take_few_queries(
    agreement: Agreement, ana: User, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(ana)
    client.post(terms_page(agreement), TYPED)

    for path in (terms_page(agreement), f"/desk/agreements/{agreement.pk}/"):
        with django_assert_max_num_queries(QUERIES_MAX):
            client.get(path)
