"""Whether this PC has a place for secrets: without one they are asked for at every start."""

from __future__ import annotations


def has_secret_place() -> bool:
    """The PC's keyring keeps what it is given, as far as it says so itself. May take a while."""
    try:
        import keyring  # here, as it takes long and the window must be there first

        # "null" accepts everything and keeps nothing, "fail" stands for none: both are 0 or below
        return float(keyring.get_keyring().priority) > 0
    except Exception:  # backends raise what they like
        return False


def why_not(error: Exception) -> str:
    """For the log, behind "cannot be used"; "" where there simply is none."""
    return "" if type(error).__name__ == "NoKeyringError" else f"（{type(error).__name__}）"
