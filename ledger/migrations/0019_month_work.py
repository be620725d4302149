"""The long work on a month is a row, and so is each trial balance that was taken out."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0018_exception_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TrialBalanceExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trial_balances", to="ledger.period"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MonthWork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("check", "Checked"), ("close", "Closed")], max_length=5)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("asked_at", models.DateTimeField(help_text="Business time.")),
                ("lease_until", models.DateTimeField(blank=True, help_text="Wall time.", null=True)),
                ("finished_at", models.DateTimeField(blank=True, help_text="Business time.", null=True)),
                (
                    "found",
                    models.JSONField(
                        blank=True, help_text="Of each check: name, count and the first findings.", null=True
                    ),
                ),
                ("problem", models.CharField(blank=True, help_text="Why it stopped, in one sentence.", max_length=300)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="work", to="ledger.period"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "month work",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("period",),
                        name="monthwork_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state__in", ["waiting", "running"])),
                            models.Q(("finished_at__isnull", False), ("state__in", ["done", "stopped"])),
                            _connector="OR",
                        ),
                        name="monthwork_finished",
                    ),
                ],
            },
        ),
    ]
