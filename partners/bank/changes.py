"""The changes that the bank's rows tell: files taken in or dropped, matches decided or undone, rules taught."""

from __future__ import annotations

from typing import Final

from django.db.models import Case, F, Value, When
from django.db.models.functions import Concat

from partners.models import AchReturnFile, LearnedRule, MatchEvent, StatementFile
from people.history import Change

_FILE = Concat(Value("bank:file:"), "pk")
_RETURNS = Concat(Value("bank:returns:"), "pk")
_RULE = Concat(Value("bank:rule:"), "pk")
CHANGES: Final = (
    Change("Bank", StatementFile.objects.all, F("uploaded_at"), F("uploaded_by"), _FILE, Value("uploaded")),
    Change(
        "Bank",
        lambda: StatementFile.objects.filter(decided_by__isnull=False),
        F("decided_at"),
        F("decided_by"),
        _FILE,
        Case(When(state=StatementFile.State.DROPPED, then=Value("dropped")), default=Value("accepted")),
    ),
    Change(
        "Bank",
        lambda: MatchEvent.objects.filter(by__isnull=False),
        F("at"),
        F("by"),
        Concat(Value("bank:match:"), "match_id"),
        F("word"),
        F("reason"),
    ),
    Change("Bank", AchReturnFile.objects.all, F("uploaded_at"), F("uploaded_by"), _RETURNS, Value("returns uploaded")),
    Change(
        "Bank",
        lambda: AchReturnFile.objects.filter(decided_by__isnull=False),
        F("decided_at"),
        F("decided_by"),
        _RETURNS,
        Case(When(state=AchReturnFile.State.DROPPED, then=Value("returns dropped")), default=Value("returns taken in")),
    ),
    Change("Bank", LearnedRule.objects.all, F("learned_at"), F("learned_by"), _RULE, Value("taught")),
    Change(
        "Bank",
        lambda: LearnedRule.objects.filter(stopped_by__isnull=False),
        F("stopped_at"),
        F("stopped_by"),
        _RULE,
        Value("stopped"),
    ),
)
