"""What the webhook door is held against: Django with no middleware, and a view that only verifies and inserts.

`gunicorn config.bench.bare:application`; its table is made by config.bench.webhooks.
"""

from __future__ import annotations

import json
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
import stripe
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

django.setup()
settings.MIDDLEWARE = []  # read when the handler below is made
settings.ROOT_URLCONF = __name__


def webhook(request: HttpRequest) -> HttpResponse:
    body = request.body
    stripe.WebhookSignature.verify_header(
        body, request.headers["Stripe-Signature"], settings.STRIPE_WEBHOOK_SECRETS[0], tolerance=300
    )
    event: dict[str, Any] = json.loads(body)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bare_event (id, type, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [event["id"], event["type"], body.decode()],
        )
    return HttpResponse(status=200)


def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200)


urlpatterns = [path("stripe/webhook", webhook), path("health/live", live)]
application = WSGIHandler()
