output "addresses" {
  description = "Where each function listens. The provider's callbacks go to nowpayments_ipn, Telegram's updates to telegram_bot."
  value       = { for name, function in module.function : name => function.address }
}

output "public_functions" {
  value = sort([for name, function in module.function : name if function.invoker == "allUsers"])
}

output "consumers" {
  description = "Event type => the function that consumes it."
  value       = local.events
}

output "secrets_to_fill" {
  description = "Secrets whose values are added by hand."
  value       = sort(keys(google_secret_manager_secret.this))
}

output "database_users" {
  description = "IAM users that the database must know, by function."
  value       = { for name, _ in local.sql_functions : name => local.database_users[name] }
}
