"""Files of ACH returns, and what each of their entries means."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0021_voided_cheques_hold"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AchReturnFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=120)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checked", "Checked, nothing taken in yet"),
                            ("imported", "Taken in"),
                            ("dropped", "Dropped"),
                        ],
                        default="checked",
                        max_length=8,
                    ),
                ),
                ("uploaded_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        help_text="Where what had left came back.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ach_returns",
                        to="partners.bankaccount",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AchReturnRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField(help_text="Of the file.")),
                ("trace", models.CharField(max_length=15)),
                ("code", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                (
                    "last4",
                    models.CharField(
                        blank=True, help_text="Of the account number that the bank wants used.", max_length=4
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("returned", "Came back"),
                            ("change", "Wants other details"),
                            ("known", "Recorded before"),
                            ("refused", "Fits nothing of ours"),
                        ],
                        max_length=8,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=200)),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="partners.achentry",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="partners.achreturnfile"
                    ),
                ),
            ],
            options={
                "ordering": ["line"],
            },
        ),
        migrations.AddConstraint(
            model_name="achreturnfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "dropped"), _negated=True), fields=("sha256",), name="ach_return_file_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="achreturnfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "checked")),
                    models.Q(
                        models.Q(("state", "checked"), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="ach_return_file_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="achreturnrow",
            constraint=models.UniqueConstraint(fields=("file", "line"), name="ach_return_row_of_a_line"),
        ),
        migrations.AddConstraint(
            model_name="achreturnrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict", "refused"), ("entry__isnull", False), _connector="OR"),
                name="ach_return_row_of_an_entry",
            ),
        ),
    ]
