"""The two-person rule: what one person prepared, proposed or sent, another person confirms."""


class SamePerson(Exception):
    """The same person may not take both steps; `str(error)` says which."""
