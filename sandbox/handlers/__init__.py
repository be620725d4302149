"""What each endpoint does. A handler is `(ctx, params, *path_ids) -> object`.

It is called with the store's lock held and with parameters that have passed `params.validate` and `rules.check`; it
looks up everything that they refer to before it changes anything, so that a refusal leaves nothing half done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.errors import StripeError


def refuse_unsimulated(params: dict[str, Any], names: Iterable[str]) -> None:
    """Refuse what Stripe would do and the sandbox does not: better a clear 400 than an answer that is not true."""
    for name in names:
        if params.get(name):
            raise StripeError(
                400,
                "invalid_request_error",
                "sandbox_unsupported",
                name,
                message=f"The sandbox does not simulate `{name}`. Stripe itself would accept it.",
            )
