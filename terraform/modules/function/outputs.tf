output "address" {
  value = local.address
}

output "invoker" {
  description = "Who may call the function."
  value       = google_cloud_run_service_iam_member.invoker.member
}

output "environment" {
  value = google_cloudfunctions2_function.this.service_config[0].environment_variables
}

output "secret_versions" {
  value = {
    for secret in google_cloudfunctions2_function.this.service_config[0].secret_environment_variables :
    secret.key => secret.version
  }
}
