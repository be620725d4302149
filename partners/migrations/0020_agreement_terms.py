"""The terms of an agreement's contract, as data, frozen with it; two states ask for all of them."""

from datetime import date
from pathlib import Path

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_GUARD = (Path(__file__).parent / "sql" / "agreement_terms.sql").read_text()
_UNGUARD = """
DROP TRIGGER partners_agreement_written ON partners_agreement;
DROP FUNCTION partners_agreement_written();
DROP TRIGGER partners_agreementterms_kept ON partners_agreementterms;
DROP TRIGGER partners_agreementterms_frozen ON partners_agreementterms;
DROP FUNCTION partners_agreementterms_frozen();
"""
RULES = (("GA", "43-17-6"), ("NH", "RSA 7:28-d"))


def lay_rules(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Georgia and New Hampshire list what the contract has to say."""
    rules = apps.get_model("partners", "StateRule")
    for state, source in RULES:
        kept = {"measured_from": "start", "source": source, "checked_on": date(2026, 11, 1)}
        rules.objects.get_or_create(state=state, duty="terms", defaults=kept)


def take_rules_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The version before this one does not know the duty; what was planned of it goes with it."""
    apps.get_model("partners", "AgreementDuty").objects.filter(rule__duty="terms").delete()
    apps.get_model("partners", "StateRule").objects.filter(duty="terms").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0019_who_changed_a_batch"),
    ]

    operations = [
        migrations.AlterField(
            model_name="agreementevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("prepared", "Prepared"),
                    ("signed", "Signed document kept"),
                    ("consented", "The partner's consent kept"),
                    ("terms", "The contract's terms written down"),
                    ("activated", "Activated"),
                    ("ended", "Ended early"),
                    ("duty_done", "Done for a state"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="staterule",
            name="duty",
            field=models.CharField(
                choices=[
                    ("register", "Register"),
                    ("bond", "Give a bond"),
                    ("file", "File the contract or notice"),
                    ("consent", "Have the charity's written consent"),
                    ("terms", "Write every term into the contract"),
                    ("officers", "Have two officers of the charity sign"),
                    ("account", "Give the final accounting"),
                    ("report", "File the report"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="AgreementTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "seller_type",
                    models.CharField(
                        choices=[("commercial", "A business for profit"), ("nonprofit", "A nonprofit")],
                        max_length=10,
                        verbose_name="who sells",
                    ),
                ),
                ("area", models.CharField(blank=True, max_length=200, verbose_name="where it is offered")),
                (
                    "name_use",
                    models.CharField(blank=True, max_length=500, verbose_name="how the partner's name is used"),
                ),
                (
                    "estimated_units",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="pieces expected to be sold"),
                ),
                ("paid_when", models.CharField(blank=True, max_length=200, verbose_name="when the share is paid")),
                ("paid_how", models.CharField(blank=True, max_length=200, verbose_name="how the share is paid")),
                (
                    "accounting_on",
                    models.DateField(blank=True, null=True, verbose_name="day of the final accounting per piece"),
                ),
                (
                    "statute",
                    models.CharField(blank=True, max_length=1000, verbose_name="the statement that a statute asks for"),
                ),
                (
                    "first_signer",
                    models.CharField(blank=True, max_length=80, verbose_name="first signer for the partner"),
                ),
                (
                    "second_signer",
                    models.CharField(blank=True, max_length=80, verbose_name="second signer for the partner"),
                ),
                (
                    "agreement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="contract", to="partners.agreement"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "agreement terms",
            },
        ),
        migrations.RunSQL(_GUARD, _UNGUARD),
        migrations.RunPython(lay_rules, take_rules_back),
    ]
