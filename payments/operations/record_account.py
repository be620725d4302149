"""A connected account of ours is in our rows as Stripe shows it, and whoever asked for it is told."""

from __future__ import annotations

from dataclasses import asdict

from payments.facts import AccountChanged, Fact
from payments.models import ConnectedAccount, StripeCall
from payments.readings import AccountSeen


def record_account(seen: AccountSeen) -> list[Fact]:
    """Keep a look at an account and tell how it stands; [] for one that no call of ours made.

    An account is ours when it carries the key of a call of ours that made no other: its owner's first answer may be
    told before the call's own. In the caller's transaction, the account's turn taken.
    """
    row = ConnectedAccount.objects.filter(account_id=seen.account_id).first() or _new(seen)
    if row is None:
        return []
    fresh = asdict(seen)
    for name in ("account_id", "attempt_key"):
        del fresh[name]
    fresh["wanted"] = list(fresh["wanted"])
    changed = [name for name, value in fresh.items() if row.pk is None or getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fresh[name])
    row.save(update_fields=changed if row.pk else None)
    return [
        AccountChanged(
            kind=row.kind,
            subject=row.subject,
            account_id=row.account_id,
            takes_transfers=row.takes_transfers and not row.is_closed,
            is_closed=row.is_closed,
            bank_last4=row.bank_last4,
            bank_mark=row.bank_mark,
            at=row.seen_at,
        )
    ]


def _new(seen: AccountSeen) -> ConnectedAccount | None:
    call = (
        StripeCall.objects.select_for_update(of=("self",))
        .filter(
            purpose=StripeCall.Purpose.MAKE_ACCOUNT,
            idempotency_key=seen.attempt_key,
            result_id__in=["", seen.account_id],
            account__isnull=True,
        )
        .first()
    )
    if call is None or not seen.attempt_key:
        return None
    kind = call.idempotency_key.partition(":")[2].partition(":")[0]
    return ConnectedAccount(account_id=seen.account_id, call=call, kind=kind, subject=call.subject)
