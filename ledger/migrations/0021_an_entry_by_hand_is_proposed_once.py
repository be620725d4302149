from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0020_what_an_entry_by_hand_is_about"),
    ]

    operations = [
        migrations.AddField(
            model_name="manualentry",
            name="form_key",
            field=models.CharField(
                blank=True, db_default="", help_text="One per form that was sent; it proposes once.", max_length=40
            ),
        ),
        migrations.AddConstraint(
            model_name="manualentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("form_key", ""), _negated=True), fields=["form_key"], name="manual_entry_form_once"
            ),
        ),
    ]
