"""Short histories of owners who collect, in which a planted mistake does harm."""

from shared_lib.domain.money import ETH, USDT, Money, parse_amount
from shared_lib.domain.offer import PayoutTarget
from shared_lib.events import PayoutRequested
from tests.integration.usecases.support import ANN, BEN, buy, change, column, stop_before, value
from tests.integration.usecases.swap_support import pass_minutes
from tests.planted.stage import Stage, ensure, finish, sound
from tests.world import Shop

TETHER_WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER_WALLET = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"


def _shop(stage: Stage, number: int = 1) -> Shop:
    target = PayoutTarget(USDT, TETHER_WALLET, None)
    return stage.open_shop(number, target=target, threshold_cents=2_000)


def _least(stage: Stage, ether: str) -> None:
    stage.fake_swaps.market.set_limits(parse_amount(ether, ETH), USDT)


def _pooled(stage: Stage, amounts: tuple[str, str]) -> str:
    """Two owners' money in one funded exchange, which is this one."""
    stage.top_up()
    stage.exchanges_go_on = False
    shops = [_shop(stage), _shop(stage, 2)]
    stage.fake_swaps.market.withdraw(ETH, USDT)
    for shop, amount, buyer in zip(shops, amounts, (ANN, BEN), strict=True):
        buy(stage, shop, buyer, amount)
    pass_minutes(stage, 5)
    stage.fake_swaps.market.restore(ETH, USDT)
    stage.clock.pass_time(3_700)
    pass_minutes(stage, 10)
    [exchange] = stage.fake_swaps.funded
    return exchange


def _parts(stage: Stage) -> list[int]:
    """What is held of each payment, in the order of the channels' numbers."""
    return column(
        stage,
        "SELECT s.amount FROM shares s JOIN channel_chats c ON c.channel_id = s.channel_id "
        "WHERE c.role = 'open' AND s.state IN ('held', 'pending') ORDER BY c.chat_id DESC",
    )


def one_conversion(stage: Stage) -> None:
    """Bought, converted, and held below the threshold."""
    stage.top_up()
    stage.fake_chain.base_fee = 10**8
    shop = _shop(stage)
    buy(stage, shop)
    pass_minutes(stage, 10)
    stage.deliver(PayoutRequested(channel_id=shop.channel_id))
    pass_minutes(stage, 10)
    sound(stage)
    held = stage.fake_chain.held(TETHER_WALLET, USDT)
    ensure(held == 0, "money went out that has not reached its threshold", held)
    [part] = _parts(stage)
    ensure(part == 8_407_500, "another amount is held than came of it", part)


def two_owners_in_a_pool(stage: Stage) -> None:
    """They gave 1 and 2 parts, of a sum that does not divide."""
    exchange = _pooled(stage, ("0.0008", "0.0016"))
    stage.fake_swaps.finish(exchange, Money(5_000_000, USDT))
    pass_minutes(stage, 10)
    sound(stage)
    parts = _parts(stage)
    ensure(parts == [1_666_667, 3_333_333], "an owner got another part than was given", parts)


def a_conversion_that_brings_less(stage: Stage) -> None:
    """The provider says what was promised, and sends less; what came is what counts."""
    exchange = _pooled(stage, ("0.0025", "0.0025"))
    fake = stage.fake_swaps
    fake.finish(exchange, Money(9_000_000, USDT))
    fake.advance(exchange, "finished", bought=fake.exchanges[exchange].promised)
    pass_minutes(stage, 10)
    sound(stage)
    ensure(sum(_parts(stage)) == 9_000_000, "more is held than came", _parts(stage))


def one_arrival_for_two_conversions(stage: Stage) -> None:
    """The second names the transaction of the first, and nothing has come for it."""
    stage.top_up()
    shop = _shop(stage)
    buy(stage, shop)
    pass_minutes(stage, 10)
    counted = value(stage, "SELECT payout_hash FROM swaps")
    stage.exchanges_go_on = False
    buy(stage, shop, BEN)
    pass_minutes(stage, 10)
    exchange = stage.fake_swaps.funded[-1]
    promised = stage.fake_swaps.exchanges[exchange].promised
    stage.fake_swaps.advance(exchange, "finished", bought=promised, payout_hash=counted)
    pass_minutes(stage, 10)
    sound(stage)
    stage.fake_swaps.advance(exchange, "sending", payout_hash=None)
    stage.fake_swaps.finish(exchange)
    pass_minutes(stage, 10)
    sound(stage)


def a_conversion_that_comes_back_short(stage: Stage) -> None:
    """Each owner loses in proportion to what they gave."""
    exchange = _pooled(stage, ("0.0008", "0.0016"))
    _least(stage, "1")
    stage.fake_swaps.refund(exchange, 300)
    pass_minutes(stage, 10)
    sound(stage)
    parts = _parts(stage)
    given = [68 * 10**13, 136 * 10**13]
    losses = [gave - kept for gave, kept in zip(given, parts, strict=True)]
    ensure(losses == [100, 200], "an owner lost another part than was given", losses)


def an_owner_who_collects_and_moves(stage: Stage) -> None:
    """The wallet is changed while a payout of held money forms."""
    stage.top_up()
    shop = _shop(stage)
    for buyer in range(2):
        buy(stage, shop, ANN + buyer)
        pass_minutes(stage, 6)
    buy(stage, shop, ANN + 2)
    event = stop_before(stage, "transfer.requested")
    while value(stage, "SELECT count(*) FROM shares WHERE state = 'locked'") == 0:
        stage.deliver(event)
        event = stop_before(stage, "transfer.requested")
    change(stage, f"UPDATE channels SET payout_address = '{OTHER_WALLET}'")
    stage.deliver(event)
    finish(stage)
    held = stage.fake_chain.held(OTHER_WALLET, USDT)
    ensure(held == 3 * 8_407_500, "the owner got another amount than is owed", held)


THRESHOLD_SCENARIOS = {
    act.__name__: act
    for act in (
        one_conversion,
        two_owners_in_a_pool,
        a_conversion_that_brings_less,
        one_arrival_for_two_conversions,
        a_conversion_that_comes_back_short,
        an_owner_who_collects_and_moves,
    )
}
