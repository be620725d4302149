"""A stateful local Stripe for tests and demos: one process, one clock, no network, no money."""
