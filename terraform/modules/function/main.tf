locals {
  # Cloud Run allows no underscore; the entry point keeps the Python name.
  service = replace(var.name, "_", "-")

  # The address Cloud Run derives from names only: known before the function exists, so that it can
  # be the function's own setting and the audience of its pushes without a cycle.
  address = "https://${local.service}-${var.project_number}.${var.region}.run.app"
}

resource "google_cloudfunctions2_function" "this" {
  name     = local.service
  location = var.region
  labels   = var.labels

  build_config {
    runtime         = "python311"
    entry_point     = var.name
    service_account = var.build_service_account

    source {
      storage_source {
        bucket = var.source_bucket
        object = var.source_object
      }
    }
  }

  service_config {
    service_account_email            = var.service_account
    timeout_seconds                  = 60
    available_memory                 = "512M"
    available_cpu                    = "1"
    max_instance_request_concurrency = 1
    min_instance_count               = var.min_instances
    max_instance_count               = var.max_instances
    ingress_settings                 = var.public ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true

    environment_variables = merge(
      { GOOGLE_CLOUD_PROJECT = var.project_id },
      var.public ? {} : {
        PUSH_AUDIENCE        = local.address
        PUSH_SERVICE_ACCOUNT = var.push_service_account
      },
      var.settings,
    )

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = secret_environment_variables.key
        version    = tostring(secret_environment_variables.value)
      }
    }
  }
}

# The whole world for a public function, the push account alone for every other one.
resource "google_cloud_run_service_iam_member" "invoker" {
  location = var.region
  service  = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = var.public ? "allUsers" : "serviceAccount:${var.push_service_account}"
}
