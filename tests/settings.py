"""Tassel's own settings with what a test process needs filled in; DATABASE_URL comes from scripts/test or you."""

import os
import tempfile

for _name, _value in {
    "TASSEL_ENV": "test",
    "TASSEL_SECRET_KEY": "only-for-tests-9d1f0c5b7a3e48f2b6c4d0a8",
    "TASSEL_BASE_URL": "http://localhost:8000",
    "STRIPE_SECRET_KEY": "sk_test_sandbox",
    "STRIPE_WEBHOOK_SECRET": "whsec_sandbox",
    "TASSEL_BANK_KEYS": "3wBfLkqQm1Yw4cQ0m8mJ3h2mXn0q3b1o8n5pY7tV2kA=",
    # A port where nothing listens: a test that reaches for Stripe by mistake fails at once.
    "STRIPE_API_BASE": "http://127.0.0.1:9",
}.items():
    os.environ.setdefault(_name, _value)

# Each worker has documents of its own, which the processes that it starts share with it.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
if os.environ.get("TASSEL_TEST_WORKER") != _worker:
    _documents = tempfile.TemporaryDirectory(prefix="tassel-documents-")
    os.environ |= {"TASSEL_TEST_WORKER": _worker, "TASSEL_DOCUMENT_ROOT": _documents.name}

from config.settings import *  # noqa: E402, F403 - the environment must be complete first

STORAGES = STORAGES | {  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
