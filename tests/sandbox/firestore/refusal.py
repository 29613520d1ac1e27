import grpc

Code = grpc.StatusCode


class RefusedError(Exception):
    """A call is answered with this status instead of a result."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def invalid(text: str) -> RefusedError:
    """The refusal of a request that breaks a rule."""
    return RefusedError(Code.INVALID_ARGUMENT, text)


def not_found(name: str) -> RefusedError:
    """The refusal for a document that has to be there."""
    return RefusedError(Code.NOT_FOUND, f"No document to update: {name}")


def already_exists(name: str) -> RefusedError:
    """The refusal for a document that must not be there."""
    return RefusedError(Code.ALREADY_EXISTS, f"Document already exists: {name}")


def stale(name: str) -> RefusedError:
    """The refusal for a document that has changed since it was read."""
    text = f"the stored version does not match the required base version: {name}"
    return RefusedError(Code.FAILED_PRECONDITION, text)


def aborted() -> RefusedError:
    """The refusal of a transaction that read what others have changed since."""
    return RefusedError(Code.ABORTED, "Too much contention on these documents. Please try again.")
