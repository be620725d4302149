"""Staff have been told, once each, which agreements run out and what states will ask soon."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from partners.models import Agreement, AgreementDuty
from people.models import Mail
from people.operations.queue_mail import queue_mail
from people.queries import local_day, organisation

DAYS_BEFORE = (7, 30, 60)  # the nearest one that is due is told, so that a long silence sends one mail and not three


def remind_of_agreements(*, now: datetime) -> int:
    """Queue a mail for each agreement 60, 30 and 7 days before it runs out, and for each duty; returns how many.

    An agreement that the next version of its promise follows without a gap is not told of. Without an address of the
    organisation there is nobody to tell; the desk still lists both.
    """
    org = organisation()
    if not org.contact_email:
        return 0
    today = local_day(now, org)
    told = 0
    for agreement in running_out(today):
        told += _tell(org.contact_email, agreement, agreement.ends_on, now)
    duties = AgreementDuty.objects.filter(done_on__isnull=True, due_on__gte=today, due_on__lte=_latest(today))
    for duty in duties.select_related("rule", "agreement__partner"):
        told += _tell(org.contact_email, duty, duty.due_on, now)
    return told


def running_out(today: date) -> list[Agreement]:
    """Active agreements that end within the longest notice, and that no version follows; soonest first. One query."""
    rows = Agreement.objects.exclude(state=Agreement.State.DRAFT).select_related("partner")
    ending = list(rows.filter(ends_on__gte=today).order_by("ends_on", "id"))
    followed = {(row.series, row.starts_on) for row in ending}
    return [
        row
        for row in ending
        if row.state == Agreement.State.ACTIVE
        and row.ends_on <= _latest(today)
        and (row.series, row.ends_on + timedelta(days=1)) not in followed
    ]


def _latest(today: date) -> date:
    return today + timedelta(days=max(DAYS_BEFORE))


def _tell(to: str, row: Agreement | AgreementDuty, on: date, now: datetime) -> int:
    notice = next(days for days in DAYS_BEFORE if on <= local_day(now) + timedelta(days=days))
    what = "agreement" if isinstance(row, Agreement) else "duty"
    key = f"{what}:{row.pk}:{on.isoformat()}:{notice}"
    if Mail.objects.filter(key=key).exists():
        return 0
    agreement = row if isinstance(row, Agreement) else row.agreement
    queue_mail(
        key=key,
        to=to,
        subject=f"{agreement.partner}: {_words(row)} on {on:%B} {on.day}, {on.year}",
        template="partners/mail/reminder",
        context={"agreement": agreement, "words": _words(row), "on": on},
        now=now,
    )
    return 1


def _words(row: Agreement | AgreementDuty) -> str:
    if isinstance(row, Agreement):
        return f"the promise of {row.terms.rate_text} of {row.scope_label} ends"
    return f"{row.rule.state} wants you to {row.rule.get_duty_display().lower()}"
