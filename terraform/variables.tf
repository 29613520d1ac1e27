variable "project_id" {
  type = string
}

variable "project_number" {
  description = "Names the project's service agents and makes the addresses of functions known before they exist."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "project_number is the number of the project, not its id."
  }
}

variable "region" {
  type    = string
  default = "europe-west1"
}

variable "environment" {
  type = string

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment is dev or prod."
  }
}

variable "cloud_sql_instance" {
  description = "Connection name of the PostgreSQL instance: project:region:instance."
  type        = string

  validation {
    condition     = length(split(":", var.cloud_sql_instance)) == 3
    error_message = "cloud_sql_instance is written project:region:instance."
  }
}

variable "database_name" {
  type    = string
  default = "funnel"
}

variable "source_root" {
  description = "Folder that holds functions/ and shared_lib/."
  type        = string
  default     = ".."
}

variable "settings" {
  description = "Settings that are no secrets, by the name the code reads. Every name used in functions.json must be here."
  type        = map(string)

  validation {
    condition     = alltrue([for value in values(var.settings) : trimspace(value) == value && value != ""])
    error_message = "A setting is neither empty nor padded with spaces."
  }
}

variable "secret_versions" {
  description = "Version number of each secret in use, by secret name. Never `latest`: a running instance would not see a new value."
  type        = map(number)

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : version >= 1 && floor(version) == version])
    error_message = "A secret's version is a whole number from 1."
  }
}

variable "min_http_instances" {
  description = "Warm instances of each public function: a payer waits for these."
  type        = number
  default     = 0
}

variable "max_instances" {
  description = "Upper bound for each function. All of them together must fit into the database's max_connections."
  type        = number
  default     = 5
}
