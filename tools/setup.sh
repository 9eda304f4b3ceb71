#!/bin/sh
# Makes the virtual environment with the pinned packages, and installs Mesa's EGL where it may.
set -eu

fail() {
    echo "error: $1" >&2
    exit 2
}

command -v "$PYTHON" >/dev/null 2>&1 || fail "$PYTHON is not installed: install Python 3.11 to 3.13, or run make PYTHON=/path/to/python3"
"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    fail "$("$PYTHON" --version) is too old or too new: run make PYTHON=/path/to/python3 with Python 3.11 to 3.13"

if ! PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q 'libEGL\.so\.1'; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing libegl1 and libgl1-mesa-dri"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libegl1 libgl1-mesa-dri; } >/dev/null 2>&1 ||
            echo "note: libegl1 and libgl1-mesa-dri could not be installed; a plainer renderer is used"
    else
        echo "note: install libegl1 and libgl1-mesa-dri for the full renderer; a plainer one is used until then"
    fi
fi

if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    [ ! -e "$VENV" ] || [ -f "$VENV/pyvenv.cfg" ] || [ -z "$(ls -A "$VENV")" ] ||
        fail "$VENV is there but is no virtual environment: move it away or choose another folder"
    "$PYTHON" -m venv --clear "$VENV" || {
        rm -rf "$VENV" # half of one would be taken for a whole one
        fail "the virtual environment $VENV cannot be made: install python3-venv or free some disk space"
    }
fi
install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@" 2>"$VENV/.pip.log" ||
        { cat "$VENV/.pip.log" >&2; return 1; }
}
echo "installing pinned packages into $VENV (a few minutes the first time)"
install -r requirements.lock ||
    fail "the packages of requirements.lock cannot be installed: check the network and the free disk space"
install --no-deps --no-build-isolation -e . ||
    fail "liquid_nav itself cannot be installed into $VENV: remove $VENV and try again"
