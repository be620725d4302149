"""What every journey must end with: books that add up, sealed as the sealer would have sealed them."""

from __future__ import annotations

from ledger import books
from ledger.operations.seal_entries import seal_all


def what_is_wrong() -> list[str]:
    """Each finding with the code and name of its check. Seals first: nothing that runs in tests does it by itself."""
    seal_all()
    return [f"{result.code} {result.name}: {finding}" for result in books.run() for finding in result.findings]
