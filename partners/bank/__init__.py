"""The bank: what its files say (`readers`), which days and lines are known, and what its lines are matched with."""
