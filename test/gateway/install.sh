#!/usr/bin/env bash
# Installs the gateways where they are not installed yet as their lock files say.
set -euo pipefail
cd "$(dirname "$0")/../.."

for folder in examples/gateway test/gateway; do
  (
    cd "$folder"
    cmp -s package-lock.json node_modules/.installed && exit
    echo "Installing the gateways in $folder ..."
    npm ci --no-audit --no-fund
    cp package-lock.json node_modules/.installed
  )
done
