"""A voided cheque is a reason of its own to hold a partner."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0020_agreement_terms"),
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
                    ("voided", "A cheque was voided"),
                    ("manual", "Held by hand"),
                ],
                max_length=11,
            ),
        ),
    ]
