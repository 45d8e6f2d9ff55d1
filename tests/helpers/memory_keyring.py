"""The passwords of this PC, in memory: no CI machine has a keyring, and no test may use one."""

from __future__ import annotations

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """It keeps several users under one service, as most do."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError(service)
        del self.kept[service, username]

    @property
    def codes(self) -> list[str]:
        """What is kept for protected data."""
        return [text for (service, _), text in self.kept.items() if "/data-" in service]
