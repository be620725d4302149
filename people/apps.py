from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "people"

    def ready(self) -> None:
        from people import queries, sources  # noqa: PLC0415 - models must be loaded first

        sources.register("user", queries.describe_users)
