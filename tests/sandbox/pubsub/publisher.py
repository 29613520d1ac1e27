import asyncio
from dataclasses import dataclass
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1.types import pubsub

from tests.sandbox.faults import Fault, FaultBoard
from tests.sandbox.pubsub.broker import Broker
from tests.sandbox.pubsub.checks import check_name, check_publish
from tests.sandbox.pubsub.model import Draft
from tests.sandbox.pubsub.refusal import Code, RefusedError

ListTopicsResponse = pubsub.ListTopicsResponse.pb()
PublishResponse = pubsub.PublishResponse.pb()


@dataclass
class Publisher:
    """The calls of google.pubsub.v1.Publisher."""

    broker: Broker
    board: FaultBoard

    async def create_topic(self, topic: Any) -> Any:
        """CreateTopic."""
        check_name(topic.name, "topics")
        self.broker.create_topic(topic)
        await self.broker.store.durable()
        return topic

    async def get_topic(self, request: Any) -> Any:
        """GetTopic."""
        return self.broker.topic(request.topic)

    async def list_topics(self, request: Any) -> Any:
        """ListTopics: all of a project on one page."""
        prefix = f"{request.project}/topics/"
        found = [topic for name, topic in self.broker.topics.items() if name.startswith(prefix)]
        return ListTopicsResponse(topics=found)

    async def delete_topic(self, request: Any) -> Any:
        """DeleteTopic."""
        self.broker.delete_topic(request.topic)
        await self.broker.store.durable()
        return Empty()

    async def publish(self, request: Any) -> Any:
        """Publish, with whatever fault is set for `publish <topic id>`."""
        fault = self.board.strike(f"publish {request.topic.rsplit('/', 1)[-1]}")
        if fault is None:
            return await self._published(request)
        await self._before(fault)
        response = await self._published(request)
        if fault.kind == "hold_after":
            await self.board.held(fault)
        if fault.kind == "lose_answer":
            raise RefusedError(Code.UNAVAILABLE, "the answer was lost by a fault")
        return response

    async def _before(self, fault: Fault) -> None:
        if fault.kind in {"answer", "drop"}:
            raise RefusedError(Code.UNAVAILABLE, fault.body or "refused by a fault")
        if fault.kind == "hold_before":
            await self.board.held(fault)
        elif fault.kind == "delay":
            await asyncio.sleep(fault.seconds)

    async def _published(self, request: Any) -> Any:
        self.broker.topic(request.topic)
        check_publish(request)
        drafts = (
            Draft(message.data, dict(message.attributes), message.ordering_key)
            for message in request.messages
        )
        ids = self.broker.publish(request.topic, drafts)
        await self.broker.store.durable()
        return PublishResponse(message_ids=ids)
