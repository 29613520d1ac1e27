locals {
  pubsub_agent = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  sql_functions = { for name, function in local.functions : name => function if function.database }
  sql_instance = format(
    "projects/%s/instances/%s",
    split(":", var.cloud_sql_instance)[0],
    split(":", var.cloud_sql_instance)[2],
  )
  # The database user of a service account is its e-mail address without this ending.
  database_users = {
    for name, account in google_service_account.function :
    name => trimsuffix(account.email, ".gserviceaccount.com")
  }

  publishers = merge([
    for name, function in local.functions : {
      for event in function.publishes : "${name}/${event}" => { function = name, event = event }
    }
  ]...)
  secret_readers = merge([
    for name, function in local.functions : {
      for secret in function.secrets : "${name}/${secret}" => { function = name, secret = secret }
    }
  ]...)
  sql_roles = merge([
    for name, _ in local.sql_functions : {
      for role in ["roles/cloudsql.client", "roles/cloudsql.instanceUser"] :
      "${name}/${role}" => { function = name, role = role }
    }
  ]...)
}

# One account per function, and nothing it does not use.
resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "fn-${replace(each.key, "_", "-")}"
  display_name = "Function ${each.key}"

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers

  topic  = google_pubsub_topic.event[each.value.event].name
  role   = "roles/pubsub.publisher"
  member = google_service_account.function[each.value.function].member
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.this[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}

resource "google_project_iam_member" "database" {
  for_each = local.sql_roles

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.function[each.value.function].member

  condition {
    title      = "only the database of this product"
    expression = "resource.type == \"sqladmin.googleapis.com/Instance\" && resource.name == \"${local.sql_instance}\""
  }
}

# Pub/Sub signs its pushes as this account, the only one that may call event functions.
resource "google_service_account" "push" {
  account_id   = "pubsub-push"
  display_name = "Pub/Sub pushes to event functions"

  depends_on = [google_project_service.this]
}

resource "google_service_account_iam_member" "push_tokens" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

# To move a message to its dead-letter topic, Pub/Sub itself publishes there and acknowledges here.
resource "google_pubsub_topic_iam_member" "dead_letter" {
  for_each = local.events

  topic  = google_pubsub_topic.dead_letter[each.key].name
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letter" {
  for_each = local.events

  subscription = google_pubsub_subscription.event[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# Builds run as an account of their own, not as the project's default one.
resource "google_service_account" "build" {
  account_id   = "function-build"
  display_name = "Builds functions"

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "build" {
  for_each = toset([
    "roles/artifactregistry.writer",
    "roles/logging.logWriter",
    "roles/storage.objectViewer",
  ])

  project = var.project_id
  role    = each.value
  member  = google_service_account.build.member
}
