#!/usr/bin/env bash
# コレクトを Linux で試す・テストする・開く・kollect.exe にする。 使い方: ./build.sh demo|test|run|exe
#
# Everything lands in .venv and .cache beside this file, and in Debian packages where this is Debian and we are root.
# May be broken off at any moment and run again; a second run has nothing left to set up.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"
PATH=$PATH:/usr/sbin:/sbin # dpkg and the mail servers live there; not everybody has them

VENV=.venv
PYTHON=$VENV/bin/python
RUNTIME_PACKAGES=(python3 python3-venv python3-tk)
TEST_PACKAGES=(
    dovecot-core dovecot-pop3d dovecot-imapd postfix nsd gcc libc6-dev
    xvfb xauth openbox trayer xdotool imagemagick fonts-noto-cjk fonts-ipafont-gothic
)
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# made by kollect build.sh for the time of an installation'

say() { printf '%s\n' "== $*"; }
give_up() { printf '%s\n' "$@" >&2; exit 1; }

# ---- Debian ----------------------------------------------------------------------------------

is_debian() { [[ -f /etc/debian_version ]] && command -v apt-get >/dev/null; }
is_root() { [[ $(id -u) -eq 0 ]]; }

missing_packages() { # prints those of "$@" that are not installed
    local one
    for one in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$one" 2>/dev/null) == installed ]] || echo "$one"
    done
}

apt() { # apt-get without questions; what it says is shown only when it fails
    local told
    if ! told=$(DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -y -o DPkg::Lock::Timeout=120 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null 2>&1); then
        printf '%s\n' "$told" >&2
        return 1
    fi
}

# A mail server that somebody installs as root on his own PC for our tests must not begin to serve:
# policy-rc.d is Debian's way to say so. One that is there already is its owner's word and stays.
forbid_services() {
    if [[ ! -e $POLICY ]] || grep -qF "$POLICY_MARK" "$POLICY"; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >$POLICY
        chmod 755 $POLICY
        trap allow_services EXIT
    fi
}
allow_services() {
    if grep -qsF "$POLICY_MARK" "$POLICY"; then rm -f $POLICY; fi
}

install_packages() { # "$@": Debian packages, of which only the missing ones are touched
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -eq 0 ]] && return
    say "Debian のパッケージを入れます: ${missing[*]}"
    forbid_services
    # The lists may be missing, or so old that what they name is gone; dpkg may have been broken off.
    if ! apt install --no-install-recommends "${missing[@]}" 2>/dev/null; then
        say "パッケージの一覧を新しくします"
        dpkg --configure -a >/dev/null 2>&1 </dev/null || true
        apt update || true
        apt install --no-install-recommends "${missing[@]}" ||
            give_up "パッケージを入れられませんでした。上のメッセージをご覧ください。"
    fi
    if [[ -d /run/systemd/system ]]; then # nor at the next start of the PC
        local one
        for one in "${missing[@]}"; do
            case $one in
            postfix) systemctl disable --quiet postfix.service 2>/dev/null || true ;;
            nsd) systemctl disable --quiet nsd.service 2>/dev/null || true ;;
            dovecot-core) systemctl disable --quiet dovecot.service dovecot.socket 2>/dev/null || true ;;
            esac
        done
    fi
    allow_services
}

# ---- Python ----------------------------------------------------------------------------------

fits() { "$1" -c 'import sys, ssl; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has() { "$1" -c "import $2" 2>/dev/null; }

find_python() { # prints a Python that can do everything; the first of "$@" that there is
    local one
    for one in "$@"; do
        if command -v "$one" >/dev/null && fits "$one" && has "$one" tkinter && has "$one" ensurepip; then
            command -v "$one"
            return
        fi
    done
    return 1
}

base_python() { # prints the Python to make .venv with; what else there is to say goes to stderr
    local wanted=(python3.11 python3.12 python3.13 python3.14 python3 python /usr/bin/python3)
    find_python "${wanted[@]}" && return
    if is_debian && is_root; then
        install_packages "${RUNTIME_PACKAGES[@]}" >&2
        find_python /usr/bin/python3 && return
    fi
    local one
    for one in "${wanted[@]}"; do # without tkinter there are no windows, but everything else works
        if command -v "$one" >/dev/null && fits "$one" && has "$one" ensurepip; then
            say "注意: この Python には tkinter がないため、画面は開けません: $(command -v "$one")" >&2
            command -v "$one"
            return
        fi
    done
    give_up "Python 3.11 以上が必要です（venv と tkinter も）。" \
        "Debian や Ubuntu では: sudo apt-get install ${RUNTIME_PACKAGES[*]}"
}

# .venv counts as made only with the mark "made" in it, and its packages only while a copy of the list
# they came from lies beside it: what was broken off half-way has no mark and is done again.
make_venv() {
    if [[ -e $VENV/made && ! -e $VENV/installing ]] && "$PYTHON" -c 'import pip' 2>/dev/null; then
        return
    fi
    local base
    base=$(base_python)
    say "Python の環境を $VENV に作ります: $base"
    "$base" -m venv --clear $VENV
    touch $VENV/made
}

install_list() { # "$1": a list of requirements
    local copy=$VENV/${1//\//-}.installed
    cmp -s "$1" "$copy" && return
    say "Python のパッケージを入れます: $1"
    touch $VENV/installing
    # -qq: errors only. Warnings of this PC's own pip settings are not ours to show.
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
        "$PYTHON" -m pip install -qq --no-input -r "$1" </dev/null ||
        give_up "Python のパッケージを入れられませんでした。ネットワークを確かめて、もう一度実行してください。"
    cp "$1" "$copy"
    rm $VENV/installing
}

set_up() { # "$@": lists of requirements. Two runs at the same time wait for each other.
    exec 9<build.sh
    if command -v flock >/dev/null; then flock 9 || true; fi
    make_venv
    local list
    for list in "$@"; do install_list "$list"; done
    exec 9<&-
}

# ---- the verbs -------------------------------------------------------------------------------

demo() {
    set_up requirements.txt
    if [[ -n ${DISPLAY:-} ]]; then
        exec "$PYTHON" -m kollect demo "$@"
    else
        exec "$PYTHON" -m kollect demo --headless "$@"
    fi
}

run() {
    set_up requirements.txt
    exec "$PYTHON" -m kollect "$@"
}

need_packages() { # "$@": Debian packages
    if ! is_debian; then
        say "注意: 次のものが必要です（Debian での名前）: $*"
    elif is_root; then
        install_packages "$@"
    else
        local missing
        mapfile -t missing < <(missing_packages "$@")
        [[ ${#missing[@]} -eq 0 ]] || give_up "必要なパッケージがありません。次を実行してください:" \
            "sudo apt-get install ${missing[*]}"
    fi
}

# Several runs of pytest at once, each of "$@" its arguments. The first is watched; what the others
# print comes when all have ended. (pytest-xdist cannot carry the lone surrogates of our tests.)
run_beside() {
    local failed=0 part one printed=() running=()
    set -m # without job control they would be deaf to SIGINT, and so would all that they start
    for part in "${@:2}"; do
        printed+=("$(mktemp)")
        # shellcheck disable=SC2086 # several words
        "$PYTHON" -m pytest -p no:cacheprovider $part >"${printed[-1]}" 2>&1 </dev/null &
        running+=($!)
    done
    set +m
    # shellcheck disable=SC2064 # these, as they are named now
    trap "kill -INT ${running[*]} 2>/dev/null; rm -f ${printed[*]}" EXIT
    # shellcheck disable=SC2086
    "$PYTHON" -m pytest $1 || failed=1
    for one in "${!running[@]}"; do
        wait "${running[one]}" || failed=1
        cat "${printed[one]}"
        rm -f "${printed[one]}"
    done
    trap - EXIT
    return $failed
}

every_second() { # "$1": 0 or 1, where to begin; then files
    local files=("${@:2}") place
    for ((place = $1; place < ${#files[@]}; place += 2)); do echo "${files[place]}"; done
}

run_tests() { # "$@": arguments for pytest; with none, everything, the quick ones first
    local pytest=("$PYTHON" -m pytest) one
    if [[ $# -eq 0 ]]; then
        say "単体テスト"
        run_beside "$(every_second 0 tests/unit/test_*.py)" "$(every_second 1 tests/unit/test_*.py)"
        # those with servers wait for most of their time, those of the screens reckon
        say "画面のテストと、実際のサーバを使うテスト（並べて。サーバの結果は、画面の結果のあとに出ます）"
        run_beside "tests --ignore tests/unit --ignore tests/exe --ignore tests/integration" \
            "$(every_second 0 tests/integration/test_*.py)" "$(every_second 1 tests/integration/test_*.py)"
        return
    fi
    for one in "$@"; do # a path among them says which tests; else all
        if [[ -e ${one%%::*} ]]; then
            "${pytest[@]}" "$@"
            return
        fi
    done
    "${pytest[@]}" tests --ignore tests/exe "$@"
}

test_all() {
    need_packages "${TEST_PACKAGES[@]}"
    set_up requirements.txt tests/requirements.txt
    say "書き方の検査 (ruff)"
    "$PYTHON" -m ruff check --quiet kollect tests assets
    "$PYTHON" -m ruff format --check kollect tests assets
    say "型の検査 (mypy)"
    "$PYTHON" -m mypy
    run_tests "$@"
}

exe() { # without an argument, all of them
    source tests/exe/windows.sh
    case ${1:-} in
    '')
        exe make
        exe measure
        exe unit
        exe test
        ;;
    make)
        set_up requirements.txt tests/requirements.txt
        make_windows
        make_exe
        ;;
    measure | unit) with_display ./build.sh exe "seen-$1" ;;
    album) with_display ./build.sh exe seen-album "${@:2}" ;;
    seen-measure) measure_exe ;;
    seen-unit) test_windows ;;
    seen-album) take_album "${@:2}" ;;
    test)
        need_packages "${TEST_PACKAGES[@]}"
        test_exe "${@:2}"
        ;;
    pictures) # all that the README shows
        exe album --readme
        # Wine draws menus in letters that no Windows has
        "$PYTHON" -m tests.pictures tray-menu --out assets/screens --scenes demo
        KOLLECT_PICTURES=$PWD/assets/screens/windows exe test tests/exe/test_screens.py
        ;;
    *) give_up "使い方: ./build.sh exe [make | measure | unit | test [pytest の引数] | album [引数] | pictures]" ;;
    esac
}

verb=${1:-}
[[ $# -gt 0 ]] && shift
case $verb in
demo) demo "$@" ;;
test) test_all "$@" ;;
run) run "$@" ;;
exe) exe "$@" ;;
*)
    echo "使い方: ./build.sh demo（試す） | test（テスト） | run（開く） | exe（kollect.exe を作る）" >&2
    exit 2
    ;;
esac
