"""Which coins and addresses an owner may be paid in and at, and that no pasted secret is kept."""

import logging
from dataclasses import replace

import pytest

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH
from shared_lib.domain.offer import Chat, ChatRole, PayoutTarget, Strategy
from shared_lib.ports import Person
from shared_lib.usecases.refresh_currencies import refresh_currencies
from shared_lib.usecases.register_channel import (
    InvalidChannelError,
    NewChannel,
    NewTier,
    register_channel,
)
from tests.databases import tables
from tests.fakes.chain import USDT_CONTRACT
from tests.integration.usecases.support import change, value
from tests.integration.usecases.swap_support import BITCOIN, BTC, RIPPLE, USDT_TRON, XRP
from tests.world import OWNER, World

OPEN = Chat(-1_001_000_000_101, ChatRole.OPEN, "Open", "")
CLOSED = Chat(-1_001_000_000_102, ChatRole.CLOSED, "Closed", "Signals")
NEW = NewChannel(
    owner=Person(OWNER, "Owner", None, None),
    open_chat=OPEN,
    closed_chat=CLOSED,
    tiers=(NewTier(999, 30),),
    strategy=Strategy.INSTANT,
    threshold_cents=None,
    target=BITCOIN,
)
CLASSIC = "rGWrZyQqhTp9Xu7G5Pkayo7bXjH4k4QYpf"
X_WITHOUT_TAG = "XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb"
X_WITH_TAG_1 = "XVLhHMPHU98es4dbozjVtdWzVrDjtV8xvjGQTYPiAx6gwDC"
SECRETS = {
    "a private key": "0x" + "4c0883a69102937d6231471b5dbb6204fe512961708279f1d2e3a4b5c6d7e8f9",
    "a key without its prefix": "4c0883a69102937d6231471b5dbb6204fe512961708279f1d2e3a4b5c6d7e8f9",
    "a key of a Bitcoin wallet": "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
    "a seed phrase": "legal winner thank year wave sausage worth useful legal winner thank yellow",
}


@pytest.fixture
def ready(world: World) -> World:
    """A world whose bot is an administrator of the chats, and which has asked for the coins."""
    for chat_id in (OPEN.chat_id, CLOSED.chat_id):
        world.fake_messenger.add_chat(chat_id)
    refresh_currencies(world, 1)
    return world


def registered(world: World, target: PayoutTarget) -> PayoutTarget:
    """Where the channel is paid, as it was stored."""
    channel_id = register_channel(world, replace(NEW, target=target)).channel_id
    with world.real_database.transaction() as tx:
        channel = tx.channels.get(channel_id)
    assert channel is not None
    return channel.target


def refused(world: World, target: PayoutTarget) -> InvalidChannelError:
    """The refusal of a target, of which nothing may have been written."""
    with pytest.raises(InvalidChannelError) as caught:
        register_channel(world, replace(NEW, target=target))
    for table in ("channels", "channel_chats", "tiers", "offer_links", "accounts", "audit_log"):
        assert value(world, f"SELECT count(*) FROM {table}") == 0, table
    return caught.value


def fields(refusal: InvalidChannelError) -> list[str]:
    return [problem.field for problem in refusal.problems]


# ---- what is stored ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (BITCOIN, BITCOIN),
        (replace(BITCOIN, address=BITCOIN.address.upper()), BITCOIN),
        (RIPPLE, RIPPLE),
        (PayoutTarget(XRP, X_WITH_TAG_1, None), PayoutTarget(XRP, CLASSIC, "1")),
        (PayoutTarget(XRP, X_WITH_TAG_1, "1"), PayoutTarget(XRP, CLASSIC, "1")),
        (PayoutTarget(XRP, X_WITHOUT_TAG, "77"), PayoutTarget(XRP, CLASSIC, "77")),
    ],
    ids=["bitcoin", "capitals", "xrp", "x-address", "x-address with its tag", "tag apart"],
)
def test_a_destination_is_stored_in_the_form_that_is_paid_to(
    ready: World, given: PayoutTarget, stored: PayoutTarget
) -> None:
    assert registered(ready, given) == stored


def test_eth_needs_no_provider(world: World) -> None:
    """A direct payout can be chosen before the list of coins was ever read."""
    for chat_id in (OPEN.chat_id, CLOSED.chat_id):
        world.fake_messenger.add_chat(chat_id)
    address = "0x52908400098527886E0F7030069857D2E4169EE7"
    assert registered(world, PayoutTarget(ETH, address, None)).address == address


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "field"),
    [
        (replace(BITCOIN, address=BITCOIN.address[:-1] + "5"), "target.address"),
        (replace(BITCOIN, address="tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"), "target.address"),
        (replace(BITCOIN, address=""), "target.address"),
        (replace(BITCOIN, memo="7"), "target.memo"),
        (replace(RIPPLE, address=RIPPLE.address[:-1] + "w"), "target.address"),
        (replace(RIPPLE, memo=None), "target.memo"),
        (replace(RIPPLE, memo=""), "target.memo"),
        (replace(RIPPLE, memo="4294967296"), "target.memo"),
        (PayoutTarget(XRP, X_WITHOUT_TAG, None), "target.memo"),
        (PayoutTarget(XRP, X_WITH_TAG_1, "2"), "target.memo"),
        (PayoutTarget(BTC, RIPPLE.address, None), "target.address"),
        (PayoutTarget(USDT_TRON, BITCOIN.address, None), "target.address"),
    ],
)
def test_a_destination_that_money_would_not_reach_is_refused(
    ready: World, target: PayoutTarget, field: str
) -> None:
    refusal = refused(ready, target)
    assert fields(refusal) == [field]
    assert target.address == "" or target.address not in str(refusal)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("field", ["address", "memo"])
def test_a_pasted_secret_is_neither_kept_nor_repeated(
    ready: World,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    *,
    name: str,
    field: str,
) -> None:
    """Not in the error, the log or any table; and the owner is told that it was a secret."""
    caplog.set_level(logging.DEBUG)
    secret = SECRETS[name]
    target = replace(RIPPLE, address=secret) if field == "address" else replace(RIPPLE, memo=secret)
    refusal = refused(ready, target)
    assert fields(refusal) == [f"target.{field}"]
    told = capsys.readouterr()
    shown = [str(refusal), repr(refusal), repr(refusal.problems), caplog.text, told.out, told.err]
    core = secret.removeprefix("0x")
    assert not [text for text in shown if core in text]
    assert "must never be given to anyone" in str(refusal)
    assert "not stored" in str(refusal)
    for table in tables(ready._reader()):
        found = value(ready, f"SELECT coalesce(string_agg(row::text, ' '), '') FROM {table} AS row")
        assert core not in found, table


@pytest.mark.parametrize("why", ["not sold", "not at a fixed rate", "not listed", "not by us"])
def test_a_coin_that_cannot_be_had_is_refused(ready: World, why: str) -> None:
    """Money is never taken for what cannot be paid out."""
    listings = ready.fake_swaps.market.listings
    if why == "not by us":
        change(ready, "UPDATE currencies SET payout_enabled = false WHERE id = 'btc:btc'")
    elif why == "not listed":
        del listings[BTC.id]
    elif why == "not sold":
        listings[BTC.id] = replace(listings[BTC.id], can_be_bought=False)
    else:
        listings[BTC.id] = replace(listings[BTC.id], supports_fixed_rate=False)
    refresh_currencies(ready, 2)
    assert fields(refused(ready, BITCOIN)) == ["target.asset"]


def test_nothing_is_offered_before_the_provider_was_asked(world: World) -> None:
    for chat_id in (OPEN.chat_id, CLOSED.chat_id):
        world.fake_messenger.add_chat(chat_id)
    assert fields(refused(world, BITCOIN)) == ["target.asset"]


@pytest.mark.parametrize("asset_id", ["eth:eth", "usdt:eth", "usdc:bsc", "eth:base"])
@pytest.mark.parametrize("whose", ["the host wallet", "the token's contract"])
def test_our_own_addresses_are_no_owners_wallet(ready: World, asset_id: str, whose: str) -> None:
    """On no network of the same kind of addresses, in whatever letters."""
    ready.set_policy(usdt_contract=USDT_CONTRACT)
    address = ready.policy.host_wallet if whose == "the host wallet" else USDT_CONTRACT
    for written in (address, address.lower()):
        target = PayoutTarget(asset_of(asset_id), written, None)
        assert fields(refused(ready, target)) == ["target.address"]
