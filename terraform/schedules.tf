resource "google_cloud_scheduler_job" "tick" {
  for_each = local.ticks

  name      = replace(each.key, ".", "-")
  region    = var.region
  schedule  = each.value.schedule
  time_zone = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.event[each.key].id
    data       = base64encode(jsonencode({ type = each.key, version = 1 }))
  }
}
