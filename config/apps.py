"""What is wired at start-up: Celery, facts to operations, and the staff console with its second factor."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import celery, stripe_events  # noqa: F401, PLC0415 - models must be loaded first

        stripe_events.register()


class StaffConsoleConfig(AdminConfig):
    default_site = "people.console.StaffConsole"
