# A topic per event type and, beside it, `<event type>.dead` for what could not be delivered.
resource "google_pubsub_topic" "event" {
  for_each = local.events

  name   = each.key
  labels = local.labels

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic" "dead_letter" {
  for_each = local.events

  name   = "${each.key}.dead"
  labels = local.labels

  depends_on = [google_project_service.this]
}
