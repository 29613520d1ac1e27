"""How each owner was paid, with amounts that are read where the money arrived."""

from datetime import datetime
from typing import Any

from shared_lib.domain.currency import asset_of, swappable_part
from shared_lib.domain.money import ETH, Money, format_amount
from tests.sandbox.narrator import Narrator
from tests.sandbox.scene import Scene


class PayoutShow:
    """Shows the payout of one purchase after another."""

    def __init__(self, narrator: Narrator, scene: Scene) -> None:
        self._narrator = narrator
        self._scene = scene

    def payout(self, facts: dict[str, Any]) -> None:
        """Wait until a purchase's payout is settled, and show how it went."""
        scene, payment_id = self._scene, facts["provider_payment_id"]
        what = f"payment {payment_id} to settle"
        row = scene.wait_for(what, lambda: scene.settled(payment_id), seconds=90)
        transaction = scene.transaction(row["mined_hash"])
        sent = Money(int(transaction["value"], 16), ETH)
        self._fill(facts, row, sent)
        self._narrator.says("👤", facts["title"], 1)
        self._lines(facts, ("received", "fee", "owner_share", "sent"), "ETH")
        self._narrator.says("🔗", f"{row['mined_hash']} in block {row['mined_block']}", 2)
        self._check_split(row)
        if facts["payout_asset"] == ETH.id:
            self._direct(facts, row, transaction["to"], sent)
        else:
            self._swap(facts, row, transaction["to"], sent)

    def _fill(self, facts: dict[str, Any], row: dict[str, Any], sent: Money) -> None:
        asset = asset_of(row["received_asset"])
        amounts = {"received": "received", "fee": "fee", "owner_share": "share"}
        facts |= {
            name: format_amount(Money(int(row[column]), asset)) for name, column in amounts.items()
        }
        facts |= {
            "asset": asset.id,
            "sent": format_amount(sent),
            "transaction_hash": row["mined_hash"],
            "block": int(row["mined_block"]),
            "seconds_to_settlement": _seconds(row["called_back_at"], row["settled_at"]),
        }

    def _lines(self, facts: dict[str, Any], names: tuple[str, ...], unit: str) -> None:
        for name in names:
            self._narrator.says(" ", f"{name.replace('_', ' '):14} {facts[name]} {unit}", 2)

    def _check_split(self, row: dict[str, Any]) -> None:
        received, fee, share = (int(row[name]) for name in ("received", "fee", "share"))
        self._narrator.check("received = fee + owner's share", holds=received == fee + share)

    # ---- in the settlement asset ----

    def _direct(self, facts: dict[str, Any], row: dict[str, Any], to: str, sent: Money) -> None:
        facts["arrived"] = format_amount(sent)
        to_owner = to.lower() == facts["destination"].lower()
        text = f"it went to the owner's address {facts['destination']}"
        self._narrator.check(text, holds=to_owner)
        same = sent.base_units == int(row["payout_amount"])
        self._narrator.check("the chain carried the payout to the wei", holds=same)

    # ---- in another coin ----

    def _swap(self, facts: dict[str, Any], row: dict[str, Any], to: str, sent: Money) -> None:
        swap = self._scene.swap(facts["provider_payment_id"])
        asset = asset_of(swap["bought_asset"])
        quoted, market, bought, fee = (
            Money(int(swap[name]), asset)
            for name in ("quoted", "market", "bought", "withdrawal_fee")
        )
        arrived = self._arrived(facts, asset.id)
        facts |= {
            "quote": format_amount(quoted),
            "market_value": format_amount(market),
            "network_fee": format_amount(fee),
            "spread": format_amount(market - bought - fee),
            "arrived": format_amount(arrived),
            "rate_id": swap["rate_id"],
            "swap_id": swap["exchange_id"],
            "payin_address": swap["payin_address"],
            "payout_hash": swap["payout_hash"],
        }
        unit = asset.ticker.upper()
        self._lines(facts, ("quote", "arrived", "market_value", "network_fee", "spread"), unit)
        for name in ("rate_id", "swap_id", "payin_address", "payout_hash"):
            self._narrator.says(" ", f"{name.replace('_', ' '):14} {facts[name]}", 2)
        self._check_swap(facts, row, to, sent)
        text = f"{arrived} arrived at {facts['destination']}, as quoted"
        self._narrator.check(text, holds=arrived == bought == quoted)

    def _check_swap(self, facts: dict[str, Any], row: dict[str, Any], to: str, sent: Money) -> None:
        """The chain's word on what reached the exchange, and the exchange's own."""
        owed = Money(int(row["payout_amount"]), ETH)
        check = self._narrator.check
        to_payin = to.lower() == facts["payin_address"].lower()
        check("it went to the pay-in of the payout's exchange", holds=to_payin)
        exact = sent == swappable_part(owed)
        check(f"exactly {sent.base_units} wei: what is owed less dust", holds=exact)
        held = self._scene.balance(facts["payin_address"])
        check(f"the pay-in holds {held} on the chain", holds=held == sent)
        [exchange] = [
            one for one in self._scene.changenow_shows("exchanges") if one["id"] == facts["swap_id"]
        ]
        deposits = [int(one["units"]) for one in exchange["deposits"]]
        check("the exchange saw this one deposit", holds=deposits == [sent.base_units])

    def _arrived(self, facts: dict[str, Any], asset_id: str) -> Money:
        """What the owner holds: on our chain by the chain, elsewhere by the provider's book."""
        tokens = self._scene.ethereum_shows("tokens")
        asset, address = asset_of(asset_id), facts["destination"]
        if asset_id in tokens:
            return Money(self._scene.token_balance(tokens[asset_id], address), asset)
        accounts = self._scene.changenow_shows("book")[asset_id]["accounts"]
        units = [
            int(one["base_units"])
            for one in accounts
            if (one["address"], one["extra_id"]) == (address, facts["memo"])
        ]
        return Money(sum(units), asset)


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 2)
