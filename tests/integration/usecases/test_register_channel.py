"""What an owner may register: every rule names its field, and a refusal writes nothing."""

from dataclasses import replace
from typing import Any

import pytest

from shared_lib.domain.money import ETH, Asset
from shared_lib.domain.offer import Chat, ChatRole, PayoutTarget, Strategy
from shared_lib.ports import Person
from shared_lib.usecases.register_channel import (
    InvalidChannelError,
    NewChannel,
    NewTier,
    register_channel,
)
from tests.integration.usecases.support import column, value
from tests.world import OWNER, World

OPEN = Chat(-1_001_000_000_101, ChatRole.OPEN, "Open", "")
CLOSED = Chat(-1_001_000_000_102, ChatRole.CLOSED, "Closed", "Signals")
ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
GOOD = NewChannel(
    owner=Person(OWNER, "Owner", None, None),
    open_chat=OPEN,
    closed_chat=CLOSED,
    tiers=(NewTier(999, 30),),
    strategy=Strategy.INSTANT,
    threshold_cents=None,
    target=PayoutTarget(ETH, ADDRESS, None),
)
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a basic group": ({"open_chat": replace(OPEN, chat_id=-4_000)}, "open_chat.chat_id"),
    "a person": ({"closed_chat": replace(CLOSED, chat_id=OWNER)}, "closed_chat.chat_id"),
    "one chat twice": (
        {"closed_chat": replace(CLOSED, chat_id=OPEN.chat_id)},
        "closed_chat.chat_id",
    ),
    "no title": ({"open_chat": replace(OPEN, title="")}, "open_chat.title"),
    "a long title": ({"closed_chat": replace(CLOSED, title="x" * 101)}, "closed_chat.title"),
    "a long text": (
        {"closed_chat": replace(CLOSED, description="x" * 501)},
        "closed_chat.description",
    ),
    "no tier": ({"tiers": ()}, "tiers"),
    "four tiers": ({"tiers": (NewTier(999, 30),) * 4}, "tiers"),
    "too cheap": ({"tiers": (NewTier(999, 30), NewTier(498, 30))}, "tiers[1].price_cents"),
    "too dear": ({"tiers": (NewTier(1_000_000, 30),)}, "tiers[0].price_cents"),
    "no days": ({"tiers": (NewTier(999, 0),)}, "tiers[0].days"),
    "too many days": ({"tiers": (NewTier(999, 1_000),)}, "tiers[0].days"),
    "a useless threshold": ({"threshold_cents": 5_000}, "threshold_cents"),
    "a strategy that cannot be paid here": (
        {"strategy": Strategy.THRESHOLD, "threshold_cents": 5_000},
        "strategy",
    ),
    "another network": (
        {"target": PayoutTarget(Asset("trx", "trx", 6), ADDRESS, None)},
        "target.asset",
    ),
    "a memo": ({"target": PayoutTarget(ETH, ADDRESS, "77")}, "target.memo"),
    "no address": ({"target": PayoutTarget(ETH, "wallet", None)}, "target.address"),
    "a wrong checksum": (
        {"target": PayoutTarget(ETH, ADDRESS.replace("E", "e", 1), None)},
        "target.address",
    ),
    "a private key": ({"target": PayoutTarget(ETH, "0x" + "ab" * 32, None)}, "target.address"),
}


@pytest.fixture
def ready(world: World) -> World:
    """A world whose bot is an administrator of the chats."""
    for chat_id in (OPEN.chat_id, CLOSED.chat_id, -4_000, OWNER):
        world.fake_messenger.add_chat(chat_id)
    return world


def problems(world: World, new: NewChannel) -> list[str]:
    """The fields that a refusal names."""
    with pytest.raises(InvalidChannelError) as refused:
        register_channel(world, new)
    return [problem.field for problem in refused.value.problems]


def assert_nothing_written(world: World) -> None:
    for table in ("channels", "channel_chats", "tiers", "offer_links", "accounts", "audit_log"):
        assert value(world, f"SELECT count(*) FROM {table}") == 0, table


@pytest.mark.parametrize("case", BAD)
def test_a_rule_that_is_broken_names_its_field(ready: World, case: str) -> None:
    changes, field = BAD[case]
    assert field in set(problems(ready, replace(GOOD, **changes)))
    assert_nothing_written(ready)


def test_all_problems_are_named_at_once(ready: World) -> None:
    changes = {**BAD["no title"][0], **BAD["no days"][0], **BAD["a memo"][0]}
    found = problems(ready, replace(GOOD, **changes))
    assert set(found) == {"open_chat.title", "tiers[0].days", "target.memo"}


@pytest.mark.parametrize("missing", ["can_invite_users", "can_restrict_members"])
def test_a_right_that_the_bot_lacks_is_named(ready: World, missing: str) -> None:
    rights = frozenset({"can_invite_users", "can_restrict_members"}) - {missing}
    ready.fake_messenger.chats[CLOSED.chat_id].bot_rights = rights
    with pytest.raises(InvalidChannelError, match=missing):
        register_channel(ready, GOOD)
    assert_nothing_written(ready)


def test_a_good_channel_is_written_whole(ready: World) -> None:
    lower = replace(GOOD, target=PayoutTarget(ETH, ADDRESS.lower(), None))
    registered = register_channel(ready, lower)
    assert column(ready, "SELECT id FROM channels") == [registered.channel_id]
    assert column(ready, "SELECT payout_address FROM channels") == [ADDRESS]
    assert column(ready, "SELECT id FROM offer_links") == list(registered.offer_links)
    assert sorted(column(ready, "SELECT chat_id FROM channel_chats")) == [
        CLOSED.chat_id,
        OPEN.chat_id,
    ]
    assert column(ready, "SELECT actor FROM audit_log") == [f"telegram:{OWNER}"]


@pytest.mark.parametrize("field", ["open_chat", "closed_chat"])
def test_no_chat_is_registered_twice(ready: World, field: str) -> None:
    register_channel(ready, GOOD)
    other = -1_001_000_000_999
    ready.fake_messenger.add_chat(other)
    kept = {"open_chat": "closed_chat", "closed_chat": "open_chat"}[field]
    chat = replace(getattr(GOOD, kept), chat_id=other)
    changed: dict[str, Any] = {kept: chat, "owner": Person(OWNER + 9, "Other", None, None)}
    assert problems(ready, replace(GOOD, **changed)) == [f"{field}.chat_id"]
    assert value(ready, "SELECT count(*) FROM channels") == 1


def test_an_owner_has_one_account_with_ten_channels_at_most(ready: World) -> None:
    for number in range(11):
        open_id, closed_id = -1_001_000_001_000 - number, -1_001_000_002_000 - number
        ready.fake_messenger.add_chat(open_id)
        ready.fake_messenger.add_chat(closed_id)
        new = replace(
            GOOD,
            open_chat=replace(OPEN, chat_id=open_id),
            closed_chat=replace(CLOSED, chat_id=closed_id),
        )
        if number < 10:
            register_channel(ready, new)
        else:
            assert problems(ready, new) == ["owner"]
    assert value(ready, "SELECT count(*) FROM accounts") == 1
    assert value(ready, "SELECT count(*) FROM channels") == 10
