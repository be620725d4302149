"""Faults on demand: what goes wrong between Stripe and its callers, by a plan that is set over the control door.

`plan.py` reads the plan, draws from it with its seed and counts; `api.py` breaks requests, `webhooks.py` deliveries,
`shapes.py` knows how bodies looked in older API versions, `door.py` is how a proof talks to all of it.
"""
