"""Sixteen rivals on one batch: one payout for each partner, nobody approves their own, no edit survives an approval."""

from __future__ import annotations

import pytest

from partners.models import Agreement
from tests import asked
from tests.partners.batch_rivals import rival_rounds
from tests.partners.conftest import person
from tests.partners.test_transfers import findings

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = asked.size(3)  # 200 when asked to prove it


def test_rivals_pay_each_partner_once(valor: Agreement, rehope: Agreement) -> None:
    roles = ("finance preparer", "finance approver")
    people = [person(f"{name}@tassel.example", *roles) for name in ("cleo", "dana", "eli", "fay")]

    came = rival_rounds([valor, rehope], people, rounds=ROUNDS, seed=asked.seed())

    asked.tell(str(came))
    assert came.exact, came
    assert findings() == []
