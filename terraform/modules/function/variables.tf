variable "name" {
  description = "The function's Python name: its folder and entry point."
  type        = string
}

variable "public" {
  description = "Whether anybody may call it. If not, only the push account may."
  type        = bool
}

variable "project_id" {
  type = string
}

variable "project_number" {
  type = string
}

variable "region" {
  type = string
}

variable "labels" {
  type = map(string)
}

variable "service_account" {
  type = string
}

variable "build_service_account" {
  type = string
}

variable "push_service_account" {
  type = string
}

variable "source_bucket" {
  type = string
}

variable "source_object" {
  type = string
}

variable "settings" {
  type = map(string)
}

variable "secrets" {
  description = "Secret name => version number."
  type        = map(number)
}

variable "min_instances" {
  type = number
}

variable "max_instances" {
  type = number
}
