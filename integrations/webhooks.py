"""What all vendors' webhook readers share."""


class WebhookRefused(Exception):
    """A webhook call is not from the vendor, too old, or not in the vendor's form. Answer it with 403.

    :param reason: for the log; the caller of the webhook gets no detail.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
