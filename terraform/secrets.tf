# Names only. Values are added by hand (`gcloud secrets versions add`) and never enter the state.
resource "google_secret_manager_secret" "this" {
  for_each = toset(flatten([for function in values(local.functions) : function.secrets]))

  secret_id = each.value
  labels    = local.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.this]
}
