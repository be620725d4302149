"""The desk counts dead events each time somebody opens it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_before_the_books")]

    operations = [
        migrations.AddIndex(
            model_name="stripeevent",
            index=models.Index(condition=models.Q(("state", "dead")), fields=["finished_at"], name="stripe_event_dead"),
        ),
    ]
