"""How far the reconciler has come, what was asked about when, and which disputes the bank has not decided."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0009_connected_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReconcileWalk",
            fields=[
                ("kind", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "through",
                    models.DateTimeField(
                        help_text="Everything of this round created before is looked at; Stripe's time."
                    ),
                ),
                ("until", models.DateTimeField(help_text="Where the round ends; Stripe's time.")),
            ],
        ),
        migrations.AddField(
            model_name="balancetransaction",
            name="asked_at",
            field=models.DateTimeField(
                blank=True, help_text="Wall time of the last question why it is stuck.", null=True
            ),
        ),
        migrations.AddField(
            model_name="stripeevent",
            name="put_off",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="How often it was, since it came or was revived: the next wait grows with it.",
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(
                condition=models.Q(("status__in", ["won", "lost", "warning_closed", "prevented"]), _negated=True),
                fields=["charge"],
                name="dispute_undecided",
            ),
        ),
    ]
