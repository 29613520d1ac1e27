"""Google Cloud Pub/Sub behind the port `Publisher`."""

from concurrent.futures import Future
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared_lib.events import Event
from shared_lib.ports import Publication

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient

# A publication that takes longer is left to `reconcile`; whoever waits has an answer to give.
PUBLISH_SECONDS = 2.0
_BATCH_LATENCY_SECONDS = 0.005


class PubSubPublication:
    """One message on its way."""

    def __init__(self, future: "Future[str]") -> None:
        self._future = future

    def wait(self, seconds: float) -> bool:
        """Whether the broker has the message, waiting at most this long."""
        try:
            self._future.result(timeout=max(0.0, seconds))
        except Exception:  # noqa: BLE001 (the client raises errors of many kinds; none is "stored")
            return False
        return True


class PubSubPublisher:
    """Publishes each event to the topic named by its type.

    The client is made with the first event and not before: it opens a channel and starts threads,
    which a process that forks later must not have. Making it may raise, where there are no
    credentials; a broker that is down only makes `wait` answer False.
    """

    def __init__(self, project_id: str) -> None:
        self._project_id = project_id
        self._lock = Lock()

    def publish(self, event: Event) -> Publication:
        with self._lock:
            client = self._client
        topic = client.topic_path(self._project_id, event.type)
        return PubSubPublication(
            client.publish(topic, event.model_dump_json().encode(), type=event.type)
        )

    def close(self) -> None:
        """Send what is still in a batch and end the client's threads."""
        client: Any = self.__dict__.pop("_client", None)
        if client is not None:
            client.stop()
            client.transport.close()

    @cached_property
    def _client(self) -> "PublisherClient":
        # The client library takes most of a second to load, and not every delivery publishes.
        from google.cloud.pubsub_v1 import PublisherClient  # noqa: PLC0415
        from google.cloud.pubsub_v1.types import BatchSettings, PublisherOptions  # noqa: PLC0415

        options: Any = PublisherOptions(retry=_retry(), timeout=PUBLISH_SECONDS)
        return PublisherClient(BatchSettings(max_latency=_BATCH_LATENCY_SECONDS), options)


def _retry() -> Any:
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
    return Retry(
        predicate=passing, initial=0.1, maximum=0.5, multiplier=2.0, timeout=PUBLISH_SECONDS
    )
