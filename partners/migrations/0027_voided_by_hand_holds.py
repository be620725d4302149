"""The hold of a voided cheque is that of a payment by hand too, and says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0026_late_answers_to_prenotes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payouthold",
            name="reason",
            field=models.CharField(
                choices=[
                    ("destination", "Its destination was changed and is not confirmed"),
                    ("returned", "A payment came back"),
                    ("notice", "The bank asks for other account details"),
                    ("stripe", "Stripe does not pay its account any more"),
                    ("voided", "A cheque or payment by hand was voided"),
                    ("manual", "Held by hand"),
                ],
                max_length=11,
            ),
        ),
    ]
