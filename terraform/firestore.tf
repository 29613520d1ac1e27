# What the bot keeps of half-typed things. All of it may vanish; nothing is money or access.
locals {
  # Whoever keeps drafts. Firestore's roles are of a project: there is no narrower one.
  drafting_functions = toset([for name, function in local.functions : name if try(function.drafts, false)])
}

resource "google_firestore_database" "drafts" {
  project     = var.project_id
  name        = "(default)"
  location_id = var.region
  type        = "FIRESTORE_NATIVE"
  # The application's own preconditions are what counts.
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "DELETE"

  depends_on = [google_project_service.this]
}

# Drafts are over after a day; Firestore deletes them some time later.
resource "google_firestore_field" "expires_at" {
  project    = var.project_id
  database   = google_firestore_database.drafts.name
  collection = "drafts"
  field      = "expires_at"

  ttl_config {}
  # Nobody looks for drafts by this field.
  index_config {}
}

resource "google_project_iam_member" "drafts" {
  for_each = local.drafting_functions

  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.key].member
}
