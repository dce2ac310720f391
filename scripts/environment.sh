# Makes .venv ready:  sh scripts/environment.sh serve|dev
#
# Whatever is in the way is told in one sentence. When nothing has changed since the last
# time, this costs one short run of Python.

set -u
cd "$(dirname "$0")/.." || exit 1
purpose=$1
python=.venv/bin/python

give_up() {
    echo "$*" >&2
    exit 1
}

# What an installation depends on. The folder is part of it: scripts in .venv/bin name it.
inputs_of() {
    pwd
    cat pyproject.toml "requirements/$1.txt"
}

# The stamp is the inputs themselves: nothing to hash with is found everywhere.
is_installed() {
    inputs_of "$purpose" | cmp -s - ".venv/installed-for-$purpose" && "$python" -c '' 2>/dev/null
}

stamp() {
    inputs_of "$1" >".venv/installed-for-$1"
}

need_python() {
    newest=$(sh scripts/find_python.sh)
    [ -n "$newest" ] || give_up "Unlatch needs Python 3.11 or newer, and there is none on PATH."
    version=${newest%% *}
    base_python=${newest#* }
    minor=${version#*.}
    if [ "${version%%.*}" -lt 3 ] || [ "$minor" -lt 11 ]; then
        give_up "Unlatch needs Python 3.11 or newer, and the newest on PATH is $version ($base_python)."
    fi
}

# Debian and its kin ship Python without what makes a virtual environment.
need_venv() {
    can_make_venv && return
    package="python$version-venv"
    if ! command -v apt-get >/dev/null; then
        give_up "$base_python lacks the modules venv and ensurepip: install them, then run make again."
    fi
    if [ "$(id -u)" = 0 ]; then
        echo "Installing $package …"
        apt_install "$package" && can_make_venv && return
    fi
    give_up "$base_python cannot make virtual environments: run \"sudo apt-get install $package\", then make again."
}

can_make_venv() {
    "$base_python" -c 'import ensurepip, venv' 2>/dev/null
}

# Package lists are fetched only if those at hand do not do: a fresh container has none.
apt_install() {
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get install -qq -y --no-install-recommends "$1" >/dev/null 2>&1 && return
    apt-get update -qq >/dev/null 2>&1
    apt-get install -qq -y --no-install-recommends "$1" >/dev/null 2>&1
}

need_writable_folder() {
    mkdir -p .venv 2>/dev/null && [ -w .venv ] && return
    give_up "Cannot write to $(pwd)/.venv: run make from a folder of your own."
}

# An old .venv will do as long as its Python runs, is new enough and has pip.
has_environment() {
    "$python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

make_environment() {
    echo "Making .venv with Python $version …"
    "$base_python" -m venv --clear .venv || give_up "$base_python could not make .venv."
}

# Twice quiet: pip's warnings are mostly about the machine's own settings, and errors remain.
pip_install() {
    "$python" -m pip install -qq --disable-pip-version-check --no-input --no-deps "$@" ||
        give_up "Installing failed: what pip says above tells why; once that is solved, run make again."
}

# Everything comes from the hashed list, which is complete, so nothing is resolved again.
install() {
    echo "Installing what is needed into .venv (only this once, about half a minute) …"
    pip_install --require-hashes --requirement "requirements/$purpose.txt"
    pip_install --no-build-isolation --editable .
}

is_installed && exit
has_environment || { need_python; need_venv; }
need_writable_folder
has_environment || make_environment
install
stamp "$purpose"
# What is needed to develop contains what is needed to serve.
[ "$purpose" = serve ] || stamp serve
