terraform {
  required_version = ">= 1.9"

  # The bucket is given at `terraform init -backend-config=bucket=…`.
  backend "gcs" {
    prefix = "telegram-funnel"
  }

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}
