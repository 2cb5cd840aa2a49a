"""How a provider fails: one of three ways, because only three reactions exist."""


class ProviderError(Exception):
    """Base of the three ways in which a provider fails; only the three below are ever raised."""


class ProviderRefused(ProviderError):
    """The provider understood and said no; asking again with the same input gives the same answer.

    :param code: the provider's own error code as text, for example "21211" or "400".
    :param reason: one sentence for a person.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class ProviderTransient(ProviderError):
    """Nothing has happened at the provider; the same call may be made again.

    :param reason: one sentence for a person.
    :param retry_after: seconds the provider asked us to wait, None when it did not say.
    """

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class ProviderAmbiguous(ProviderError):
    """The call may or may not have taken effect. Never call again before `find` or a person has answered.

    :param reason: one sentence for a person.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
