"""What a cap lets through, and what a minimum adds (DESIGN.md section 4 "Caps and minimums"). Pure figures.

An agreement's sources (its payments) stand in the order in which they accrued, and the cap is a waterfall over them:
each takes what it would earn without a cap, as long as there is room. A refund makes room that later sources fill, so
the total is always the smaller of the cap and the sum. What changes is posted as differences, source by source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One payment under a capped agreement, in minor units.

    `uncapped_minor` is its share if there were no cap, of which `uncapped_reversed_minor` is taken back to date
    (`splitting.reversed_to_date` of it); `posted_minor` is what stands for it in the books now, reversals taken off.
    """

    uncapped_minor: int
    uncapped_reversed_minor: int = 0
    posted_minor: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.uncapped_reversed_minor <= self.uncapped_minor:
            raise ValueError(f"cannot take back {self.uncapped_reversed_minor} of {self.uncapped_minor}")

    @property
    def net_minor(self) -> int:
        return self.uncapped_minor - self.uncapped_reversed_minor


def room(cap_minor: int, net_before_minor: int) -> int:
    """What the sources before leave of a cap; `net_before_minor` is the sum of their uncapped net shares."""
    if cap_minor < 0:
        raise ValueError(f"a cap is not negative: {cap_minor}")
    return max(cap_minor - net_before_minor, 0)


def waterfall(room_minor: int, nets_minor: Iterable[int]) -> list[int]:
    """What each source gets, in order of accrual: `waterfall(100, [80, 60, 5])` is [80, 20, 0]."""
    wanted = []
    for net_minor in nets_minor:
        wanted.append(min(net_minor, room_minor))
        room_minor -= wanted[-1]
    return wanted


def differences(room_minor: int, sources: Sequence[Source]) -> list[int]:
    """What to post now for each source, in order of accrual, so that the books are the waterfall again.

    Above zero is an accrual (`cause` cap room, but for a source's first), below zero a reversal. Only the sources from
    the first one that changed are needed; `room_minor` is then what those before it leave. A new source is the last, so
    its own accrual needs no other.
    """
    wanted = waterfall(room_minor, (source.net_minor for source in sources))
    return [amount - source.posted_minor for amount, source in zip(wanted, sources, strict=True)]


def top_up(minimum_minor: int, earned_minor: int, topped_up_minor: int) -> int:
    """What is still missing to an agreement's minimum, once its period and the refund window are over.

    `earned_minor` is the net of all its shares, `topped_up_minor` what was added before: later refunds lower the first,
    and are topped up again. What was added is never taken back.
    """
    return max(minimum_minor - earned_minor - topped_up_minor, 0)
