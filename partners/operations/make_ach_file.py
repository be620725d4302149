"""The ACH payouts of a batch are in a file for the bank, whose bytes are kept nowhere and can be fetched once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from partners import bank_numbers
from partners.bank.bank_days import is_bank_day
from partners.models import (
    AchEntry,
    AchFile,
    AchOriginator,
    Method,
    Partner,
    PartnerPayout,
    PayoutAttempt,
    PayoutBatch,
    PayoutDestination,
)
from partners.nacha import Header, Line, nacha_file, trace_number
from partners.operations.check_destinations import NOT_SENT, NotPayable, check_destinations
from partners.operations.send_transfers import mark
from partners.operations.tell_partner import tell_of_payout
from partners.queries.eligible import policy
from partners.queries.prenotes import reached_the_bank, waits_for_answers
from partners.two_people import SamePerson
from people.models import User
from people.queries import local_day, organisation

__all__ = [
    "AlreadyDownloaded",
    "FileChanged",
    "FileOutdated",
    "NoOriginator",
    "NotPayable",
    "NothingToWrite",
    "WrongDay",
    "download_ach_file",
    "make_ach_file",
    "make_prenote_file",
]
AHEAD_MAX = timedelta(days=30)
FILES_A_DAY = 26
SEQUENCES = 10**7


class NoOriginator(Exception):
    """How our bank knows us is not set up."""


class WrongDay(ValueError):
    """The bank moves no money on this day."""


class NothingToWrite(Exception):
    """No ACH payout waits, or the day's last file letter is used."""


class AlreadyDownloaded(Exception):
    """The file was fetched before; its bytes are given out once."""


class FileOutdated(Exception):
    """A payout of the file is owed again: its line would be paid twice."""


class FileChanged(Exception):
    """The rows do not make the bytes that were signed by the hash: nothing is given out."""


@transaction.atomic
def make_ach_file(*, batch_id: int, by: User, effective_on: date, now: datetime) -> AchFile:
    """Write the batch's waiting ACH payouts into one file; they are on their way. Only the batch's sender may.

    Raises SamePerson, NotPayable, WrongDay, NoOriginator, NothingToWrite, NoKeys, NotOpened, FileChanged, TooLong; then
    nothing has changed.
    """
    batch = PayoutBatch.objects.get(pk=batch_id)
    if batch.sent_by_id != by.pk:
        raise SamePerson("Only the person who sent this batch makes its file.")
    _lock_partners(Partner.objects.filter(payouts__batch=batch))
    payouts = list(
        PartnerPayout.objects.select_for_update(of=("self",))
        .filter(batch=batch, method=Method.ACH, state=PartnerPayout.State.SUBMITTING)
        .select_related("partner", "batch", "paid_to")
        .order_by("id")
    )
    _check_payable(payouts, now)
    waiting = {payout.pk: payout for payout in payouts}
    attempts = list(
        PayoutAttempt.objects.select_for_update(of=("self",))
        .filter(payout__in=payouts, state=PayoutAttempt.State.SUBMITTING)
        .select_related("paid_to__partner", "payout")
        .order_by("id")
    )
    file = _file([(attempt.paid_to, attempt) for attempt in attempts if attempt.paid_to], by, effective_on, now)
    for entry in file.entries.select_related("attempt"):
        assert entry.attempt is not None
        payout = waiting[entry.attempt.payout_id]
        trace = trace_number(file.header["bank_routing"], entry.trace % SEQUENCES)
        mark(payout, entry.attempt, PayoutAttempt.State.IN_FLIGHT, f"ach:{trace}")
        tell_of_payout(payout, entry.attempt.number, now)
    return file


@transaction.atomic
def make_prenote_file(*, by: User, effective_on: date, now: datetime) -> AchFile:
    """Ask the banks of ACH destinations that were never asked or paid whether the accounts exist: amount 0.

    Those that wait for their call-back are asked too, which takes no step out of it. Raises as `make_ach_file`.
    """
    _originator()  # Under its lock, so that a second click finds the accounts asked about.
    return _file([(row, None) for row in never_asked(local_day(now))], by, effective_on, now)


def never_asked(today: date) -> QuerySet[PayoutDestination]:
    """ACH destinations in use, or waiting to be, for which no bank had a line, nor can still be given one."""
    fresh = PayoutDestination.objects.filter(
        ~Exists(reached_the_bank(today).filter(paid_to=OuterRef("pk"))),
        method=Method.ACH,
        state__in=["active", "pending"],
    )
    return fresh.select_related("partner").order_by("id")


@transaction.atomic
def download_ach_file(*, file_id: int, by: User, now: datetime) -> bytes:
    """The bytes, once, for the person who made the file, while every payout in it may still go where it says.

    Raises SamePerson, AlreadyDownloaded, NotPayable, FileOutdated, FileChanged.
    """
    _lock_partners(Partner.objects.filter(payouts__attempts__ach_entry__file=file_id))
    file = AchFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    if file.made_by_id != by.pk:
        raise SamePerson("Only the person who made this file fetches it.")
    if file.downloaded_at is not None:
        raise AlreadyDownloaded("This file was fetched before. If the bank never had it, record its payouts as failed.")
    _check_still_on_their_way(file, now)
    content = _bytes(file)
    if sha256(content).hexdigest() != file.sha256:
        raise FileChanged("What lies here is not what was made: nothing is given out.")
    file.downloaded_by, file.downloaded_at = by, now
    file.save(update_fields=["downloaded_by", "downloaded_at"])
    return content


def _lock_partners(partners: QuerySet[Partner]) -> None:
    """Before anything else, as everybody does: no hold and no other destination comes in between."""
    list(Partner.objects.select_for_update().filter(pk__in=partners.values("pk")).order_by("id"))


def _check_payable(payouts: Sequence[PartnerPayout], now: datetime) -> None:
    """Nothing keeps a partner back, and its bank is not being asked: it may have been since the batch was proposed."""
    check_destinations(payouts, NOT_SENT)
    paid_to = [payout.paid_to_id for payout in payouts if payout.paid_to_id is not None]
    waits = waits_for_answers(paid_to, policy(), local_day(now))
    for payout in payouts:
        if over_on := waits.get(payout.paid_to_id or 0):
            raise NotPayable(
                f"The bank of {payout.partner} was asked by a prenote: wait until {over_on:%-d %B %Y}, or {NOT_SENT}."
            )


def _check_still_on_their_way(file: AchFile, now: datetime) -> None:
    """What is owed again, and may be in another file by now, makes the whole file worthless.

    So do prenotes whose day is past: their accounts may be in another file as well.
    """
    if file.effective_on < local_day(now) and file.entries.filter(attempt__isnull=True).exists():
        raise FileOutdated("The day on which these prenotes were to take effect is past. Make a new file.")
    over = file.entries.filter(attempt__isnull=False).exclude(attempt__state=PayoutAttempt.State.IN_FLIGHT)
    if entry := over.select_related("attempt__payout").first():
        assert entry.attempt is not None
        raise FileOutdated(
            f"{entry.attempt.payout} of this file is not on its way any more: say of the others too, on their pages, "
            "that they did not leave, and make a new file."
        )
    payouts = PartnerPayout.objects.filter(attempts__ach_entry__file=file).select_related("partner", "paid_to")
    _check_payable(list(payouts.order_by("id")), now)


def _originator() -> AchOriginator:
    """Files are made one at a time: what they hold, their letter and their lines are counted under this lock."""
    originator = AchOriginator.objects.select_for_update().filter(pk=1).first()
    if originator is None:
        raise NoOriginator("Say in Records, ACH originator, how your bank knows you.")
    return originator


def _file(
    wanted: Sequence[tuple[PayoutDestination, PayoutAttempt | None]], by: User, effective_on: date, now: datetime
) -> AchFile:
    if not wanted:
        raise NothingToWrite("Nothing waits for an ACH file.")
    day = local_day(now)
    if not day <= effective_on <= day + AHEAD_MAX or not is_bank_day(effective_on):
        raise WrongDay("Choose a bank day from today on, at most 30 days ahead.")
    originator = _originator()
    used = AchFile.objects.filter(made_on=day).count()
    if used >= FILES_A_DAY:
        raise NothingToWrite("Today's 26 files are made; the next one can be made tomorrow.")
    names = [name.name for name in Header.__dataclass_fields__.values()]
    file = AchFile.objects.create(
        made_on=day,
        modifier=chr(ord("A") + used),
        made_at=now,
        made_by=by,
        effective_on=effective_on,
        header={name: getattr(originator, name) for name in names},
        sha256="",
    )
    last = AchEntry.objects.aggregate(last=Max("trace"))["last"] or 0
    AchEntry.objects.bulk_create(
        AchEntry(
            file=file,
            attempt=attempt,
            paid_to=destination,
            trace=last + position,
            amount_minor=attempt.amount_minor if attempt else 0,
        )
        for position, (destination, attempt) in enumerate(wanted, start=1)
    )
    file.sha256 = sha256(_bytes(file)).hexdigest()
    file.save(update_fields=["sha256"])
    return file


def _bytes(file: AchFile) -> bytes:
    """The only place where bank numbers are opened."""
    entries = file.entries.select_related("paid_to__partner", "attempt__payout").order_by("trace")
    header = Header(**file.header)
    lines = [_line(entry) for entry in entries]
    assert asdict(header) == file.header
    local = file.made_at.astimezone(organisation().zone)
    return nacha_file(header, lines, made_at=local, modifier=file.modifier, effective_on=file.effective_on)


def _line(entry: AchEntry) -> Line:
    numbers = bank_numbers.unseal(entry.paid_to.sealed_numbers)
    # The call-back and the approval signed the fingerprint; the sealed numbers may be written anew with the keys.
    if not numbers.is_known_as(entry.paid_to.fingerprint):
        raise FileChanged(f"The bank numbers of {entry.paid_to.partner} are not those that were called back.")
    return Line(
        routing=numbers.routing,
        account=numbers.account,
        kind=entry.paid_to.account_kind,
        amount_minor=entry.amount_minor,
        reference=entry.attempt.payout.reference if entry.attempt else "PRENOTE",
        name=entry.paid_to.partner.name,
        sequence=entry.trace % SEQUENCES,
    )
