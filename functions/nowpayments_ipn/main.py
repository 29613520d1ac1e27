"""Receives NOWPayments' callbacks over HTTP: verifies, stores, publishes `payment.updated`."""

import flask
import functions_framework

from shared_lib.runtime.callbacks import answer_callback
from shared_lib.runtime.settings import CallbackSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.receive_callback import receive_callback

ports = ports_for(CallbackSettings)


@functions_framework.http
def nowpayments_ipn(request: flask.Request) -> flask.Response:
    """Answer one callback."""
    return answer_callback(ports, request, receive_callback)
