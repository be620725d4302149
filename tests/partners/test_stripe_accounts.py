"""A partner's Stripe account: entered when it is ready, called back, on hold when anything about it changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from partners.models import (
    Agreement,
    OnboardingLink,
    Partner,
    PartnerAccount,
    PayoutBatch,
    PayoutDestination,
    PayoutHold,
)
from partners.onboarding_links import token_of
from partners.operations.approve_batch import NotPayable, approve_batch
from partners.operations.choose_stripe import Outcome as Chosen
from partners.operations.choose_stripe import choose_stripe
from partners.operations.confirm_destination import NotOnboarded, refuse_destination
from partners.operations.follow_account import Outcome, follow_account, refuse_account
from partners.operations.hold_partner import NotHeld, hold_partner, lift_hold
from partners.operations.propose_batch import NothingEligible, propose_batch
from partners.two_people import SamePerson
from partners.views.onboarding import HOURLY
from payments.facts import AccountChanged, AccountRefused
from people.models import Mail, User
from tests.partners.conftest import NOW, person
from tests.partners.money import earn
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_destinations import LATER, call, enter
from tests.partners.test_payouts import approve, propose, state_of

pytestmark = pytest.mark.django_db
__all__ = ["today"]
ACCOUNT, ACCOUNTS = "acct_1Dahlia00", "0018_stripe_accounts"
READY: dict[str, Any] = {"takes_transfers": True, "bank_last4": "6789", "bank_mark": "a" * 64}
OTHER_BANK = READY | {"bank_last4": "0042", "bank_mark": "b" * 64}
LOST = READY | {"takes_transfers": False}


def ask(partner: Partner, by: User) -> PartnerAccount:
    assert choose_stripe(partner_id=partner.pk, by=by, now=NOW) == Chosen.ASKED
    return PartnerAccount.objects.get(state="asked")


def told(account: PartnerAccount, at: datetime = NOW, **stands: Any) -> Outcome:
    known = {"takes_transfers": False, "bank_last4": "", "bank_mark": "", "is_closed": False}
    fact = AccountChanged(kind="partner_account", subject=account.ref, account_id=ACCOUNT, at=at, **(known | stands))
    with transaction.atomic():
        return follow_account(fact, now=at)


@pytest.fixture
def account(dahlias_hope: Partner, ana: User) -> PartnerAccount:
    """Asked for by Ana; Stripe has made it and asks its owner."""
    asked = ask(dahlias_hope, ana)
    told(asked)
    return PartnerAccount.objects.select_related("partner").get(pk=asked.pk)


def later(by: User) -> PayoutBatch:
    """When a changed destination has waited its day."""
    return propose_batch(by=by, as_of=date(2026, 10, 22), currency="usd", now=LATER)


def confirmed(account: PartnerAccount, by: User) -> PayoutDestination:
    """In use since before the waiting day."""
    told(account, **READY)
    return call(account.partner.destinations.get(state="pending"), by)


def test_asking_changes_nothing_about_where_a_partner_is_paid(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    account = ask(valor.partner, ana)
    told(account)

    assert propose(ana).payouts.get().destination == "Commerce Bank, ending 6789"
    assert choose_stripe(partner_id=valor.partner.pk, by=ben, now=NOW) == Chosen.ALREADY_ASKED
    assert not PayoutHold.objects.filter(lifted_at=None).exists()


def test_ready_it_is_entered_and_waits_for_the_call(account: PartnerAccount, ana: User, ben: User) -> None:
    assert told(account, **READY) == Outcome.ENTERED
    assert told(account, **READY) == Outcome.KEPT

    pending = account.partner.destinations.get(state="pending")
    assert (pending.label, pending.edited_by, pending.stripe_account) == (
        "Stripe account, bank ending 6789",
        ana,
        ACCOUNT,
    )
    assert PayoutHold.objects.get(lifted_at=None).reason == "destination"
    with pytest.raises(SamePerson):
        call(pending, ana)
    call(pending, ben)
    assert account.partner.destinations.get(state="active") == pending


def test_only_an_account_that_takes_transfers_is_confirmed(account: PartnerAccount, ben: User) -> None:
    told(account, **READY)
    told(account, **LOST)
    pending = account.partner.destinations.get(state="pending")

    with pytest.raises(NotOnboarded):
        call(pending, ben)

    told(account, **READY)
    call(pending, ben)


def test_whoever_was_at_stripes_questions_neither_confirms_nor_approves(
    account: PartnerAccount, valor: Agreement, ana: User, ben: User
) -> None:
    cleo = person("cleo@tassel.example", "finance approver")
    OnboardingLink.objects.create(account=account, made_by=cleo, made_at=NOW)
    told(account, **READY)
    pending = account.partner.destinations.get(state="pending")
    with pytest.raises(SamePerson, match="at Stripe's questions"):
        call(pending, cleo)
    call(pending, ben)

    earn(valor, 20000)
    batch = later(ana)
    with pytest.raises(SamePerson, match="You entered where Dahlia's Hope is paid"):
        approve_batch(batch_id=batch.pk, by=cleo, content_hash=batch.content_hash, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        OnboardingLink.objects.update(made_by=ben)


def test_another_bank_at_stripe_is_a_changed_destination(
    account: PartnerAccount, valor: Agreement, ana: User, ben: User
) -> None:
    confirmed(account, ben)
    earn(valor, 20000)
    batch = later(ana)

    assert told(account, **OTHER_BANK) == Outcome.BANK_CHANGED

    with pytest.raises(NotPayable, match="on hold"):
        approve(batch, ben)
    pending = account.partner.destinations.get(state="pending")
    assert pending.label == "Stripe account, bank ending 0042"
    refuse_destination(destination_id=pending.pk, by=ben, reason="They know nothing of it", now=LATER)
    hold = PayoutHold.objects.get(lifted_at=None)
    with pytest.raises(NotHeld, match="another bank"):
        lift_hold(hold_id=hold.pk, by=ben, reason="Seems fine", now=LATER)
    assert told(account, **OTHER_BANK) == Outcome.KEPT, "what was refused is not entered again by itself"
    assert choose_stripe(partner_id=account.partner_id, by=ana, now=LATER) == Chosen.ENTERED


def test_a_bank_after_a_refused_one_is_entered_too(account: PartnerAccount, ana: User, ben: User) -> None:
    """B1 is paid, B2 was refused, Stripe is back on B1: a third bank is asked about, and so is B2 when it returns."""
    confirmed(account, ben)
    third = READY | {"bank_last4": "7777", "bank_mark": "c" * 64}
    told(account, **OTHER_BANK)

    entered = []
    for bank in (third, OTHER_BANK):
        pending = account.partner.destinations.get(state="pending")
        refuse_destination(destination_id=pending.pk, by=ben, reason="They know nothing of it", now=LATER)
        assert told(account, **READY) == Outcome.KEPT
        for hold in PayoutHold.objects.filter(lifted_at=None):
            lift_hold(hold_id=hold.pk, by=ben, reason="The old bank again, they say.", now=LATER)
        assert told(account, **bank) == Outcome.BANK_CHANGED
        entered.append(account.partner.destinations.get(state="pending").label[-4:])

    assert entered == ["7777", "0042"]
    assert PayoutHold.objects.filter(lifted_at=None, reason="destination").count() == 1


def test_money_never_goes_to_a_bank_that_nobody_called_back(
    account: PartnerAccount, valor: Agreement, ana: User, ben: User
) -> None:
    """Even if no hold stood there: the batch's own check compares what Stripe shows with what was signed."""
    confirmed(account, ben)
    earn(valor, 20000)
    batch = later(ana)
    PartnerAccount.objects.update(bank_mark="c" * 64)

    with pytest.raises(NotPayable, match="another bank than the one that was called back"):
        approve(batch, ben)


def test_a_lost_account_holds_until_it_is_mended_and_another_person_lifts(
    account: PartnerAccount, valor: Agreement, ana: User, ben: User
) -> None:
    confirmed(account, ben)
    earn(valor, 20000)
    batch = later(ana)

    assert [told(account, **LOST), told(account, **LOST)] == [Outcome.LOST, Outcome.KEPT]

    batch.refresh_from_db()
    assert batch.revision == 1
    hold = PayoutHold.objects.get(lifted_at=None)
    assert (hold.reason, state_of(account.partner).why_not) == (
        "stripe",
        "On hold: stripe does not pay its account any more.",
    )
    with pytest.raises(NotHeld, match="takes no transfers"):
        lift_hold(hold_id=hold.pk, by=ben, reason="They say it is fine", now=LATER)
    told(account, **READY)
    with pytest.raises(SamePerson):
        lift_hold(hold_id=hold.pk, by=ana, reason="Mended", now=LATER)
    lift_hold(hold_id=hold.pk, by=ben, reason="Called: they had sent the document.", now=LATER)
    assert told(account, **LOST) == Outcome.LOST, "a second loss is a second hold"
    assert PayoutHold.objects.filter(reason="stripe").count() == 2


def test_a_closed_account_is_lost_and_another_may_be_asked_for(account: PartnerAccount, ana: User, ben: User) -> None:
    confirmed(account, ben)

    assert told(account, is_closed=True) == Outcome.LOST

    account.refresh_from_db()
    assert (account.state, account.bank_last4) == ("closed", "6789")
    assert not account.partner.destinations.filter(state="pending").exists()
    assert choose_stripe(partner_id=account.partner_id, by=ana, now=NOW) == Chosen.ASKED


def test_a_closed_account_stays_closed_beside_the_next(account: PartnerAccount, ana: User, ben: User) -> None:
    confirmed(account, ben)
    told(account, is_closed=True)
    ask(account.partner, ana)

    assert told(account, **OTHER_BANK) == Outcome.KNOWN, "Stripe did not know it for a moment only"

    account.refresh_from_db()
    assert (account.state, account.takes_transfers, account.bank_last4) == ("closed", False, "6789")


def test_a_version_from_before_accounts_can_stand_on_their_destinations(account: PartnerAccount) -> None:
    """What migration 0018 loosened stays loose on the way back: the rows that need it can neither go nor change."""
    told(account, **READY)
    loader = MigrationLoader(connection)
    before, after = (loader.project_state(("partners", name)) for name in ("0017_signed_before_active", ACCOUNTS))
    named = [one for one in loader.get_migration("partners", ACCOUNTS).operations if "bank_numbers" in one.describe()]

    with connection.schema_editor(atomic=False) as editor:
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for operation in reversed(named):
            operation.database_backwards("partners", editor, after, before)
        for operation in named:
            operation.database_forwards("partners", editor, before, after)

    assert len(named) == 2
    assert account.partner.destinations.get(state="pending").fingerprint == READY["bank_mark"]


def test_a_closed_account_without_a_next_is_there_again(account: PartnerAccount, ben: User) -> None:
    """The wrong key of ours made it look gone; the partner's hold waits for a person, and its bank is looked at."""
    confirmed(account, ben)
    told(account, is_closed=True)
    assert told(account, is_closed=True) == Outcome.KNOWN

    assert told(account, **READY) == Outcome.KEPT

    account.refresh_from_db()
    assert (account.state, account.takes_transfers) == ("made", True)
    assert PayoutHold.objects.get(lifted_at=None).reason == "stripe"


def test_a_manual_hold_has_nothing_to_do_with_stripe(account: PartnerAccount, ana: User, ben: User) -> None:
    confirmed(account, ben)
    held = hold_partner(partner_id=account.partner_id, by=ana, reason="A question", now=NOW)
    told(account, **LOST)

    lift_hold(hold_id=held.pk, by=ben, reason="Answered", now=NOW)

    assert list(PayoutHold.objects.filter(lifted_at=None).values_list("reason", flat=True)) == ["stripe"]


def test_what_staff_entered_meanwhile_is_not_replaced_by_itself(account: PartnerAccount, ana: User) -> None:
    PartnerAccount.objects.update(asked_at=NOW.replace(hour=1))
    entered = enter(account.partner, ana)

    assert told(account, **READY) == Outcome.KEPT

    assert account.partner.destinations.get(state="pending") == entered
    assert choose_stripe(partner_id=account.partner_id, by=ana, now=NOW) == Chosen.ENTERED
    assert account.partner.destinations.get(state="pending").method == "connect"


def test_a_partner_paid_elsewhere_is_not_held_by_its_old_account(account: PartnerAccount, ana: User, ben: User) -> None:
    confirmed(account, ben)
    call(enter(account.partner, ana), ben)

    assert (told(account, **OTHER_BANK), told(account, **LOST)) == (Outcome.KEPT, Outcome.KEPT)
    assert not PayoutHold.objects.filter(lifted_at=None).exists()


def test_stripe_refuses_and_it_can_be_asked_for_again(dahlias_hope: Partner, ana: User) -> None:
    asked = ask(dahlias_hope, ana)
    no = AccountRefused(kind="partner_account", subject=asked.ref, code="email_invalid")

    assert [refuse_account(no, now=NOW) for _ in range(2)] == [Outcome.REFUSED, Outcome.KNOWN]

    asked.refresh_from_db()
    assert (asked.state, asked.refusal) == ("refused", "email_invalid")
    ask(dahlias_hope, ana)


def test_the_desk_says_how_it_stands_in_few_queries(
    account: PartnerAccount, ana: User, ben: User, django_assert_max_num_queries: Any
) -> None:
    page = f"/desk/destinations/partner/{account.partner_id}/"
    told(account, **READY)
    client = signed_in(ana)

    with django_assert_max_num_queries(15):
        shown = words(client.get(page))

    assert "Takes transfers" in shown and "bank ending 6789" in shown
    call(account.partner.destinations.get(state="pending"), ben)
    told(account, **LOST)
    assert "Told by Stripe" in words(signed_in(ben).get(page))


def test_the_link_goes_to_the_partner_and_never_to_us(account: PartnerAccount, ana: User) -> None:
    page = f"/desk/destinations/partner/{account.partner_id}/"
    client = signed_in(ana)
    assert "no contact and no address" in words(client.post(f"{page}stripe/send/", follow=True))
    account.partner.remittance_email = "office@dahlia.example"
    account.partner.save()

    answer = client.post(f"{page}stripe/send/", follow=True)

    mail = Mail.objects.get()
    token = mail.text.partition("/onboarding/")[2].partition("/")[0]
    assert (mail.to, token in words(answer)) == ("office@dahlia.example", False)
    assert client.get(f"/onboarding/{token}/").status_code == 200
    assert client.get(f"/onboarding/{token[:-2]}xx/").status_code == 404
    PartnerAccount.objects.update(state="closed", takes_transfers=False)
    assert client.get(f"/onboarding/{token}/").status_code == 404


def test_coming_back_often_asks_stripe_so_often_an_hour(
    account: PartnerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("partners.views.onboarding.ask_account", lambda *, account_id, now: asked.append(account_id))

    shown = [Client().get(f"/onboarding/{token_of(account)}/back/").status_code for _ in range(HOURLY + 2)]

    assert (set(shown), asked) == ({200}, [ACCOUNT] * HOURLY)


def test_nothing_is_eligible_while_the_first_account_waits_for_its_call(
    account: PartnerAccount, valor: Agreement, ana: User
) -> None:
    earn(valor, 20000)
    told(account, **READY)

    with pytest.raises(NothingEligible):
        propose(ana)
