"""Long proofs, of any size: `scripts/prove NAME --size N`; docs/proof.md has the last figures."""
