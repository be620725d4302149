#!/usr/bin/env python
"""Run Django's commands with Tassel's settings."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings must be named first
    from django.db import OperationalError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        from config.database import reach_database  # noqa: PLC0415

        reach_database()  # when that was the reason, this ends with one sentence
        raise


if __name__ == "__main__":
    main()
