"""The policy that a deployment's settings describe."""

from datetime import timedelta

from shared_lib.domain.currency import asset_of
from shared_lib.domain.policy import Policy
from shared_lib.runtime.settings import (
    ChainSettings,
    InvoiceSettings,
    PolicySettings,
    Settings,
    TokenSettings,
    WalletSettings,
)


def policy_from(settings: Settings) -> Policy:
    """The policy by the settings; what no declared concern sets is as in production."""
    chosen = settings.of(PolicySettings).model_dump()
    chosen |= {
        "settlement_asset": asset_of(chosen.pop("settlement_asset")),
        "transfer_cap": chosen.pop("transfer_cap_wei"),
        "order_lifetime": timedelta(seconds=chosen.pop("order_lifetime_seconds")),
        "credit_lifetime": timedelta(seconds=chosen.pop("credit_lifetime_seconds")),
        "wallet_hold": timedelta(seconds=chosen.pop("wallet_hold_seconds")),
    }
    if settings.has(ChainSettings):
        watched = {"chain_id", "confirmations", "usdt_contract"}
        chosen |= settings.of(ChainSettings).model_dump(include=watched)
    for concern in (InvoiceSettings, TokenSettings, WalletSettings):
        if settings.has(concern):
            chosen |= settings.of(concern).model_dump()
    return Policy(**chosen)
