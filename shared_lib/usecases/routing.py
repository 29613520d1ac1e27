"""Whom to ask about owners' money that waits: its channel pays it out, or the pool converts it."""

from uuid import UUID

from shared_lib.domain.money import Asset
from shared_lib.domain.offer import Strategy
from shared_lib.domain.payout import Payout
from shared_lib.events import Event, PayoutRequested, PoolRequested
from shared_lib.ports import Transaction


def route_of_share(tx: Transaction, channel_id: UUID, asset: Asset) -> Event:
    """The event by which a pending share of a channel goes on, by the channel's strategy.

    Raises LookupError for a channel that is not there: no strategy is ever assumed.
    """
    channel = tx.channels.get(channel_id)
    if channel is None:
        raise LookupError(f"channel {channel_id} is not there")
    if channel.strategy is Strategy.THRESHOLD:
        return PoolRequested(asset=asset.id)
    return PayoutRequested(channel_id=channel_id)


def route_of_payout(payout: Payout) -> Event:
    """The event by which shares that a payout gave back go out again."""
    if payout.channel_id is None:
        return PoolRequested(asset=payout.amount.asset.id)
    return PayoutRequested(channel_id=payout.channel_id)
