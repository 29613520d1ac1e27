project_id         = "telegram-funnel-dev"
project_number     = "100000000001"
environment        = "dev"
cloud_sql_instance = "telegram-funnel-dev:europe-west1:funnel"

# The chain is the Sepolia test network. Functions refuse to start until the wallet's address is filled in.
settings = {
  CHANGENOW_BASE_URL     = "https://api.changenow.io/v2"
  ETHEREUM_CHAIN_ID      = "11155111"
  ETHEREUM_CONFIRMATIONS = "3"
  HOST_WALLET_ADDRESS    = "<address of your host wallet>"
  IPN_URL                = "https://dev.telegram-funnel.example/ipn"
  NOWPAYMENTS_BASE_URL   = "https://api-sandbox.nowpayments.io/v1"
  PLATFORM_FEE_BPS       = "1500"
  PUBLIC_URL             = "https://dev.telegram-funnel.example"
  SETTLEMENT_ASSET       = "eth:eth"
  TELEGRAM_BASE_URL      = "https://api.telegram.org"
  USDT_CONTRACT          = "0x7169D38820dfd117C3FA1f22a697dBA58d90BA06"
}

secret_versions = {
  CHANGENOW_API_KEY       = 1
  ETHEREUM_RPC_URL        = 1
  HOST_WALLET_PRIVATE_KEY = 1
  NOWPAYMENTS_API_KEY     = 1
  NOWPAYMENTS_EMAIL       = 1
  NOWPAYMENTS_IPN_SECRET  = 1
  NOWPAYMENTS_PASSWORD    = 1
  TELEGRAM_BOT_TOKEN      = 1
  TELEGRAM_WEBHOOK_SECRET = 1
}
