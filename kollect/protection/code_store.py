"""Where this PC keeps the code of a data folder: in its own keyring, as the mail passwords.

Never in the folder itself, the settings or the log. Knows nothing of screens.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping

from kollect.errors import DataCodeTrouble
from kollect.protection import recovery_code
from kollect.protection.recovery_code import RecoveryCode
from kollect.settings import hidden_secrets
from kollect.settings.secret_place import why_not
from kollect.storage.protection_mark import Mark

log = logging.getLogger(__name__)

VARIABLE = "KOLLECT_DATA_CODE"
_USER = "kollect"


class CodeStore:
    """No method but `given` raises because of a code, none because of the keyring."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def given(self) -> RecoveryCode | None:
        """The one in `KOLLECT_DATA_CODE`. Raises DataCodeTrouble where that is none."""
        text = self._environ.get(VARIABLE, "")
        return hidden(recovery_code.read(text)) if text.strip() else None

    def kept(self, mark: Mark) -> RecoveryCode | None:
        """The one that this PC keeps for the folder with this mark."""
        try:
            import keyring  # here, as it takes long and the window must be there first

            text = keyring.get_password(_service(mark), _USER)
            return hidden(recovery_code.read(text)) if text else None
        except DataCodeTrouble:  # somebody has changed it there
            return None
        except Exception as error:  # locked, broken, or there is none
            _complain(error)
            return None

    def keep(self, mark: Mark, code: RecoveryCode) -> bool:
        """Keep it for the next start; says whether that is so."""
        hidden(code)
        # to begin with: the Windows backend saves a present one under a second name, where the
        # former code would stay for ever
        self.forget(mark)
        try:
            import keyring

            keyring.set_password(_service(mark), _USER, code.written)
            # the backend "null" accepts everything and keeps nothing
            return keyring.get_password(_service(mark), _USER) == code.written
        except Exception as error:
            _complain(error)
            return False

    def name_for(self, mark: Mark) -> str:
        """Under which name the keyring has it."""
        return _service(mark)

    def forget(self, mark: Mark) -> None:
        with contextlib.suppress(Exception):  # there was none, or there is no keyring
            import keyring

            keyring.delete_password(_service(mark), _USER)


def _complain(error: Exception) -> None:
    log.warning("このパソコンには、復元コードを覚えさせられません%s。", why_not(error))


def hidden(code: RecoveryCode) -> RecoveryCode:
    """The code; from now on no line of the log shows it."""
    hidden_secrets.hide(code.written)
    hidden_secrets.hide(code.letters)
    return code


def _service(mark: Mark) -> str:
    # by the fingerprint, too: a copy of the folder may have a code of its own since
    return f"kollect/{mark.ledger}/data-{mark.fingerprint[:8]}"
