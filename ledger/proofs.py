"""The proof that one share is inside a partner's published total, as a document that anybody can check."""

from __future__ import annotations

from typing import Any, Final

from ledger.models import Proof
from ledger.sumtree import leaf, path

FORMAT: Final = "tassel-share-proof-1"
_SAYS: Final = (
    "The share below is inside the total that this partner was promised for this month: scripts/verify-proof figures"
    " the root from it and from the neighbours on its way, and the root must be the published one. It does not show"
    " that the partner was paid; paid_minor is what the bank or the processor paid to the partner in that month, and"
    " taken_back_minor what refunds took of shares of earlier months. The neighbours tell sums, the nearest of them"
    " perhaps a single share, and never whose."
)


class NoProof(LookupError):
    """Nothing was published for this partner, month and currency, or the receipt is not in it."""


def proof_document(*, partner: str, yyyymm: int, currency: str, receipt: str) -> dict[str, Any]:
    """The proof for the share of one source ("gift:7") as JSON-ready data; amounts in minor units.

    Whoever holds it can show their own amount, and with the salt only they can. Raises NoProof.
    """
    proof = Proof.objects.filter(partner=partner, yyyymm=yyyymm, currency=currency).first()
    if proof is None:
        raise NoProof(f"nothing was published for {partner} in {yyyymm} ({currency})")
    rows = list(proof.leaves.order_by("idx"))
    own = next((row for row in rows if receipt and row.receipt == receipt), None)
    if own is None:
        raise NoProof(f"{receipt} is not among the shares of {partner} in {yyyymm} ({currency})")
    leaves = [leaf(row.amount_minor, bytes(row.salt), row.receipt) for row in rows]
    return {
        "format": FORMAT,
        "says": _SAYS,
        "partner": proof.partner,
        "month": f"{yyyymm // 100}-{yyyymm % 100:02}",
        "currency": proof.currency,
        "published_at": proof.published_at.isoformat(),
        "through_seq": proof.through_seq,
        "paid_minor": proof.paid_minor,
        "taken_back_minor": proof.taken_back_minor,
        "root": {"total_minor": proof.total_minor, "hash": bytes(proof.root).hex()},
        "leaves": proof.leaf_count,
        "share": {
            "receipt": own.receipt,
            "amount_minor": own.amount_minor,
            "salt": bytes(own.salt).hex(),
            "index": own.idx,
        },
        "neighbours": [{"total_minor": node.total_minor, "hash": node.digest.hex()} for node in path(leaves, own.idx)],
    }
