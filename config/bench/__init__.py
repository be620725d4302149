"""How fast the ledger is, in ratios to plain SQL on the same server in the same run: `scripts/bench ledger`."""
