"""Every mail wears the same paper: one base, and words beside the HTML."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

MAILS = sorted(
    path
    for path in Path(settings.BASE_DIR).glob("*/templates/**/mail/*.html")
    if path.name != "base.html" and not path.name.startswith("_")
)


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_a_mail_stands_on_the_base_and_has_a_form_in_plain_text(mail: Path) -> None:
    assert mail.read_text().startswith('{% extends "mail/base.html" %}')
    assert mail.with_suffix(".txt").is_file()
