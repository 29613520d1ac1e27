from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.pubsub_v1.types import pubsub

from tests.sandbox.pubsub.publisher import Publisher
from tests.sandbox.pubsub.refusal import RefusedError
from tests.sandbox.pubsub.subscriber import Subscriber
from tests.sandbox.pubsub.weather import Weather

Action = Callable[[Any], Awaitable[Any]]

# gRPC's own limit of 4 MB is below the 10 MB that a publish request may have.
OPTIONS = (("grpc.max_receive_message_length", 20_000_000), ("grpc.so_reuseport", 0))


def grpc_server(publisher: Publisher, subscriber: Subscriber, weather: Weather) -> Any:
    """A server of both services; it listens once a port was added and it was started."""
    server = grpc.aio.server(options=OPTIONS)
    services = {"Publisher": _publisher(publisher), "Subscriber": _subscriber(subscriber)}
    server.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(
                f"google.pubsub.v1.{service}",
                {name: _method(weather, *method) for name, method in methods.items()},
            )
            for service, methods in services.items()
        )
    )
    return server


def _publisher(publisher: Publisher) -> dict[str, tuple[Any, Action]]:
    return {
        "CreateTopic": (pubsub.Topic, publisher.create_topic),
        "GetTopic": (pubsub.GetTopicRequest, publisher.get_topic),
        "ListTopics": (pubsub.ListTopicsRequest, publisher.list_topics),
        "DeleteTopic": (pubsub.DeleteTopicRequest, publisher.delete_topic),
        "Publish": (pubsub.PublishRequest, publisher.publish),
    }


def _subscriber(subscriber: Subscriber) -> dict[str, tuple[Any, Action]]:
    return {
        "CreateSubscription": (pubsub.Subscription, subscriber.create_subscription),
        "GetSubscription": (pubsub.GetSubscriptionRequest, subscriber.get_subscription),
        "ListSubscriptions": (pubsub.ListSubscriptionsRequest, subscriber.list_subscriptions),
        "DeleteSubscription": (pubsub.DeleteSubscriptionRequest, subscriber.delete_subscription),
        "UpdateSubscription": (pubsub.UpdateSubscriptionRequest, subscriber.update_subscription),
        "ModifyPushConfig": (pubsub.ModifyPushConfigRequest, subscriber.modify_push_config),
        "Pull": (pubsub.PullRequest, subscriber.pull),
        "Acknowledge": (pubsub.AcknowledgeRequest, subscriber.acknowledge),
        "ModifyAckDeadline": (pubsub.ModifyAckDeadlineRequest, subscriber.modify_ack_deadline),
    }


def _method(weather: Weather, request_type: Any, action: Action) -> Any:
    async def answered(request: Any, context: Any) -> Any:
        if weather.down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The service is down.")
        try:
            return await action(request)
        except RefusedError as refused:
            await context.abort(refused.code, refused.text)

    return grpc.unary_unary_rpc_method_handler(
        answered,
        request_deserializer=request_type.pb().FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )
