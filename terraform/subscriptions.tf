# Our own push subscriptions: those that Eventarc makes cannot be given a dead-letter policy here.
resource "google_pubsub_subscription" "event" {
  for_each = local.events

  name   = each.value # the consumer
  topic  = google_pubsub_topic.event[each.key].id
  labels = local.labels

  ack_deadline_seconds       = 120
  message_retention_duration = "604800s" # 7 days

  expiration_policy {
    ttl = "" # never
  }

  retry_policy {
    minimum_backoff = "60s"
    maximum_backoff = "60s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letter[each.key].id
    max_delivery_attempts = 100
  }

  push_config {
    push_endpoint = module.function[each.value].address

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = module.function[each.value].address
    }
  }
}

# The end of the line: no dead letter of its own, kept as long as Pub/Sub can.
resource "google_pubsub_subscription" "dead_letter" {
  for_each = local.events

  name   = google_pubsub_topic.dead_letter[each.key].name
  topic  = google_pubsub_topic.dead_letter[each.key].id
  labels = local.labels

  ack_deadline_seconds       = 120
  message_retention_duration = "2678400s" # 31 days

  expiration_policy {
    ttl = "" # never
  }

  retry_policy {
    minimum_backoff = "60s"
    maximum_backoff = "60s"
  }

  push_config {
    push_endpoint = module.function[local.dead_letter_consumer].address

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = module.function[local.dead_letter_consumer].address
    }
  }
}
