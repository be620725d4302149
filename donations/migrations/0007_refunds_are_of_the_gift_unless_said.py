from django.db import migrations, models


class Migration(migrations.Migration):
    """Processes of the version before this column still record refunds while a new version is set up."""

    dependencies = [
        ("donations", "0006_silent_plans"),
    ]

    operations = [
        migrations.AlterField(
            model_name="giftrefund",
            name="aside_of",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="The payment in suspense that it goes back of; empty: of the gift itself.",
                max_length=120,
            ),
        ),
    ]
