import argparse
import signal
from pathlib import Path

from tests.sandbox.postgres import running_postgres


def main() -> int:
    """Run a server until we are told to end, or it ends by itself (which is a failure)."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.postgres")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--not-durable", action="store_true", help="fast; unsafe if power fails")
    options = parser.parse_args()
    with running_postgres(options.data, options.port, durable=not options.not_durable) as server:
        awaited = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
        print(server.url, flush=True)
        received = signal.sigwait(awaited)
    return 1 if received == signal.SIGCHLD else 0


if __name__ == "__main__":
    raise SystemExit(main())
