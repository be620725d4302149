"""What is wired at start-up: Celery, facts to operations, files to mails, the staff console behind its factor."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import celery, month_checks, stripe_events  # noqa: F401, PLC0415 - models must be loaded first
        from people import attachments  # noqa: PLC0415
        from reports import queries as documents  # noqa: PLC0415

        stripe_events.register()
        month_checks.register()
        attachments.register("document", documents.attachment)


class StaffConsoleConfig(AdminConfig):
    default_site = "people.console.StaffConsole"
