"""A checkout session is in our rows as Stripe has it; its address is forgotten once it is closed."""

from __future__ import annotations

from django.db import transaction

from payments.models import CheckoutSession
from payments.readings import CheckoutSeen


def record_checkout(seen: CheckoutSeen) -> CheckoutSession:
    """Keep what a look at a session showed. A closed session never opens again, whatever an older look says."""
    fresh = {
        "kind": seen.kind,
        "subject": seen.subject,
        "mode": seen.mode,
        "currency": seen.currency,
        "state": seen.state,
        "payment_status": seen.payment_status,
        "failed": seen.failed,
        "url": seen.url,
        "charge_id": seen.charge_id,
        "subscription_id": seen.subscription_id,
        "created_at": seen.created_at,
        "expires_at": seen.expires_at,
    }
    with transaction.atomic():
        session, made = CheckoutSession.objects.select_for_update().get_or_create(
            session_id=seen.session_id, defaults=fresh
        )
        if made or (session.state != CheckoutSession.State.OPEN and seen.state == CheckoutSession.State.OPEN):
            return session
        changed = [name for name, value in fresh.items() if getattr(session, name) != value]
        for name in changed:
            setattr(session, name, fresh[name])
        if changed:
            session.save(update_fields=changed)
    return session
