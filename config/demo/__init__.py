"""The demo: Tassel and a local Stripe on one machine, three months of business played through the real doors."""
