"""What lines say without their figures, and how lines like them were explained before (rules/ledger.md 7, rule 4)."""

from __future__ import annotations

import re
from datetime import datetime

from partners.models import BankLine, LearnedRule, Match
from people.models import User


def pattern_of(text: str) -> str:
    """ "Monthly fee 10/2026 No. 17" -> "MONTHLY FEE NO": words stay, what changes from month to month goes."""
    words = re.sub(r"[\W\d_]+", " ", text.upper()).split()
    return " ".join(words)[:300]


def words_of(description: str, reference: str) -> str:
    """What a line says, in capitals, as it is matched."""
    return f"{description} {reference}".upper()


def learn(line: BankLine, purpose: str, match: Match, by: User, now: datetime) -> LearnedRule | None:
    """Remember it, in place of what was learned of such lines before. None for a line without words."""
    pattern = pattern_of(words_of(line.description, line.reference))
    if not pattern:
        return None
    same = LearnedRule.objects.filter(
        account=line.account, pattern=pattern, is_credit=line.amount_minor > 0, stopped_at__isnull=True
    )
    same.update(stopped_by=by, stopped_at=now)
    return LearnedRule.objects.create(
        account=line.account,
        pattern=pattern,
        is_credit=line.amount_minor > 0,
        purpose=purpose,
        learned_from=match,
        learned_by=by,
        learned_at=now,
    )


def rules_in_force() -> dict[tuple[int, str, bool], str]:
    """{(account, pattern, is_credit): purpose}"""
    rows = LearnedRule.objects.filter(stopped_at__isnull=True)
    return {
        (account, pattern, is_credit): purpose
        for account, pattern, is_credit, purpose in rows.values_list("account", "pattern", "is_credit", "purpose")
    }
