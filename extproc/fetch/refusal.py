"""Why something is not fetched."""


class Refused(Exception):
    """`reason` is for the client, and says nothing of what is behind the gateway."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """`detail` is for the server's log alone."""
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
