"""However accruals, refunds and failed refunds follow each other, a capped agreement gives min(cap, sum)."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ledger.caps import Source, differences, room, waterfall
from ledger.splitting import reversed_to_date
from tests import asked

RUNS = asked.times(20_000)
STEPS_MAX = 12


def test_twenty_thousand_random_agreements_give_the_smaller_of_cap_and_sum() -> None:
    first = asked.seed()

    for seed in range(first, first + RUNS):
        life_of_an_agreement(seed)
    asked.tell(f"{RUNS} agreements from seed {first} on")


def life_of_an_agreement(seed: int) -> None:
    """Accrue and give back at random; after each step all differences are posted, from the first source that moved."""
    chance = random.Random(seed)
    cap = chance.choice((0, chance.randrange(50), chance.randrange(5_000)))
    sources: list[Source] = []
    paid: list[int] = []
    for _ in range(chance.randint(1, STEPS_MAX)):
        if not sources or chance.random() < 0.5:
            moved = len(sources)
            paid.append(chance.randint(1, 3_000))
            sources.append(Source(chance.randint(0, paid[-1])))
        else:
            moved = chance.randrange(len(sources))
            refunded = chance.choice((0, paid[moved], chance.randint(0, paid[moved])))
            back = reversed_to_date(sources[moved].uncapped_minor, refunded, paid[moved])
            sources[moved] = replace(sources[moved], uncapped_reversed_minor=back)
        post(cap, sources, moved)

        posted = [source.posted_minor for source in sources]
        assert sum(posted) == min(cap, sum(source.net_minor for source in sources)), f"seed {seed}"
        assert all(0 <= source.posted_minor <= source.net_minor for source in sources), f"seed {seed}"


def post(cap: int, sources: list[Source], moved: int) -> None:
    left = room(cap, sum(source.net_minor for source in sources[:moved]))
    for i, change in enumerate(differences(left, sources[moved:]), start=moved):
        sources[i] = replace(sources[i], posted_minor=sources[i].posted_minor + change)


@given(st.integers(min_value=0, max_value=200), st.lists(st.integers(min_value=0, max_value=60), max_size=8))
def test_waterfall_is_handing_out_cent_by_cent(cap: int, nets: list[int]) -> None:
    got = [0] * len(nets)
    for i, net in enumerate(nets):
        while got[i] < net and sum(got) < cap:
            got[i] += 1

    assert waterfall(cap, nets) == got
