from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "people"

    def ready(self) -> None:
        from people import desk, desk_tasks, queries, sources  # noqa: PLC0415 - models must be loaded first

        desk.register_counted(desk_tasks.ROLES_ASKED)
        sources.register("user", queries.describe_users)
