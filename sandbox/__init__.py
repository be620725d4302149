"""A stateful local Stripe in one process; it imports nothing of Tassel."""
