variables {
  project_id         = "test-project"
  project_number     = "123456789012"
  environment        = "dev"
  cloud_sql_instance = "test-project:europe-west1:funnel"

  settings = {
    CHANGENOW_BASE_URL     = "https://changenow.example/v2"
    ETHEREUM_CHAIN_ID      = "11155111"
    ETHEREUM_CONFIRMATIONS = "3"
    HOST_WALLET_ADDRESS    = "0x2222222222222222222222222222222222222222"
    IPN_URL                = "https://funnel.example/ipn"
    NOWPAYMENTS_BASE_URL   = "https://nowpayments.example/v1"
    PLATFORM_FEE_BPS       = "1500"
    PUBLIC_URL             = "https://funnel.example"
    SETTLEMENT_ASSET       = "eth:eth"
    TELEGRAM_BASE_URL      = "https://telegram.example"
    USDT_CONTRACT          = "0x3333333333333333333333333333333333333333"
  }

  secret_versions = {
    CHANGENOW_API_KEY       = 1
    ETHEREUM_RPC_URL        = 1
    HOST_WALLET_PRIVATE_KEY = 2
    NOWPAYMENTS_API_KEY     = 1
    NOWPAYMENTS_EMAIL       = 1
    NOWPAYMENTS_IPN_SECRET  = 1
    NOWPAYMENTS_PASSWORD    = 1
    TELEGRAM_BOT_TOKEN      = 1
    TELEGRAM_WEBHOOK_SECRET = 1
  }
}

run "everything" {
  command = apply

  assert {
    condition     = output.public_functions == tolist(["nowpayments_ipn", "telegram_bot"])
    error_message = "Only the two HTTP functions may be called by anybody."
  }

  assert {
    condition = alltrue([
      for name, function in module.function :
      function.invoker == "serviceAccount:${google_service_account.push.email}"
      if !contains(output.public_functions, name)
    ])
    error_message = "An event function may be called by the push account alone."
  }

  assert {
    condition = alltrue([
      for event, subscription in google_pubsub_subscription.event :
      subscription.dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead_letter[event].id
      && subscription.dead_letter_policy[0].max_delivery_attempts == 100
      && google_pubsub_topic.dead_letter[event].name == "${event}.dead"
    ])
    error_message = "Every event subscription has the dead letter <event type>.dead after 100 attempts."
  }

  assert {
    condition = alltrue([
      for subscription in concat(
        values(google_pubsub_subscription.event), values(google_pubsub_subscription.dead_letter)
      ) :
      subscription.ack_deadline_seconds == 120
      && subscription.expiration_policy[0].ttl == ""
      && subscription.retry_policy[0].minimum_backoff == "60s"
      && subscription.retry_policy[0].maximum_backoff == "60s"
    ])
    error_message = "Every subscription waits 120 s, retries after 60 s and never expires."
  }

  assert {
    condition = alltrue([
      for event, subscription in google_pubsub_subscription.event :
      subscription.push_config[0].oidc_token[0].audience == module.function[output.consumers[event]].environment.PUSH_AUDIENCE
      && subscription.push_config[0].oidc_token[0].service_account_email == module.function[output.consumers[event]].environment.PUSH_SERVICE_ACCOUNT
    ])
    error_message = "A push carries the token that its consumer checks."
  }

  assert {
    condition = (
      keys(google_pubsub_subscription.dead_letter) == keys(google_pubsub_topic.dead_letter)
      && alltrue([
        for event, subscription in google_pubsub_subscription.dead_letter :
        subscription.name == "${event}.dead"
        && length(subscription.dead_letter_policy) == 0
        && subscription.message_retention_duration == "2678400s"
        && subscription.push_config[0].push_endpoint == module.function["record_dead_letter"].address
      ])
    )
    error_message = "Every dead-letter topic is read by record_dead_letter and kept for 31 days."
  }

  assert {
    condition = alltrue([
      for function in values(module.function) :
      length(setintersection(keys(function.environment), output.secrets_to_fill)) == 0
      && alltrue([for version in values(function.secret_versions) : can(regex("^[1-9][0-9]*$", version))])
    ])
    error_message = "A secret is named by its numeric version, never written into a setting."
  }

  assert {
    condition = toset([
      for grant in values(google_secret_manager_secret_iam_member.function) : grant.member
      if grant.secret_id == google_secret_manager_secret.this["HOST_WALLET_PRIVATE_KEY"].id
      ]) == toset([
      google_service_account.function["send_transfer"].member,
    ])
    error_message = "Only the functions that sign may read the wallet's key."
  }

  assert {
    condition = (
      toset([for grant in values(google_project_iam_member.drafts) : grant.member])
      == toset([google_service_account.function["telegram_bot"].member])
      && google_firestore_field.expires_at.collection == "drafts"
    )
    error_message = "Only the bot keeps drafts, and they end by themselves."
  }

  assert {
    condition = toset(keys(google_cloud_scheduler_job.tick)) == toset(["tick.audit_books", "tick.batch_payouts", "tick.broadcast_offers", "tick.expire_subscriptions", "tick.reconcile", "tick.refresh_currencies"]) && alltrue([
      for name, job in google_cloud_scheduler_job.tick :
      jsondecode(base64decode(job.pubsub_target[0].data)) == { type = name, version = 1 }
    ])
    error_message = "Every tick carries its type and version."
  }
}

run "a_blank_setting_is_refused" {
  command = plan

  variables {
    settings = { PUBLIC_URL = " " }
  }

  expect_failures = [var.settings]
}

run "a_secret_version_of_zero_is_refused" {
  command = plan

  variables {
    secret_versions = { TELEGRAM_BOT_TOKEN = 0 }
  }

  expect_failures = [var.secret_versions]
}
