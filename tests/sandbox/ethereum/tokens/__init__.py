"""The sandbox's ERC-20 tokens, at the addresses that they have on the main network.

`*.sol` are their contracts, `compile.cjs` compiles them once, which `compiler.py` remembers, and
`contracts.py` puts their code into the node, makes tokens, and turns the contracts' switches.
"""
