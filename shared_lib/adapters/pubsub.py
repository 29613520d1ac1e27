"""Google Cloud Pub/Sub behind the port `Publisher`."""

from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared_lib.events import Event

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient


class PubSubPublisher:
    """Publishes each event to the topic named by its type, by a call that waits for the answer.

    The library's client would collect messages and send them from threads of its own, which for
    one message at a time takes four times the processor time and some milliseconds more. So the
    call is its base class's, which it would make in the end.

    The client is made with the first event and not before: it opens a channel, which a process that
    forks later must not have. Making it may raise, where there are no credentials.
    """

    def __init__(self, project_id: str) -> None:
        self._project_id = project_id
        self._lock = Lock()

    def publish(self, event: Event, seconds: float) -> bool:
        with self._lock:
            client, call = self._client
        message = {"data": event.model_dump_json().encode(), "attributes": {"type": event.type}}
        topic = client.topic_path(self._project_id, event.type)
        try:
            call(client, topic=topic, messages=[message], retry=_retry(seconds), timeout=seconds)
        except Exception:  # noqa: BLE001 (the client raises errors of many kinds; none is "stored")
            return False
        return True

    def close(self) -> None:
        """End the client's channel."""
        client: Any = self.__dict__.pop("_client", (None,))[0]
        if client is not None:
            client.stop()
            client.transport.close()

    @cached_property
    def _client(self) -> "tuple[PublisherClient, Any]":
        """The client, and its base class's method."""
        # The client library takes a good part of a second to load; not every delivery publishes.
        from google.cloud.pubsub_v1 import PublisherClient  # noqa: PLC0415
        from google.pubsub_v1 import PublisherClient as CallingClient  # noqa: PLC0415

        return PublisherClient(), CallingClient.publish


def _retry(seconds: float) -> Any:
    """Try again what may pass, for as long as anybody waits."""
    from google.api_core import exceptions  # noqa: PLC0415 (loaded with the client)
    from google.api_core.retry import Retry, if_exception_type  # noqa: PLC0415

    passing = if_exception_type(
        exceptions.Aborted,
        exceptions.DeadlineExceeded,
        exceptions.InternalServerError,
        exceptions.ResourceExhausted,
        exceptions.ServiceUnavailable,
    )
    return Retry(predicate=passing, initial=0.1, maximum=0.5, multiplier=2.0, timeout=seconds)
