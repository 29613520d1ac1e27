import argparse
import signal
import sys
from pathlib import Path

import uvicorn

from tests.sandbox.ethereum.anvil import HOST, AnvilOptions
from tests.sandbox.ethereum.app import ethereum_app


def main() -> None:
    """Run the chain until SIGTERM; to end before is a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.ethereum")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--anvil-port", type=int, required=True)
    parser.add_argument("--chain-id", type=int, default=31337)
    parser.add_argument(
        "--block-seconds", type=float, default=1.0, help="0: blocks only when ordered"
    )
    parser.add_argument("--state", type=Path, required=True, help="kept from run to run")
    options = parser.parse_args()
    anvil = AnvilOptions(options.anvil_port, options.chain_id, options.state.resolve())
    app = ethereum_app(anvil, options.block_seconds)
    # Once it has shut down, uvicorn repeats the signal for whoever handled it before.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1 if app.state.failed else 0))
    # Requests that a fault holds back must not delay the end.
    uvicorn.run(
        app,
        host=HOST,
        port=options.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
        # As long as nodes keep connections: a client must not lose its request to a closing one.
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
