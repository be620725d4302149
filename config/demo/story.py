"""What happens in the demo's three months: decided beforehand from one seed, so that every play is the same."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

DAYS = 92
SEED = 20261122
GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
STRONG_CARD = "4000000000003220"
FAILS_LATER_CARD = "4000000000000341"
FIRST_NAMES = (
    "Ada Amara Beatriz Carla Chidi Dana Elif Esther Fatima Grace Hana Ines Jonas Karim Leah Lena Luis Maya Miriam "
    "Nadia Noor Olga Paul Priya Rahel Rosa Ruth Samuel Sofia Tara Thomas Uma Vera Wanda Yara Zoe"
).split()  # fmt: skip
LAST_NAMES = (
    "Abel Baker Castro Diaz Eze Fischer Green Hughes Ito Jensen Khan Lopez Meyer Novak Okafor Park Quinn Reyes Silva "
    "Tran Ueda Vogel Walsh Young Zeller"
).split()
PAGES = {
    "VALOR-DARK": "/shop/valor-tassel-earrings/",
    "REHOPE": "/shop/rehope-tassel-earrings/",
    "PLAIN": "/shop/plain-tassel-earrings/",
}
CARTS: tuple[dict[str, int], ...] = (
    {"VALOR-DARK": 1},
    {"VALOR-DARK": 2},
    {"REHOPE": 1},
    {"REHOPE": 2},
    {"PLAIN": 1},
    {"VALOR-DARK": 1, "REHOPE": 1},
    {"VALOR-DARK": 2, "REHOPE": 1, "PLAIN": 1},
    {"VALOR-DARK": 1, "PLAIN": 1},
)
TIERS_MINOR = (1500, 2500, 2500, 2500, 5000, 10_000)


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One person does one thing on one day (0 is the first day of the play)."""

    day: int
    kind: Literal["order", "gift", "plan"]
    person: Person
    card: str
    cart: tuple[tuple[str, int], ...] = ()
    amount_minor: int = 0
    leaves: bool = False  # goes away from Stripe's page without paying
    replaces_card: bool = False  # when the monthly payment fails


@dataclass(frozen=True, slots=True)
class Turn:
    """Money goes back on one day: to a buyer or a donor by the desk, to a buyer at Stripe, or by a buyer's bank."""

    day: int
    kind: Literal["return", "gift_back", "at_stripe", "dispute"]


# The last two are so late that they wait for staff when the play is over.
TURNS = (Turn(24, "return"), Turn(47, "gift_back"), Turn(DAYS - 5, "at_stripe"), Turn(DAYS - 3, "dispute"))


def write(seed: int = SEED, orders: int = 120, plans: int = 40, gifts: int = 16) -> list[Visit]:
    """All visits in the order of their days: about one order in fifteen is declined first, one in twenty abandoned."""
    chance = random.Random(seed)  # noqa: S311 - a play, no secret
    people = _people(chance)
    visits = [_order(chance, chance.choice(people)) for _ in range(orders)]
    joiners = chance.sample(people, plans)
    # Most join in the first half, so that their second and third gifts come within the play.
    visits += [_plan(chance, joiner, number) for number, joiner in enumerate(joiners)]
    visits += [
        Visit(chance.randrange(DAYS), "gift", chance.choice(people), GOOD_CARD, (), chance.choice((1000, 2500, 5000)))
        for _ in range(gifts)
    ]
    return sorted(visits, key=lambda visit: (visit.day, visit.person.email, visit.kind))


def _people(chance: random.Random) -> list[Person]:
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    return [Person(name, f"{name.lower().replace(' ', '.')}@example.org") for name in chance.sample(names, 110)]


def _order(chance: random.Random, person: Person) -> Visit:
    fate = chance.random()
    card = DECLINED_CARD if fate < 0.07 else STRONG_CARD if fate < 0.12 else GOOD_CARD
    cart = tuple(chance.choice(CARTS).items())
    return Visit(chance.randrange(DAYS), "order", person, card, cart, leaves=fate > 0.95)


def _plan(chance: random.Random, person: Person, number: int) -> Visit:
    # Of the two whose card fails later, one gives another card, and the plan of the other lapses.
    card = FAILS_LATER_CARD if number in (5, 21) else GOOD_CARD
    day = chance.randrange(45) if number % 4 else chance.randrange(45, DAYS)
    return Visit(day, "plan", person, card, (), chance.choice(TIERS_MINOR), replaces_card=number == 5)
