"""The first day that the books tell of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0004_roles_by_two_persons")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="books_begin_on",
            field=models.DateField(
                blank=True,
                help_text="The first day that the books tell of; what Stripe booked before it is in the opening balances.",
                null=True,
            ),
        ),
    ]
