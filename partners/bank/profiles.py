"""The column profiles of an account as the CSV reader takes them."""

from __future__ import annotations

from partners.bank.readers.csv_columns import PLAIN, Columns
from partners.models import BankAccount, ColumnProfile


def columns_of(account: BankAccount) -> list[Columns]:
    """In the order in which they were saved; the plain ones (Date, Description, Amount) until there are any."""
    return [_columns(profile) for profile in account.profiles.all()] or [PLAIN]


def _columns(profile: ColumnProfile) -> Columns:
    return Columns(
        booked_on=profile.date_column,
        description=tuple(filter(None, (profile.description_column, profile.more_description_column))),
        amount=profile.amount_column,
        debit=profile.debit_column,
        credit=profile.credit_column,
        value_on=profile.value_date_column,
        bank_ref=profile.bank_ref_column,
        reference=profile.reference_column,
        balance=profile.balance_column,
        date_format=profile.date_format,
        decimal_mark=profile.decimal_mark,
        is_flipped=profile.is_flipped,
    )
