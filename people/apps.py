from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "people"

    def ready(self) -> None:
        from people import changes, desk, desk_tasks, history, queries, sources  # noqa: PLC0415 - models must be loaded first

        history.register(*changes.CHANGES)
        desk.register_counted(desk_tasks.ROLES_ASKED)
        sources.register("role_grant", changes.describe_grants)
        sources.register("console", changes.describe_records)
        sources.register("user", queries.describe_users)
