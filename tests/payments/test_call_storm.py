"""More than a quarter of all calls goes wrong, and what exists at Stripe is exactly what was intended."""

from __future__ import annotations

import pytest

from ledger.models import ReconciliationException
from payments.operations.name_unknown_calls import name_unknown_calls
from people import clock
from tests import asked
from tests.local_stripe import LocalStripe
from tests.payments.call_storm import calls_under_faults

pytestmark = pytest.mark.django_db(transaction=True)
SIZE = asked.size(60)  # 2,000 when asked to prove it


def test_objects_at_stripe_equal_intents_and_every_unknown_is_named(sandbox: LocalStripe) -> None:
    came = calls_under_faults(sandbox, size=SIZE, seed=asked.seed(4))

    asked.tell(str(came))
    assert came.exact, came
    assert came.faults >= SIZE * 0.25, came
    assert came.never_arrived >= came.unknown > 0, came
    assert name_unknown_calls(now=clock.now()) == 0
    assert not ReconciliationException.objects.filter(resolved_at=None).exists()
