"""Celery, the alarm clock: every piece of work is a row, and a sweeper finds what a lost message left behind."""

from __future__ import annotations

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES  # noqa: F401 - see broker_url

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("tassel")
