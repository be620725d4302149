"""The door for gunicorn: it opens only when the settings are right and the database answers."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from config.environment import WrongEnvironment

BOOT_FAILED = 3  # at this exit code gunicorn stops; at any other it starts the worker again, for ever

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
try:
    application = get_wsgi_application()
    from config.database import reach_database

    reach_database()
except WrongEnvironment as wrong:
    sys.stderr.write(f"{wrong}\n")
    sys.exit(BOOT_FAILED)
