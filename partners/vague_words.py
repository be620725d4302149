"""Words of sale that promise without saying how much: "proceeds", "profits" (rules/shop.md section 4 and case 7)."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db.models import Model

_VAGUE = re.compile(r"(?<![-\w])(?:proceeds|profits)\b", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n")


def vague_word(text: str) -> str:
    """The "proceeds" or "profits" of a sentence that names no figure with it; empty for words that say how much."""
    for sentence in _SENTENCES.split(text):
        found = _VAGUE.search(sentence)
        if found and not any(letter.isdecimal() for letter in sentence):
            return found.group().lower()
    return ""


def refuse_vague_words(row: Model, *fields: str) -> None:
    """For `clean` of what staff write and buyers read. Raises ValidationError by field."""
    vague = {field: word for field in fields if (word := vague_word(getattr(row, field)))}
    if vague:
        said = "“{}” does not say how much. Name the percentage or the amount, or leave it to the promise."
        raise ValidationError({field: said.format(word.capitalize()) for field, word in vague.items()})
