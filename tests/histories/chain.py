"""What the node and the chain do."""

from shared_lib.ports import BroadcastResult
from tests.fakes.chain import FAUCET, GWEI
from tests.histories.machine import Machine, rule

# What is this deep is never undone; a deeper reorganisation is beyond what confirmations are for.
DEEPEST_REORG = 2
CALM = GWEI


@rule(9)
def mine_a_block(machine: Machine) -> bool:
    machine.world.fake_chain.mine(machine.dice.randint(1, 3))
    return True


@rule(1, quiet=True)
def hide_the_next_broadcasts(machine: Machine) -> bool:
    """The node takes them, and nobody sees them."""
    machine.strike("transaction hidden")
    machine.world.fake_chain.hide_next(machine.dice.randint(1, 2))
    return True


@rule(6, quiet=True)
def release_what_was_hidden(machine: Machine) -> bool:
    chain = machine.world.fake_chain
    if not chain._hidden and not chain._hide:
        return False
    chain._hide = 0
    chain.release()
    return True


@rule(4)
def reorganise(machine: Machine) -> bool:
    """The newest blocks vanish; our transactions may be lost with them, others come again."""
    chain = machine.world.fake_chain
    is_dropped = machine.chance(50)
    machine.strike("reorganisation that drops" if is_dropped else "reorganisation")
    for tx_hash in chain.reorg(machine.dice.randint(1, DEEPEST_REORG), drop=is_dropped):
        tx = chain._ever_seen[tx_hash]
        if is_dropped and tx.sender == FAUCET:
            chain._put(tx)
    return True


@rule(3, quiet=True)
def forget_a_transaction(machine: Machine) -> bool:
    """No node has it any more."""
    ours = [tx for (sender, _), tx in machine.world.fake_chain._pool.items() if sender != FAUCET]
    if not ours:
        return False
    machine.strike("transaction forgotten")
    machine.world.fake_chain.forget(machine.pick(ours, lambda tx: tx.nonce).hash)
    return True


@rule(6, quiet=True)
def prefer_replaced_bytes(machine: Machine) -> bool:
    """A miner has an older transaction of a nonce, and takes that one."""
    chain = machine.world.fake_chain
    replaced = [
        tx_hash
        for tx_hash in chain.sent
        if (tx := chain._ever_seen.get(tx_hash)) is not None
        and (held := chain._pool.get((tx.sender, tx.nonce))) is not None
        and held.hash != tx_hash
    ]
    if not replaced:
        return False
    machine.strike("replaced bytes preferred")
    chain.prefer(machine.pick(replaced))
    return True


@rule(2, quiet=True)
def make_gas_dear(machine: Machine) -> bool:
    machine.strike("gas is dear")
    machine.world.fake_chain.base_fee = machine.dice.choice((3, 20, 100, 300)) * GWEI
    return True


@rule(12, quiet=True)
def make_gas_cheap(machine: Machine) -> bool:
    if machine.world.fake_chain.base_fee == CALM:
        return False
    machine.world.fake_chain.base_fee = CALM
    return True


@rule(2, quiet=True)
def let_the_node_lag(machine: Machine) -> bool:
    lag = machine.dice.choice((0, 0, 1, 2, 5))
    if lag == machine.world.fake_chain.lag:
        return False
    machine.strike("node lags")
    machine.world.fake_chain.lag = lag
    return True


@rule(1, quiet=True)
def stop_the_node(machine: Machine) -> bool:
    chain = machine.world.fake_chain
    if chain.down:
        return False
    machine.strike("node down")
    chain.down = True
    chain.retry_after_seconds = machine.dice.choice((0, 0, 300))
    return True


@rule(20, quiet=True)
def start_the_node(machine: Machine) -> bool:
    chain = machine.world.fake_chain
    if not chain.down:
        return False
    chain.down = False
    return True


@rule(1, quiet=True)
def lose_the_answer_to_a_broadcast(machine: Machine) -> bool:
    arrives = machine.chance(50)
    machine.strike("broadcast's answer lost" if arrives else "broadcast lost")
    machine.world.fake_chain.lose_next_answer(arrives=arrives)
    return True


@rule(1, quiet=True)
def refuse_a_broadcast(machine: Machine) -> bool:
    """The node says no, or something that is not so."""
    refusals = (
        BroadcastResult.REFUSED,
        BroadcastResult.NONCE_USED,
        BroadcastResult.ALREADY_KNOWN,
    )
    machine.strike("broadcast refused")
    machine.world.fake_chain.refuse_next(machine.dice.choice(refusals))
    return True


@rule(2)
def let_an_address_refuse_money(machine: Machine) -> bool:
    """An owner's contract, or a pay-in's, begins to revert: one that is on its way to be paid."""
    chain = machine.world.fake_chain
    ours = [one.address for some in machine.targets for one in some if one.address.startswith("0x")]
    sent = [tx.to for (sender, _), tx in chain._pool.items() if sender != FAUCET and tx.amount]
    chain.reverting.add(machine.pick(sent or ours))
    machine.strike("address refuses money")
    chain.mine(machine.dice.choice((0, 1)))
    return True


@rule(8, quiet=True)
def let_addresses_take_money(machine: Machine) -> bool:
    reverting = machine.world.fake_chain.reverting
    if not reverting:
        return False
    reverting.clear()
    return True


@rule(1)
def use_our_key(machine: Machine) -> bool:
    """Somebody else has it: a nonce is used by a transaction that we never made."""
    world, chain = machine.world, machine.world.fake_chain
    is_known = bool(world.kept_rows("SELECT address FROM wallets"))  # its nonces are counted
    if machine.foreign or not is_known or not machine.chance(10):
        return False
    wallet = world.policy.host_wallet
    nonce = chain._blocks[-1].accounts.next_nonce(wallet)
    machine.strike("wallet used by somebody else")
    machine.foreign[chain.spend_elsewhere(wallet, nonce)] = world.clock.now()
    chain.mine()
    return True
