#!/bin/sh
# Builds the environment that holds Cloud Custodian, the peer that `make bench` measures against.
# It is its own: nothing of Vigil's is installed there, and nothing of it in Vigil's.
set -eu
: "${PYTHON:=python3}" "${C7N_VENV:=.venv-c7n}" "${C7N_VERSION:=0.9.53}"
"$C7N_VENV/bin/python" -c "
import sys
from importlib.metadata import version
sys.exit(version('c7n') != '$C7N_VERSION')" 2>/dev/null && exit 0
echo "setting up $C7N_VENV with c7n $C7N_VERSION (once)" >&2
[ -x "$C7N_VENV/bin/python" ] || "$PYTHON" -m venv "$C7N_VENV"
"$C7N_VENV/bin/python" -m pip --quiet --quiet --disable-pip-version-check \
  install "c7n==$C7N_VERSION"
