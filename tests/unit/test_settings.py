"""A function with wrong settings says all that is wrong, by name, and shows no value."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared_lib.domain.money import ETH, USDT
from shared_lib.domain.policy import Policy
from shared_lib.runtime.policy import policy_from
from shared_lib.runtime.settings import (
    CallbackSettings,
    ChainSettings,
    Concern,
    DatabaseSettings,
    InvoiceSettings,
    PolicySettings,
    ProviderLoginSettings,
    ProviderSettings,
    PubSubSettings,
    PushSettings,
    SettingsError,
    SignerSettings,
    SwapSettings,
    TelegramSettings,
    WalletSettings,
    WebhookSettings,
    read_settings,
)

GOOD: dict[str, str] = {
    "DATABASE_URL": "postgresql://app:pa%24s-sesame@127.0.0.1:5432/funnel",
    "GOOGLE_CLOUD_PROJECT": "funnel-dev",
    "PUSH_AUDIENCE": "https://notify-1.europe-west1.run.app",
    "PUSH_SERVICE_ACCOUNT": "push@funnel-dev.iam.gserviceaccount.com",
    "NOWPAYMENTS_BASE_URL": "https://api.nowpayments.io/v1",
    "NOWPAYMENTS_API_KEY": "Q1W2E3R-sesame",
    "NOWPAYMENTS_EMAIL": "sesame@funnel.example",
    "NOWPAYMENTS_PASSWORD": "login-sesame",
    "NOWPAYMENTS_IPN_SECRET": "ipn-sesame",
    "CHANGENOW_BASE_URL": "https://api.changenow.io/v2",
    "CHANGENOW_API_KEY": "changenow-sesame",
    "TELEGRAM_BASE_URL": "https://api.telegram.org",
    "TELEGRAM_BOT_TOKEN": "7000000001:sesame-sesame-sesame",
    "TELEGRAM_WEBHOOK_SECRET": "webhook-sesame",
    "ETHEREUM_RPC_URL": "https://node.example/v3/sesame",
    "ETHEREUM_CHAIN_ID": "11155111",
    "HOST_WALLET_ADDRESS": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "HOST_WALLET_PRIVATE_KEY": "0x" + "5e" * 32,
    "PUBLIC_URL": "https://funnel.example/",
    "IPN_URL": "https://funnel.example/ipn",
}
ALL: tuple[type[Concern], ...] = (
    DatabaseSettings,
    PubSubSettings,
    PushSettings,
    ProviderSettings,
    ProviderLoginSettings,
    CallbackSettings,
    SwapSettings,
    TelegramSettings,
    WebhookSettings,
    ChainSettings,
    WalletSettings,
    SignerSettings,
    InvoiceSettings,
    PolicySettings,
)
USDT_CONTRACT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
SECRETS = ("sesame", "5e5e5e5e")


def problems(environ: Mapping[str, str], *concerns: type[Concern]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ, *(concerns or ALL))
    return caught.value.problems


def test_good_settings_are_read_and_trimmed() -> None:
    settings = read_settings({name: f" {value}\n" for name, value in GOOD.items()}, *ALL)
    assert settings.of(CallbackSettings).ipn_secret.get_secret_value() == "ipn-sesame"
    assert settings.of(InvoiceSettings).public_url == "https://funnel.example"
    assert settings.of(ChainSettings).confirmations == Policy().confirmations


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, "", " \n", "changeme", "<fill in>", "xxx", "${SECRET}"])
def test_each_setting_is_required_and_no_placeholder_counts(name: str, value: str | None) -> None:
    environ = {key: text for key, text in GOOD.items() if key != name}
    found = problems(environ if value is None else environ | {name: value})
    assert len(found) == 1
    assert name in found[0]


@pytest.mark.parametrize(
    "value", ["CHANGE_ME", "change-me-now", "your-secret", "YOUR_KEY", "TODO", "placeholder", "..."]
)
def test_placeholders_of_all_sorts_are_refused(value: str) -> None:
    found = problems(GOOD | {"NOWPAYMENTS_IPN_SECRET": value})
    assert found == ("NOWPAYMENTS_IPN_SECRET: holds a placeholder",)


def test_a_generated_secret_with_brackets_in_it_is_no_placeholder() -> None:
    read_settings(GOOD | {"NOWPAYMENTS_IPN_SECRET": "a8<Kz>3q$xxxTODO"}, CallbackSettings)


def test_all_problems_are_named_at_once() -> None:
    found = "\n".join(problems({}))
    assert [name for name in GOOD if name not in found] == []
    assert "CLOUD_SQL_INSTANCE" in found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://app:sesame@host/db"),
        ("DATABASE_URL", "postgresql://127.0.0.1:5432/funnel"),
        ("DATABASE_URL", "postgresql://app:sesame@host:99999/funnel"),
        ("NOWPAYMENTS_BASE_URL", "http://api.nowpayments.io/v1"),
        ("NOWPAYMENTS_BASE_URL", "api.nowpayments.io"),
        ("TELEGRAM_BASE_URL", "https://"),
        ("TELEGRAM_BASE_URL", "https://[sesame"),
        ("TELEGRAM_BOT_TOKEN", "sesame-without-digits"),
        ("TELEGRAM_WEBHOOK_SECRET", "sesame and spaces"),
        ("ETHEREUM_RPC_URL", "ftp://node.example/sesame"),
        ("ETHEREUM_CHAIN_ID", "sesame"),
        ("ETHEREUM_CHAIN_ID", "0"),
        ("ETHEREUM_CONFIRMATIONS", "-1"),
        ("HOST_WALLET_ADDRESS", "0xf39fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        ("HOST_WALLET_ADDRESS", "0x" + "0" * 40),
        ("HOST_WALLET_PRIVATE_KEY", "0x" + "5e" * 31),
        ("HOST_WALLET_PRIVATE_KEY", "0" * 64),
        ("HOST_WALLET_PRIVATE_KEY", "f" * 64),
        ("PUSH_SERVICE_ACCOUNT", "sesame"),
        ("GOOGLE_CLOUD_PROJECT", "Not A Project"),
        ("PUBLIC_URL", "https://user:sesame@funnel.example"),
        ("PLATFORM_FEE_BPS", "12345"),
        ("SETTLEMENT_ASSET", "doge:eth"),
        ("USDT_CONTRACT", "0xdac17f958d2ee523a2206206994597c13d831eC7"),
        ("CALL_SECONDS", "nan"),
        ("TRANSFER_CAP_WEI", "1.5"),
    ],
)
def test_a_malformed_value_is_refused_by_name(name: str, value: str) -> None:
    found = problems(GOOD | {name: value})
    assert len(found) == 1
    assert found[0].startswith(f"{name}: ")
    assert value not in found[0]


def test_plain_http_is_for_this_machine_only() -> None:
    read_settings(GOOD | {"NOWPAYMENTS_BASE_URL": "http://127.0.0.1:8101/v1"}, ProviderSettings)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("CALL_SECONDS", "150", "CALL_SECONDS must be less than LEASE_SECONDS"),
        ("OUTBOX_GRACE_SECONDS", "200", "OUTBOX_GRACE_SECONDS must be less than LEASE_SECONDS"),
        ("PAYMENT_CHECK_SECONDS", "4000", "PAYMENT_CHECK_SECONDS must not exceed"),
        ("SWAP_CANCEL_SECONDS", "600", "SWAP_CANCEL_SECONDS must be less than SWAP_SIGN"),
    ],
)
def test_periods_have_an_order(name: str, value: str, fault: str) -> None:
    assert fault in problems({name: value}, PolicySettings)[0]


def test_settlement_in_usdt_needs_its_contract() -> None:
    usdt = {"SETTLEMENT_ASSET": USDT.id, "USDT_CONTRACT": ""}
    with pytest.raises(SettingsError) as caught:
        read_settings(GOOD | usdt, PolicySettings, ChainSettings)
    [problem] = caught.value.problems
    assert problem == "USDT_CONTRACT: is missing, and SETTLEMENT_ASSET is usdt:eth"
    settings = read_settings(GOOD | usdt | {"USDT_CONTRACT": USDT_CONTRACT}, *ALL)
    assert policy_from(settings).settlement_asset == USDT
    # Whoever looks at no chain needs no contract.
    assert policy_from(read_settings(usdt, PolicySettings)).settlement_asset == USDT


def test_no_secret_is_shown() -> None:
    settings = read_settings(GOOD, *ALL)
    spoilt = {name: f"{value} spoilt by spaces" for name, value in GOOD.items()}
    shown = [repr(settings.of(concern)) for concern in ALL] + list(problems(spoilt))
    assert [secret for secret in SECRETS if any(secret in text for text in shown)] == []


def test_secrets_are_known_so_that_logs_can_leave_them_out() -> None:
    held = set(read_settings(GOOD, *ALL).secrets())
    assert {GOOD["NOWPAYMENTS_IPN_SECRET"], GOOD["HOST_WALLET_PRIVATE_KEY"]} < held
    assert GOOD["PUBLIC_URL"] not in held


def test_a_function_reads_what_it_declared_and_no_more() -> None:
    settings = read_settings({"NOWPAYMENTS_IPN_SECRET": "ipn-sesame"}, CallbackSettings)
    with pytest.raises(LookupError):
        settings.of(ChainSettings)


def test_a_database_is_a_url_or_an_instance() -> None:
    cloud = {
        "CLOUD_SQL_INSTANCE": "funnel-dev:europe-west1:db",
        "DB_USER": "app@p.iam",
        "DB_NAME": "funnel",
    }
    assert read_settings(cloud, DatabaseSettings).of(DatabaseSettings).url is None
    assert "DB_NAME" in problems(cloud | {"DB_NAME": ""}, DatabaseSettings)[0]
    both = cloud | {"DATABASE_URL": GOOD["DATABASE_URL"]}
    assert "exclude each other" in problems(both, DatabaseSettings)[0]


def test_the_policy_is_production_s_unless_settings_say_otherwise() -> None:
    assert policy_from(read_settings({}, PolicySettings)) == Policy()


def test_every_number_of_the_policy_can_be_set() -> None:
    numbers: dict[str, Any] = {
        str(field.alias): "7" for field in PolicySettings.model_fields.values()
    }
    others = {"LEASE_SECONDS": "8", "SWAP_SIGN_SECONDS_LEAST": "8", "USDT_CONTRACT": USDT_CONTRACT}
    chosen = numbers | others | {"SETTLEMENT_ASSET": ETH.id}
    settings = read_settings(GOOD | chosen, *ALL)
    policy = policy_from(settings)
    same = [name for name in Policy.__slots__ if getattr(policy, name) == getattr(Policy(), name)]
    assert same == ["settlement_asset", "confirmations"]
    assert settings.of(ChainSettings).tokens == {USDT.id: USDT_CONTRACT}
    assert policy.chain_id == 11_155_111
    assert policy.host_wallet == GOOD["HOST_WALLET_ADDRESS"]
