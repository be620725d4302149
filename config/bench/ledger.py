"""All figures of the ledger, from one run on one server."""

from __future__ import annotations

from typing import Final

from config.bench import closing, posting
from config.bench.content import Figures
from config.bench.databases import Databases
from config.bench.sizes import Sizes

# What is promised: at least, or at most.
AT_LEAST: Final = {"post_many_ratio": 0.5, "post_single_ratio": 0.4, "seal_to_post_ratio": 1.0}
AT_MOST: Final = {
    "trial_balance_ratio": 1.2,
    "balance_as_of_ms": 5.0,
    "partner_statement_ms": 20.0,
    "close_growth": 1.3,
    "bytes_per_posting": 130.0,
}


def measure(sizes: Sizes) -> Figures:
    """Every figure by its name: ratios, or with the unit at the end of the name. Raises WrongContent."""
    with Databases() as databases:
        databases.make("empty")
        databases.copy("posting", "empty")
        found = posting.measure(sizes)
        databases.drop("posting")
        databases.copy("spread", "empty")
        found |= posting.measure_spread(sizes)
        databases.drop("spread")
        return found | closing.measure(sizes, databases)
