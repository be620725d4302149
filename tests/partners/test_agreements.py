from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from django.db import IntegrityError, connection, transaction

from partners.models import Agreement, Partner
from partners.operations.activate_agreement import AgreementsMeet, MoreThanTheWhole, NotADraft, activate_agreement
from partners.operations.end_agreement_early import BadLastDay, NotInForce, end_agreement_early
from partners.operations.prepare_agreement import BadAgreement
from partners.two_people import SamePerson
from people.models import User
from tests.partners.conftest import NOW, active, draft, signed

pytestmark = pytest.mark.django_db


def test_a_second_person_activates(dahlias_hope: Partner, ana: User, ben: User) -> None:
    agreement = signed(dahlias_hope, ana)

    with pytest.raises(SamePerson):
        activate_agreement(agreement_id=agreement.pk, by=ana, now=NOW)
    activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)

    agreement.refresh_from_db()
    assert (agreement.state, agreement.approved_by, agreement.approved_at) == ("active", ben, NOW)
    with pytest.raises(NotADraft):
        activate_agreement(agreement_id=agreement.pk, by=ben, now=NOW)


def test_the_database_wants_two_people_too(dahlias_hope: Partner, ana: User) -> None:
    agreement = signed(dahlias_hope, ana)

    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(state="active", approved_by=ana, approved_at=NOW)
    with pytest.raises(IntegrityError, match="only_once_approved"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(state="active")


@pytest.mark.parametrize(
    "change",
    [
        {"rate_num": 21},
        {"ends_on": date(2026, 11, 30)},
        {"ends_on": date(2027, 1, 1)},
        {"state": "draft", "approved_by": None, "approved_at": None},
        {"scope_key": "shop"},
        {"stacking_set": "other"},
    ],
)
def test_an_active_agreement_is_frozen(valor: Agreement, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Agreement.objects.filter(pk=valor.pk).update(**change)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM partners_agreement WHERE id = %s", [valor.pk])


def test_the_database_lets_a_promise_end_earlier_only(valor: Agreement, ana: User) -> None:
    row = Agreement.objects.filter(pk=valor.pk)

    for day in (date(2026, 12, 31), date(2027, 1, 1)):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            row.update(state="ended", ends_on=day, ended_by=ana, ended_at=NOW)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        row.update(state="ended", ends_on=date(2026, 11, 1), ended_by=ana, ended_at=NOW, rate_num=1)
    row.update(state="ended", ends_on=date(2026, 11, 1), ended_by=ana, ended_at=NOW)


def test_an_agreement_cannot_be_born_active(dahlias_hope: Partner, ana: User, ben: User, valor: Agreement) -> None:
    valor.pk, valor.version, valor.state = None, 2, "active"

    with pytest.raises(IntegrityError, match="begins as a draft"), transaction.atomic():
        valor.save(force_insert=True)


def test_a_promise_can_only_end_earlier(valor: Agreement, ana: User) -> None:
    for day in (date(2026, 12, 31), date(2026, 10, 18)):
        with pytest.raises(BadLastDay):
            end_agreement_early(agreement_id=valor.pk, ends_on=day, by=ana, now=NOW)

    end_agreement_early(agreement_id=valor.pk, ends_on=date(2026, 10, 19), by=ana, now=NOW)

    valor.refresh_from_db()
    assert (valor.state, valor.ends_on, valor.ended_by) == ("ended", date(2026, 10, 19), ana)
    with pytest.raises(NotInForce):
        end_agreement_early(agreement_id=valor.pk, ends_on=date(2026, 10, 19), by=ana, now=NOW)


def test_two_promises_of_one_level_that_meet_are_refused(
    valor: Agreement, restoration_house: Partner, ana: User, ben: User
) -> None:
    rival = signed(restoration_house, ana, starts_on=date(2026, 12, 31), ends_on=date(2027, 3, 31))

    with pytest.raises(AgreementsMeet) as refused:
        activate_agreement(agreement_id=rival.pk, by=ben, now=NOW)

    assert refused.value.other == valor
    rival.refresh_from_db()
    assert rival.state == "draft"


def test_promises_that_share_no_day_level_or_thing_do_not_meet(
    valor: Agreement, restoration_house: Partner, ana: User, ben: User
) -> None:
    active(restoration_house, ana, ben, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))
    active(restoration_house, ana, ben, "variant:VALOR-DARK")
    active(restoration_house, ana, ben, "product:rehope-tassel-earrings")


def test_two_collections_can_meet_on_one_design(
    dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User
) -> None:
    active(dahlias_hope, ana, ben, "collection:spring")

    with pytest.raises(AgreementsMeet):
        active(restoration_house, ana, ben, "collection:bold")


def test_a_shared_set_lets_two_promises_stand_together(seed: tuple[Agreement, Agreement]) -> None:
    assert {agreement.state for agreement in seed} == {"active"}


def test_versions_of_one_promise_never_overlap_even_in_a_set(
    seed: tuple[Agreement, Agreement], ana: User, ben: User
) -> None:
    with pytest.raises(AgreementsMeet):
        active(seed[0].partner, ana, ben, "fund:seed-collective", rate_num=5, stacking_set="seed-40-40")


def test_a_set_never_promises_more_than_the_whole(
    seed: tuple[Agreement, Agreement], dahlias_hope: Partner, ana: User, ben: User
) -> None:
    third = Partner.objects.create(slug="third", name="Third")
    fields = {"stacking_set": "seed-40-40", "rate_num": 201, "rate_den": 1000}
    with pytest.raises(MoreThanTheWhole) as refused:
        active(third, ana, ben, "fund:seed-collective", **fields)
    assert refused.value.total == Fraction(1001, 1000)

    # Exactly the whole is fine, also spread over levels.
    active(third, ana, ben, "gifts", stacking_set="seed-40-40", rate_num=20)
    with pytest.raises(MoreThanTheWhole):
        active(third, ana, ben, "fund:seed-collective", stacking_set="seed-40-40", rate_num=1)


def test_things_that_never_meet_do_not_add_up_in_a_set(
    dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User
) -> None:
    active(dahlias_hope, ana, ben, "product:valor-tassel-earrings", rate_num=60, stacking_set="designs")
    active(restoration_house, ana, ben, "product:rehope-tassel-earrings", rate_num=60, stacking_set="designs")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("scope_key", {"scope_key": "everything"}),
        ("scope_key", {"scope_key": "product:"}),
        ("rate_num", {"rate_num": 0}),
        ("rate_num", {"rate_num": 101}),
        ("ends_on", {"ends_on": date(2025, 12, 31)}),
        ("scope_label", {"scope_label": " "}),
        ("recognition", {"recognition": "agency"}),
    ],
)
def test_nonsense_is_named_by_its_field(
    dahlias_hope: Partner, ana: User, field: str, fields: dict[str, object]
) -> None:
    with pytest.raises(BadAgreement) as refused:
        draft(dahlias_hope, ana, **fields)

    assert refused.value.field == field
    assert not Agreement.objects.exists()


def test_versions_count_up(valor: Agreement, ana: User) -> None:
    following = draft(valor.partner, ana, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31), rate_num=25)

    assert (following.series, following.version, following.basis) == (valor.series, 2, "net_goods")
