"""Duplicates and nonsense that the database itself refuses, whatever the code does."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pg8000.native import Connection

from tests.databases import error_of
from tests.integration.valid_rows import HASH, LATER, NOW, UNWATCHED, add, fresh_hash

UNIQUE, EXCLUDED, CHECK, NO_PARENT = "23505", "23P01", "23514", "23503"
DAY = timedelta(days=1)


def refusal(connection: Connection, table: str, **changes: Any) -> tuple[str, str]:
    """By which kind of rule, and by the rule of which name, the row is refused."""
    error = error_of(lambda: add(connection, table, **changes))
    return error["C"], error["n"]


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "is_free"),
    [
        pytest.param(NOW + DAY, NOW + 2 * DAY, True, id="right after"),
        pytest.param(NOW - DAY, NOW, True, id="right before"),
        pytest.param(NOW, LATER, False, id="the same"),
        pytest.param(NOW + DAY / 2, NOW + 2 * DAY, False, id="from its middle"),
        pytest.param(NOW - DAY, None, False, id="for life"),
        pytest.param(NOW + DAY, None, True, id="for life afterwards"),
    ],
)
def test_periods_of_one_membership_never_overlap(
    application_connection: Connection,
    starts_at: datetime,
    ends_at: datetime | None,
    is_free: bool,
) -> None:
    member = add(application_connection, "membership_periods")["membership_id"]
    row = {"membership_id": member, "starts_at": starts_at, "ends_at": ends_at}
    if is_free:
        add(application_connection, "membership_periods", **row)
    else:
        refused = refusal(application_connection, "membership_periods", **row)
        assert refused == (EXCLUDED, "periods_never_overlap")


def test_periods_of_two_memberships_may_overlap(application_connection: Connection) -> None:
    add(application_connection, "membership_periods")
    add(application_connection, "membership_periods")


def test_nothing_follows_access_for_life(application_connection: Connection) -> None:
    first = add(application_connection, "membership_periods", ends_at=None)
    row = {"membership_id": first["membership_id"], "starts_at": LATER, "ends_at": LATER + DAY}
    assert refusal(application_connection, "membership_periods", **row)[0] == EXCLUDED


def test_a_payment_grants_one_period(application_connection: Connection) -> None:
    payment = add(application_connection, "payments")["id"]
    add(application_connection, "membership_periods", payment_id=payment)
    refused = refusal(application_connection, "membership_periods", payment_id=payment)
    assert refused == (UNIQUE, "membership_periods_payment_id_key")


def test_a_chat_is_used_once_in_the_system(application_connection: Connection) -> None:
    """Not by another channel, and not as the same channel's other chat."""
    first = add(application_connection, "channel_chats")
    chat = first["chat_id"]
    assert refusal(application_connection, "channel_chats", chat_id=chat)[0] == UNIQUE
    other_role = {"chat_id": chat, "channel_id": first["channel_id"], "role": "open"}
    assert refusal(application_connection, "channel_chats", **other_role)[0] == UNIQUE


@pytest.mark.parametrize("chat_id", [1, -1, -100, -987_654_321, -1_000_000_000_000, -2 * 10**12])
def test_only_channels_and_supergroups_are_sold(
    application_connection: Connection, chat_id: int
) -> None:
    assert refusal(application_connection, "channel_chats", chat_id=chat_id)[0] == CHECK


def test_a_person_has_one_open_order_per_tier_and_kind(application_connection: Connection) -> None:
    first = add(application_connection, "orders")
    same = {name: first[name] for name in ("telegram_user_id", "channel_id", "tier_id")}
    assert refusal(application_connection, "orders", **same) == (UNIQUE, "orders_open")
    add(application_connection, "orders", **same, state="paid", **UNWATCHED)
    tier = add(application_connection, "tiers")["id"]
    add(application_connection, "orders", **(same | {"tier_id": tier}))
    donation = same | {"kind": "donation", "tier_id": None, "days": None}
    for _ in range(2):  # of a donation there can be several at a time
        add(application_connection, "orders", **donation)


@pytest.mark.parametrize("changes", [{"days": 30}, {"price_cents": 498}, {"price_cents": 10**6}])
def test_a_donation_has_no_days_and_its_own_limits(
    application_connection: Connection, changes: dict[str, int]
) -> None:
    donation = {"kind": "donation", "tier_id": None, "days": None} | changes
    assert refusal(application_connection, "orders", **donation)[0] == CHECK


def test_a_channel_has_one_message_of_each_kind(application_connection: Connection) -> None:
    channel = add(application_connection, "broadcasts")["channel_id"]
    assert refusal(application_connection, "broadcasts", channel_id=channel)[0] == UNIQUE
    button = {"kind": "donation", "link_id": "x" * 22, "channel_id": channel}
    add(application_connection, "broadcasts", **button)
    other = add(application_connection, "channels")["id"]
    taken = button | {"channel_id": other}
    assert refusal(application_connection, "broadcasts", **taken)[0] == UNIQUE


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "donation"},
        {"link_id": "x" * 22},
        {"look_at": None},
        {"paused_at": NOW},
        {"refusals": 6},
        {"message_id": 0},
    ],
)
def test_what_is_no_message_in_a_chat_is_refused(
    application_connection: Connection, changes: dict[str, Any]
) -> None:
    assert refusal(application_connection, "broadcasts", **changes)[0] == CHECK


def test_the_provider_names_each_payment_once(application_connection: Connection) -> None:
    number = add(application_connection, "payments")["provider_payment_id"]
    refused = refusal(application_connection, "payments", provider_payment_id=number)
    assert refused == (UNIQUE, "payments_provider_payment_id_key")


def test_one_deposit_counts_for_one_payment(application_connection: Connection) -> None:
    seen = {"deposit_hash": HASH, "deposit_seen_at": NOW}
    add(application_connection, "payments", **seen)
    refused = refusal(application_connection, "payments", **seen)
    assert refused == (UNIQUE, "payments_deposit_hash_key")


@pytest.mark.parametrize(
    "receipt",
    [
        {"received": 10},
        {"received": 10, "received_asset": "eth:eth", "finished_at": NOW},
        {"received": 10, "received_asset": "eth:eth", "fee": 11, "finished_at": NOW},
        {"received": 0, "received_asset": "eth:eth", "fee": 0, "finished_at": NOW},
        {"received": 10, "received_asset": "eth:eth", "fee": -1, "finished_at": NOW},
    ],
)
def test_a_receipt_is_whole_and_its_fee_is_a_part_of_it(
    application_connection: Connection, receipt: dict[str, Any]
) -> None:
    assert refusal(application_connection, "payments", **receipt)[0] == CHECK


def test_a_payment_has_one_share(application_connection: Connection) -> None:
    payment = add(application_connection, "shares")["payment_id"]
    refused = refusal(application_connection, "shares", payment_id=payment)
    assert refused == (UNIQUE, "shares_payment_id_key")


@pytest.mark.parametrize("kind", ["payment", "dust", "refund"])
def test_a_share_is_of_a_payment_or_the_residue_of_a_payout(
    application_connection: Connection, kind: str
) -> None:
    of_payment = {"payment_id": add(application_connection, "payments")["id"], "residue_of": None}
    residue = {"payment_id": None, "residue_of": add(application_connection, "payouts")["id"]}
    right, wrong = (of_payment, residue) if kind == "payment" else (residue, of_payment)
    assert refusal(application_connection, "shares", kind=kind, **wrong)[0] == CHECK
    both = of_payment | {"residue_of": residue["residue_of"]}
    assert refusal(application_connection, "shares", kind=kind, **both)[0] == CHECK
    neither = {"payment_id": None, "residue_of": None}
    assert refusal(application_connection, "shares", kind=kind, **neither)[0] == CHECK
    add(application_connection, "shares", kind=kind, **right)


@pytest.mark.parametrize("state", ["creating", "live"])
def test_an_order_has_one_invite_under_way(application_connection: Connection, state: str) -> None:
    link = {"link": "https://t.me/+a", "link_expires_at": LATER}
    first = add(application_connection, "invites", state=state, **link)
    same = {"order_id": first["order_id"], "membership_id": first["membership_id"]}
    assert refusal(application_connection, "invites", **same) == (UNIQUE, "invites_live")
    add(application_connection, "invites", **same, state="used", **UNWATCHED)


def test_a_payment_has_one_invite(application_connection: Connection) -> None:
    first = add(application_connection, "invites", state="used", **UNWATCHED)
    refused = refusal(application_connection, "invites", payment_id=first["payment_id"])
    assert refused == (UNIQUE, "invites_payment_id_key")


def test_two_invites_never_have_the_same_name(application_connection: Connection) -> None:
    name = add(application_connection, "invites")["name"]
    assert refusal(application_connection, "invites", name=name) == (UNIQUE, "invites_name_key")


def test_a_request_to_join_is_stored_once(application_connection: Connection) -> None:
    first = add(application_connection, "join_requests")
    same = {"chat_id": first["chat_id"], "telegram_user_id": first["telegram_user_id"]}
    assert refusal(application_connection, "join_requests", **same)[0] == UNIQUE
    add(application_connection, "join_requests", **same, requested_at=LATER)


def test_a_channel_has_one_unfunded_payout(application_connection: Connection) -> None:
    channel = add(application_connection, "payouts", funded_at=NOW)["channel_id"]
    add(application_connection, "payouts", channel_id=channel)
    refused = refusal(application_connection, "payouts", channel_id=channel)
    assert refused == (UNIQUE, "payouts_unfunded")


def test_a_share_is_in_one_payout_until_it_is_released(application_connection: Connection) -> None:
    share = add(application_connection, "payout_shares", released_at=NOW)["share_id"]
    add(application_connection, "payout_shares", share_id=share)
    refused = refusal(application_connection, "payout_shares", share_id=share)
    assert refused == (UNIQUE, "payout_shares_once")


IN_CHAIN = {
    "nonce": 0,
    "mined_hash": HASH,
    "mined_block": 1,
    "mined_block_hash": HASH,
    "mined_succeeded": False,
    "gas_paid": 1,
}


@pytest.mark.parametrize(
    ("state", "is_free"), [("cancelled", True), ("reverted", True), ("confirmed", False)]
)
def test_a_payout_has_one_transfer_unless_the_chain_gave_the_money_back(
    application_connection: Connection, state: str, is_free: bool
) -> None:
    first = add(application_connection, "transfers", state=state, **IN_CHAIN, **UNWATCHED)
    again = {"payout_id": first["payout_id"]}
    if is_free:
        add(application_connection, "transfers", **again)
    refused = refusal(application_connection, "transfers", **again)
    assert refused == (UNIQUE, "transfers_once")


def test_a_nonce_of_a_wallet_is_given_to_one_transfer(application_connection: Connection) -> None:
    row = {"state": "signing", "nonce": 7}
    wallet = add(application_connection, "transfers", **row)["wallet_address"]
    refused = refusal(application_connection, "transfers", wallet_address=wallet, **row)
    assert refused == (UNIQUE, "transfers_wallet_address_nonce_key")
    add(application_connection, "transfers", **row)


def test_a_transfer_is_first_sent_once_and_may_be_bumped(
    application_connection: Connection,
) -> None:
    transfer = add(application_connection, "transfer_attempts")["transfer_id"]
    refused = refusal(application_connection, "transfer_attempts", transfer_id=transfer)
    assert refused == (UNIQUE, "transfer_attempts_first")
    for _ in range(2):
        add(application_connection, "transfer_attempts", transfer_id=transfer, kind="bump")


def test_a_hash_is_of_one_attempt(application_connection: Connection) -> None:
    row = {"hash": fresh_hash()}
    add(application_connection, "transfer_attempts", **row)
    refused = refusal(application_connection, "transfer_attempts", **row)
    assert refused == (UNIQUE, "transfer_attempts_hash_key")


def test_a_slot_of_a_tick_runs_once(application_connection: Connection) -> None:
    add(application_connection, "ticks", slot=1)
    assert refusal(application_connection, "ticks", slot=1) == (UNIQUE, "ticks_pkey")
    add(application_connection, "ticks", name="audit_books", slot=1)


def test_a_subject_has_one_open_review_item_per_reason(application_connection: Connection) -> None:
    first = add(application_connection, "review_items", closed_at=NOW)
    subject = {"subject_id": first["subject_id"]}
    add(application_connection, "review_items", **subject)
    refused = refusal(application_connection, "review_items", **subject)
    assert refused == (UNIQUE, "review_items_open")
    add(application_connection, "review_items", **subject, reason="paid_in_part")


@pytest.mark.parametrize(
    "changes", [{"id": "eth:usdt"}, {"ticker": "USDT"}, {"decimals": 37}, {"decimals": -1}]
)
def test_a_currency_is_named_by_ticker_and_network(
    owner_connection: Connection, changes: dict[str, Any]
) -> None:
    assert refusal(owner_connection, "currencies", **changes)[0] == CHECK


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("shares", "asset"),
        ("payouts", "asset"),
        ("payouts", "destination_asset"),
        ("swaps", "sold_asset"),
        ("swaps", "bought_asset"),
        ("transfers", "asset"),
        ("reservations", "asset"),
    ],
)
def test_an_amount_is_of_a_known_currency(
    application_connection: Connection, table: str, column: str
) -> None:
    """The ticker of a coin that is known, on a network where it is not."""
    unknown = {column: "doge:eth"}
    assert refusal(application_connection, table, **unknown)[0] == NO_PARENT


@pytest.mark.parametrize("table", ["shares", "transfers", "reservations"])
@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_is_no_amount(
    application_connection: Connection, table: str, amount: int
) -> None:
    assert refusal(application_connection, table, amount=amount)[0] == CHECK


@pytest.mark.parametrize(
    "table", ["orders", "invites", "join_requests", "swaps", "transfers", "notices"]
)
def test_a_lease_has_a_holder_and_an_end(application_connection: Connection, table: str) -> None:
    assert refusal(application_connection, table, claim_token=uuid4())[0] == CHECK
    assert refusal(application_connection, table, claimed_until=NOW)[0] == CHECK
