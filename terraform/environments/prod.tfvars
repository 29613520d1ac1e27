project_id         = "telegram-funnel-prod"
project_number     = "100000000002"
environment        = "prod"
cloud_sql_instance = "telegram-funnel-prod:europe-west1:funnel"
min_http_instances = 1
max_instances      = 10

settings = {
  CHANGENOW_BASE_URL     = "https://api.changenow.io/v2"
  ETHEREUM_CHAIN_ID      = "1"
  ETHEREUM_CONFIRMATIONS = "12"
  HOST_WALLET_ADDRESS    = "<address of your host wallet>"
  IPN_URL                = "https://telegram-funnel.example/ipn"
  NOWPAYMENTS_BASE_URL   = "https://api.nowpayments.io/v1"
  PLATFORM_FEE_BPS       = "1500"
  PUBLIC_URL             = "https://telegram-funnel.example"
  SETTLEMENT_ASSET       = "eth:eth"
  TELEGRAM_BASE_URL      = "https://api.telegram.org"
  USDT_CONTRACT          = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
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
