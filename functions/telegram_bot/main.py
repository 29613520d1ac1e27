"""Receives Telegram's updates over HTTP: purchases, donations, forms, questions, requests."""

import flask
import functions_framework

from shared_lib.runtime import settings
from shared_lib.runtime.callbacks import answer_update
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.handle_update import handle_update

ports = ports_for(
    settings.InvoiceSettings,
    settings.ProviderSettings,
    settings.TelegramSettings,
    settings.TokenSettings,
    settings.WalletSettings,
    settings.WebhookSettings,
)


@functions_framework.http
def telegram_bot(request: flask.Request) -> flask.Response:
    """Answer one update."""
    return answer_update(ports, request, handle_update)
