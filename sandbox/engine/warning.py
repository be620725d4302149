"""Early fraud warnings: an issuer reports a charge before anybody disputes it."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.events import emit, snapshot
from sandbox.objects import Object, dispute

FRAUD_TYPES = (
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
)


def warn(ctx: Context, charge: Object, fraud_type: str = "made_with_stolen_card") -> Object:
    """The issuer reports a charge as fraud."""
    warning = ctx.store.add(dispute.fraud_warning(charge, fraud_type, ctx.now()))
    emit(ctx, "radar.early_fraud_warning.created", warning)
    return warning


def follow(ctx: Context, charge: Object) -> None:
    """A charge that is refunded or disputed leaves nothing to do about its warnings."""
    if not (charge["refunded"] or charge["disputed"]):
        return
    for warning in ctx.store.all("radar.early_fraud_warning"):
        if warning["charge"] == charge["id"] and warning["actionable"]:
            before = snapshot(warning)
            warning["actionable"] = False
            emit(ctx, "radar.early_fraud_warning.updated", warning, before=before)
