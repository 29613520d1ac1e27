import grpc

Code = grpc.StatusCode


class RefusedError(Exception):
    """A call is answered with this status instead of a result."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def not_found(name: str) -> RefusedError:
    """The refusal for a topic or subscription that is not there."""
    return RefusedError(Code.NOT_FOUND, f"Resource not found (resource={_short(name)}).")


def already_exists(name: str) -> RefusedError:
    """The refusal for a topic or subscription that is there already."""
    text = f"Resource already exists in the project (resource={_short(name)})."
    return RefusedError(Code.ALREADY_EXISTS, text)


def invalid(text: str) -> RefusedError:
    """The refusal of a request that breaks a rule."""
    return RefusedError(Code.INVALID_ARGUMENT, text)
