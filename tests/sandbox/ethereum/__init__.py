"""A local Ethereum chain: real `anvil`, and in front of it a JSON-RPC proxy that answers as geth.

    python -m tests.sandbox.ethereum --port 8545 --anvil-port 8546 --chain-id 31337 \
        --block-seconds 1 --state build/ethereum.json

`anvil.py` is the node's process and `node.py` the client of it; `chain.py` mines, funds and
reorganises; `transactions.py` reads raw transactions and `rules.py` says which of them geth would
refuse; `mempool.py` takes or hides them, `waiting.py`
keeps what is too cheap for the moment; `rpc.py` answers requests, `lag.py` as a node that is
behind; `control.py` is what a test may order under `/_sandbox`; `launcher.py` starts all of it.
`tokens` has the ERC-20 contracts.
"""
