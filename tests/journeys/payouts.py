"""Partners paid to their bank by two people, as far as the line of the bank that settles it."""

from __future__ import annotations

from partners.destination_details import Details
from partners.models import BankAccount, Partner, PartnerPayout, PayoutBatch, PayoutPolicy
from partners.operations.approve_batch import approve_batch
from partners.operations.change_destination import change_destination
from partners.operations.confirm_destination import confirm_destination
from partners.operations.import_statement import import_statement
from partners.operations.propose_batch import propose_batch
from partners.operations.send_batch import send_batch
from people import clock
from people.models import User
from tests.journeys import money_back as money
from tests.local_stripe import LocalStripe
from tests.roles import give


def ana() -> User:
    return User.objects.get(email="ana@tassel.example")


def ben() -> User:
    return User.objects.get(email="ben@tassel.example")


def hope() -> Partner:
    return Partner.objects.get(slug="dahlias-hope")


def lay_ground(*partners: Partner) -> None:
    """A bank account of ours, theirs called back, no waiting and no minimum; the shelf has made Ana and Ben."""
    waits = {"refund_window_days": 0, "destination_wait_days": 0, "minimum_minor": 1}
    PayoutPolicy.objects.update_or_create(pk=1, defaults=waits)
    give(ana(), "finance preparer")
    now = clock.wall_now()
    for partner in partners:
        details = Details(method="bank", words=f"The bank of {partner.name}, ending 6789")
        entered = change_destination(partner_id=partner.pk, details=details, by=ana(), now=now)
        confirm_destination(destination_id=entered.pk, by=ben(), note="Called the director.", now=now)
    BankAccount.objects.create(name="Checking", last4="1234")


def at_the_bank(name: str, *rows: str) -> None:
    """A statement of today with these rows, "text,amount" each."""
    lines = "\n".join(f"{money.today()},{row}" for row in rows)
    import_statement(
        account=BankAccount.objects.get(), file_name=f"{name}.csv", by=ben(), now=clock.now(),
        content=f"Date,Description,Amount\n{lines}\n".encode(),
    )  # fmt: skip


def pay_out(local: LocalStripe) -> dict[str, int]:
    """Everything eligible once its funds are there; returns what each partner was paid."""
    money.book_balance(local)
    local.advance(days=3)
    proposed = propose_batch(by=ana(), as_of=money.today(), currency="usd", now=clock.now())
    approve_batch(batch_id=proposed.pk, by=ben(), content_hash=proposed.content_hash, now=clock.now())
    batch = send_batch(batch_id=proposed.pk, by=ana(), now=clock.now())
    payouts = list(batch.payouts.select_related("partner").order_by("partner__slug"))
    at_the_bank(f"batch-{batch.pk}", *(f"ACH {one.reference},-{one.amount_minor / 100:.2f}" for one in payouts))
    assert PayoutBatch.objects.get(pk=batch.pk).state == "settled"
    assert not PartnerPayout.objects.filter(batch=batch).exclude(state="settled").exists()
    return {one.partner.slug: one.amount_minor for one in payouts}
