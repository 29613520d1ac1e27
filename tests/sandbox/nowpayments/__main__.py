"""Run the stand-in: `python -m tests.sandbox.nowpayments --port P --state FILE …`."""

import argparse
import os
import re
from pathlib import Path

import uvicorn

from tests.sandbox.nowpayments.app import build
from tests.sandbox.nowpayments.world import Settings

SECRETS = (
    "NOWPAYMENTS_API_KEY",
    "NOWPAYMENTS_IPN_SECRET",
    "NOWPAYMENTS_EMAIL",
    "NOWPAYMENTS_PASSWORD",
)


def _address(given: str) -> str:
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", given):
        raise argparse.ArgumentTypeError("not an Ethereum address")
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.sandbox.nowpayments", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, required=True)
    add("--state", type=Path, required=True, help="SQLite file, made if it is not there")
    add("--rpc", default="http://127.0.0.1:8545", help="JSON-RPC with unlocked accounts")
    add("--merchant-wallet", type=_address, required=True, help="where deposits go, 0x…")
    add("--payer-index", type=int, default=5, help="which of eth_accounts pays deposits")
    add("--settlement-currency", choices=["eth", "usdterc20"], default="eth")
    add("--token-contract", help="token of deposits, needed for usdterc20")
    add("--pace", type=float, default=0.3, help="average seconds between two statuses")
    add("--public-url", help="base of invoice_url; default: where it listens")
    return parser


def _settings() -> Settings:
    parser = _parser()
    given = parser.parse_args()
    missing = [name for name in SECRETS if not os.environ.get(name, "").strip()]
    if missing:
        parser.error(f"not in the environment: {', '.join(missing)}")
    if (given.settlement_currency == "eth") != (given.token_contract is None):
        parser.error("--token-contract belongs to --settlement-currency usdterc20")
    api_key, ipn_secret, email, password = (os.environ[name].strip() for name in SECRETS)
    return Settings(
        host=given.host,
        port=given.port,
        state=given.state,
        api_key=api_key,
        ipn_secret=ipn_secret,
        email=email,
        password=password,
        rpc_url=given.rpc,
        merchant_wallet=given.merchant_wallet,
        public_url=(given.public_url or f"http://{given.host}:{given.port}").rstrip("/"),
        payer_index=given.payer_index,
        settlement_currency=given.settlement_currency,
        token_contract=given.token_contract,
        pace=given.pace,
    )


def main() -> None:
    """Serve until interrupted."""
    settings = _settings()
    uvicorn.run(
        build(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
