import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio
from google.cloud.firestore_v1.types import firestore as types

from tests.sandbox.faults import Fault, FaultBoard
from tests.sandbox.firestore.refusal import Code, RefusedError
from tests.sandbox.firestore.service import Service

Action = Callable[[Any], Any]
OPTIONS = (("grpc.so_reuseport", 0),)


def grpc_server(service: Service, board: FaultBoard) -> Any:
    """A server of the service; it listens once a port was added and it was started."""
    single: dict[str, tuple[Any, Action]] = {
        "BeginTransaction": (types.BeginTransactionRequest, service.begin_transaction),
        "Commit": (types.CommitRequest, service.commit),
        "Rollback": (types.RollbackRequest, service.rollback),
        "BatchWrite": (types.BatchWriteRequest, service.batch_write),
        "ListDocuments": (types.ListDocumentsRequest, service.list_documents),
        "ListCollectionIds": (types.ListCollectionIdsRequest, service.list_collections),
    }
    streaming: dict[str, tuple[Any, Action]] = {
        "BatchGetDocuments": (types.BatchGetDocumentsRequest, service.batch_get),
        "RunQuery": (types.RunQueryRequest, service.run_query),
    }
    handlers = {name: _single(board, name, *one) for name, one in single.items()}
    handlers |= {name: _streaming(board, name, *one) for name, one in streaming.items()}
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", handlers),)
    )
    return server


def _single(board: FaultBoard, name: str, request_type: Any, action: Action) -> Any:
    async def answered(request: Any, context: Any) -> Any:
        try:
            return await _around(board, name, lambda: action(request))
        except RefusedError as refused:
            await context.abort(refused.code, refused.text)

    return grpc.unary_unary_rpc_method_handler(
        answered,
        request_deserializer=request_type.pb().FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def _streaming(board: FaultBoard, name: str, request_type: Any, action: Action) -> Any:
    async def answered(request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            answers = await _around(board, name, lambda: list(action(request)))
        except RefusedError as refused:
            await context.abort(refused.code, refused.text)
            return
        for one in answers:
            yield one

    return grpc.unary_stream_rpc_method_handler(
        answered,
        request_deserializer=request_type.pb().FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


async def _around(board: FaultBoard, name: str, act: Callable[[], Any]) -> Any:
    """One call, with whatever fault is set for it."""
    fault = board.strike(name)
    if fault is None:
        return act()
    await _before(board, fault)
    answer = act()
    if fault.kind == "hold_after":
        await board.held(fault)
    if fault.kind == "lose_answer":
        raise RefusedError(Code.UNAVAILABLE, "the answer was lost by a fault")
    return answer


async def _before(board: FaultBoard, fault: Fault) -> None:
    if fault.kind in {"answer", "drop"}:
        raise RefusedError(Code.UNAVAILABLE, fault.body or "refused by a fault")
    if fault.kind == "hold_before":
        await board.held(fault)
    elif fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
