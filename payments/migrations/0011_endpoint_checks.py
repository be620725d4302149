"""Whether Stripe was seen to send us what we read, for each version and address of ours."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0010_sweeps_know_where_they_are"),
    ]

    operations = [
        migrations.CreateModel(
            name="EndpointCheck",
            fields=[
                ("reads", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("passed_at", models.DateTimeField(help_text="Wall time of the last time.")),
            ],
        ),
    ]
