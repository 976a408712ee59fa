#!/usr/bin/env bash
# Installs what tests need beside npm's packages: Chromium, which looks at the dashboard. For Debian and Ubuntu images
# whose `chromium` is a package; without it those tests say that they did not run.
set -euo pipefail

if [ -x /usr/bin/chromium ]; then
  exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
