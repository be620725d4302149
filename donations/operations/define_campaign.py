"""A campaign that counts new members exists as described; doing it again changes nothing."""

from __future__ import annotations

from datetime import date

from donations.models import Campaign, Fund


class GoalRaised(ValueError):
    """The goal of a campaign that exists would be raised: what was promised to be enough stays enough."""


def define_campaign(
    *, slug: str, name: str, fund: Fund, goal_members: int, opens_on: date, closes_on: date
) -> Campaign:
    """Make or bring up to date the campaign with this slug; days are local and included (rules/giving.md 3.6).

    Raises GoalRaised.
    """
    known = Campaign.objects.filter(slug=slug).first()
    if known is not None and goal_members > known.goal_members:
        raise GoalRaised(slug)
    campaign, _ = Campaign.objects.update_or_create(
        slug=slug,
        defaults={
            "name": name,
            "fund": fund,
            "goal_members": goal_members,
            "opens_on": opens_on,
            "closes_on": closes_on,
        },
    )
    return campaign
