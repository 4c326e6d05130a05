#!/usr/bin/env bash
# Installs what these folders' lock files say, where it is not installed yet: install.sh FOLDER ...
set -euo pipefail
cd "$(dirname "$0")/../.."

for folder in "$@"; do
  (
    cd "$folder"
    cmp -s package-lock.json node_modules/.installed && exit
    echo "Installing $folder ..."
    npm ci --no-audit --no-fund
    cp package-lock.json node_modules/.installed
  )
done
