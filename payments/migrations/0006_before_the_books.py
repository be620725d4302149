"""What Stripe booked before the books began is kept and has no entry: the opening balances hold it."""

from django.db import migrations, models
from django.db.models import Q

OR_BEFORE = (
    Q(entry__isnull=False, problem="", before_books=False)
    | Q(entry__isnull=True, problem="", before_books=True)
    | (Q(entry__isnull=True, before_books=False) & (~Q(problem="") | Q(amount_minor=0, fee_minor=0)))
)


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_transfers")]

    operations = [
        migrations.AddField(
            model_name="balancetransaction",
            name="before_books",
            field=models.BooleanField(
                default=False,
                help_text="Booked before the books began: part of the opening balances, with no entry of its own.",
            ),
        ),
        migrations.RemoveConstraint(model_name="balancetransaction", name="balance_transaction_is_posted"),
        migrations.AddConstraint(
            model_name="balancetransaction",
            constraint=models.CheckConstraint(condition=OR_BEFORE, name="balance_transaction_is_posted"),
        ),
    ]
