#!/usr/bin/env bash
# Checks this folder with the real terraform: offline with the program named in TERRAFORM_OFFLINE,
# else with providers from the registry where those can be had; says so when it could do neither.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! command -v terraform >/dev/null; then
  echo "Terraform was NOT checked: there is no terraform on this machine."
  exit 0
fi
terraform fmt -recursive -check

if [[ -n ${TERRAFORM_OFFLINE:-} ]]; then
  echo "-- dev: apply, a second plan that must be empty, destroy"
  "$TERRAFORM_OFFLINE" . all -var-file=environments/dev.tfvars
  echo "-- prod: plan"
  "$TERRAFORM_OFFLINE" . plan -input=false -no-color -var-file=environments/prod.tfvars | tail -1
  "$TERRAFORM_OFFLINE" . test
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if TF_DATA_DIR=$work/data terraform init -backend=false -input=false -lockfile=readonly >"$work/log" 2>&1 ||
  TF_DATA_DIR=$work/data terraform init -backend=false -input=false >"$work/log" 2>&1; then
  TF_DATA_DIR=$work/data terraform validate
  rm -f .terraform.lock.hcl
else
  echo "Terraform was only formatted, NOT validated: its providers cannot be had here."
fi
