# functions.json is the table of functions and events; tests/unit/test_terraform.py checks it.
locals {
  table     = jsondecode(file("${path.module}/functions.json"))
  functions = local.table.functions
  ticks     = local.table.ticks

  # Event type => its one consumer. A second consumer of an event is a duplicate key: the plan fails.
  events = { for pair in flatten([
    for name, function in local.functions : [
      for event in function.consumes : { event = event, consumer = name }
    ]
  ]) : pair.event => pair.consumer }
  dead_letter_consumer = one([
    for name, function in local.functions : name if function.trigger == "dead_letter"
  ])

  labels = { app = "telegram-funnel", environment = var.environment }

  sources = {
    for name, _ in local.functions : name => merge(
      { for path in fileset("${var.source_root}/functions/${name}", "**") :
      path => "${var.source_root}/functions/${name}/${path}" },
      { for path in fileset("${var.source_root}/shared_lib", "**") :
      "shared_lib/${path}" => "${var.source_root}/shared_lib/${path}" },
    )
  }
}

data "archive_file" "function" {
  for_each = local.sources

  type        = "zip"
  output_path = "${path.module}/.terraform/zips/${each.key}.zip"

  dynamic "source" {
    for_each = { for path, origin in each.value : path => origin if !strcontains(path, "__pycache__") }

    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

resource "google_storage_bucket" "source" {
  name                        = "${var.project_id}-function-source"
  location                    = var.region
  labels                      = local.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # holds build output only

  depends_on = [google_project_service.this]
}

# Named by content: the same source is never deployed twice, a changed one always is.
resource "google_storage_bucket_object" "source" {
  for_each = local.sources

  bucket = google_storage_bucket.source.name
  name   = "${each.key}-${data.archive_file.function[each.key].output_sha256}.zip"
  source = data.archive_file.function[each.key].output_path

  lifecycle {
    precondition {
      condition     = contains(keys(each.value), "main.py") && contains(keys(each.value), "requirements.txt")
      error_message = "functions/${each.key} needs main.py and requirements.txt."
    }
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name           = each.key
  public         = each.value.trigger == "http"
  project_id     = var.project_id
  project_number = var.project_number
  region         = var.region
  labels         = local.labels

  service_account       = google_service_account.function[each.key].email
  build_service_account = google_service_account.build.id
  push_service_account  = google_service_account.push.email
  source_bucket         = google_storage_bucket.source.name
  source_object         = google_storage_bucket_object.source[each.key].name

  settings = merge(
    { for setting in each.value.settings : setting => var.settings[setting] },
    each.value.database ? {
      CLOUD_SQL_INSTANCE = var.cloud_sql_instance
      DB_NAME            = var.database_name
      DB_USER            = local.database_users[each.key]
    } : {},
  )
  secrets = { for secret in each.value.secrets : secret => var.secret_versions[secret] }

  min_instances = each.value.trigger == "http" ? var.min_http_instances : 0
  max_instances = var.max_instances

  # An instance reads its secrets when it starts, so the grants come first.
  depends_on = [
    google_project_iam_member.build,
    google_secret_manager_secret_iam_member.function,
  ]
}
