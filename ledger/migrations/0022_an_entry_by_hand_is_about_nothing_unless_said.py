from django.db import migrations, models


class Migration(migrations.Migration):
    """Processes of the version before this column still write entries by hand while a new version is set up."""

    dependencies = [
        ("ledger", "0021_an_entry_by_hand_is_proposed_once"),
    ]

    operations = [
        migrations.AlterField(
            model_name="manualentry",
            name="about",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="The charge or refund that it settles: stripe:charge:ch_1.",
                max_length=100,
            ),
        ),
    ]
