"""The order of the packages holds where no import shows it: foreign keys by name, migrations, task names, files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parents[2]
# Higher may use lower; shop and donations stand side by side.
LEVELS = {
    "config": 7,
    "reports": 6,
    "shop": 5,
    "donations": 5,
    "partners": 4,
    "payments": 3,
    "ledger": 2,
    "people": 1,
}


def may_use(upper: str, lower: str) -> bool:
    """Whether a package may know another one; what is not ours may be used by all."""
    return upper == lower or lower not in LEVELS or LEVELS[upper] > LEVELS[lower]


def modules() -> list[Path]:
    packages = [ROOT / name for name in (*LEVELS, "sandbox")]
    return [path for package in packages for path in package.rglob("*.py")]


def test_every_import_follows_the_line() -> None:
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"

    result = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_package_is_installed_and_has_a_level() -> None:
    ours = {config.name for config in apps.get_app_configs() if (ROOT / config.name / "__init__.py").exists()}

    assert ours == set(LEVELS)


def test_no_relation_points_upward() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model}"
        for model in apps.get_models()
        if model._meta.app_label in LEVELS
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is not None
        if isinstance(field.related_model, str)  # names a model that does not exist
        or not may_use(model._meta.app_label, field.related_model._meta.app_label)
    ]

    assert upward == []


def test_no_migration_waits_for_a_higher_package() -> None:
    migrations = MigrationLoader(None).disk_migrations

    upward = [
        f"{app}.{name} -> {other}"
        for (app, name), migration in migrations.items()
        if app in LEVELS
        for other, _ in migration.dependencies
        if not may_use(app, other)
    ]

    assert upward == []


def test_no_migration_is_irreversible_or_unnamed() -> None:
    migrations = MigrationLoader(None).disk_migrations

    wrong = [
        f"{app}.{name}"
        for (app, name), migration in migrations.items()
        if app in LEVELS
        if "_auto_" in name or not all(operation.reversible for operation in migration.operations)
    ]

    assert wrong == []


def test_every_task_is_named_for_the_package_that_holds_it() -> None:
    from config.celery import app

    app.loader.import_default_modules()

    tasks = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert {name: f"{task.__module__}.{task.__name__}" for name, task in tasks.items()} == {
        name: name for name in tasks
    }
    assert {name.split(".")[0] for name in tasks} <= set(LEVELS)


def test_beat_and_wake_name_tasks_that_exist() -> None:
    from config.celery import app

    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled
    assert scheduled <= set(app.tasks)


@pytest.mark.parametrize("name", ["services", "utils", "helpers", "common", "misc", "base"])
def test_no_module_is_called_by_an_empty_word(name: str) -> None:
    found = [path for path in modules() if name in (path.stem, path.parent.name)]

    assert found == []


def test_no_event_is_made_without_its_signature() -> None:
    needle = "construct_event_without" + "_verification"

    found = [path for path in modules() if needle in path.read_text()]

    assert found == []


def test_business_never_travels_by_signal() -> None:
    found = [
        path for path in modules() if "django.dispatch" in path.read_text() or "db.models.signals" in path.read_text()
    ]

    assert found == []


def test_only_the_clock_and_the_sandbox_read_the_time() -> None:
    allowed = {ROOT / "people" / "clock.py"}
    words = ("datetime.now(", "timezone.now(", "date.today(", "utcnow(")

    found = [
        path
        for path in modules()
        if path not in allowed and path.relative_to(ROOT).parts[0] != "sandbox"
        if any(word in path.read_text() for word in words)
    ]

    assert found == []
