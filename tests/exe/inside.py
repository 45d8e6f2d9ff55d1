"""Run by the Python of Windows: asks this PC something, and prints the answer as JSON.

inside.py passwords     what the Credential Manager keeps: {name: password}
inside.py at-login      what starts at login: {name: command}
inside.py memory PID    of a process, in octets: {"private": …, "working_set": …}
inside.py crash         has a thread of the program run into nowhere
"""

from __future__ import annotations

import ctypes
import json
import ssl
import sys
import winreg
from ctypes import wintypes
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from kollect.desktop import console

_LOOK_AND_RUN = 0x1FFFFF
_X509, _ADD_ALWAYS = 1, 4
_QUERY_END_SESSION, _END_SESSION = 0x0011, 0x0016


class _Credential(ctypes.Structure):
    """CREDENTIALW."""

    _fields_ = (
        ("flags", wintypes.DWORD),
        ("kind", wintypes.DWORD),
        ("name", wintypes.LPWSTR),
        ("comment", wintypes.LPWSTR),
        ("written", wintypes.FILETIME),
        ("size", wintypes.DWORD),
        ("blob", ctypes.POINTER(ctypes.c_char)),
        ("persist", wintypes.DWORD),
        ("attribute_count", wintypes.DWORD),
        ("attributes", ctypes.c_void_p),
        ("alias", wintypes.LPWSTR),
        ("user", wintypes.LPWSTR),
    )


class _Memory(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS_EX."""

    _fields_ = (
        ("size", wintypes.DWORD),
        ("page_faults", wintypes.DWORD),
        ("peak_working_set", ctypes.c_size_t),
        ("working_set", ctypes.c_size_t),
        ("pools", ctypes.c_size_t * 4),
        ("pagefile", ctypes.c_size_t),
        ("peak_pagefile", ctypes.c_size_t),
        ("private", ctypes.c_size_t),
    )


def passwords() -> dict[str, str]:
    count = wintypes.DWORD()
    found = ctypes.POINTER(ctypes.POINTER(_Credential))()
    advapi32 = ctypes.WinDLL("advapi32")
    if not advapi32.CredEnumerateW(None, 0, ctypes.byref(count), ctypes.byref(found)):
        return {}
    kept = (found[place].contents for place in range(count.value))
    return {one.name: one.blob[: one.size].decode("utf-16-le") for one in kept}


def at_login() -> dict[str, str]:
    with winreg.OpenKey(
        winreg.HKEY_CURRENT_USER, r"Software\Microsoft\Windows\CurrentVersion\Run"
    ) as run:
        values = (winreg.EnumValue(run, place) for place in range(winreg.QueryInfoKey(run)[1]))
        return {name: value for name, value, _ in values}


def memory() -> dict[str, int]:
    counters = _Memory(size=ctypes.sizeof(_Memory))
    psapi = ctypes.WinDLL("psapi")
    psapi.GetProcessMemoryInfo.argtypes = (wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD)
    psapi.GetProcessMemoryInfo(_program(), ctypes.byref(counters), counters.size)
    return {"private": counters.private, "working_set": counters.working_set}


def trust(file: str) -> None:
    with open(file, encoding="ascii") as pem:
        certificate = ssl.PEM_cert_to_DER_cert(pem.read())
    crypt32 = ctypes.WinDLL("crypt32")
    crypt32.CertOpenSystemStoreW.restype = ctypes.c_void_p
    store = ctypes.c_void_p(crypt32.CertOpenSystemStoreW(None, "ROOT"))
    added = crypt32.CertAddEncodedCertificateToStore(
        store, _X509, certificate, len(certificate), _ADD_ALWAYS, None
    )
    crypt32.CertCloseStore(store, 0)
    assert added


def crash() -> None:
    create = ctypes.WinDLL("kernel32").CreateRemoteThread
    create.argtypes = (
        *(wintypes.HANDLE, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p),
        *(ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p),
    )
    create.restype = wintypes.HANDLE
    assert create(_program(), None, 0, 1, None, 0, None)


def end_session() -> None:
    user32 = ctypes.WinDLL("user32")
    user32.FindWindowW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR)
    user32.FindWindowW.restype = wintypes.HWND
    send = user32.SendMessageW
    send.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    window = user32.FindWindowW("KollectSession", None)
    assert window, "it does not want to know"
    assert send(window, _QUERY_END_SESSION, 0, 0), "it is against it"
    send(window, _END_SESSION, 1, 0)


def _program() -> int:
    """A handle of the program itself: kollect.exe is two, of which the first only unpacks it."""
    processes = console._processes()
    [pid] = (
        pid
        for pid, one in processes.items()
        if one.name == "kollect.exe" == getattr(processes.get(one.parent), "name", "")
    )
    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel32.OpenProcess.restype = wintypes.HANDLE
    handle = kernel32.OpenProcess(_LOOK_AND_RUN, False, pid)
    assert handle, ctypes.WinError(ctypes.get_last_error())
    return handle


def main(question: str, *arguments: str) -> Any:
    try:
        answers = {
            "passwords": passwords,
            "at-login": at_login,
            "memory": memory,
            "trust": trust,
            "end-session": end_session,
            "crash": crash,
        }
        return answers[question](*arguments)
    except FileNotFoundError:  # no such key
        return {}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
