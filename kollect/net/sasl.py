"""What a client says to log in with an account and a password, in POP3, IMAP and SMTP alike.

PLAIN (RFC 4616), LOGIN (never more than a draft, and everywhere), CRAM-MD5 (RFC 2195). How the
words travel is the protocol's. Pure.
"""

from __future__ import annotations

import base64
import hmac

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
"""In the order in which they are tried on an encrypted line."""
IN_THE_CLEAR = ("CRAM-MD5", "PLAIN", "LOGIN")
"""On another one: the digest first, from which the password has yet to be guessed."""


class Sasl:
    """The client's side of one login. `answer` is asked once for each challenge."""

    def __init__(self, mechanism: str, account: str, password: str) -> None:
        self.mechanism = mechanism
        self._account = account
        self._password = password
        self._asked = 0
        self.digest = ""
        """What `answer` has made of the password; "" where it goes as it is."""

    @property
    def first(self) -> bytes:
        """What may be said at once, without being asked (RFC 4422 section 3.3); b"" for nothing."""
        return self._blob() if self.mechanism == "PLAIN" else b""

    def answer(self, challenge: bytes) -> bytes:
        """The answer to the server's words, both without the Base64 of the line."""
        self._asked += 1
        match self.mechanism:
            case "PLAIN":
                return self._blob()
            case "LOGIN":
                return (self._account if self._asked == 1 else self._password).encode()
            case _:
                self.digest = hmac.new(self._password.encode(), challenge, "md5").hexdigest()
                return f"{self._account} {self.digest}".encode()

    @property
    def most_answers(self) -> int:
        """After so many the server has to say yes or no."""
        return 2 if self.mechanism == "LOGIN" else 1

    def _blob(self) -> bytes:
        return f"\0{self._account}\0{self._password}".encode()


def coded(octets: bytes) -> str:
    """As it goes over the line."""
    return base64.b64encode(octets).decode("ascii")


def decoded(text: str) -> bytes:
    """What came over the line; b"" where it makes no sense: the answer to it will be refused."""
    try:
        return base64.b64decode(text.encode(), validate=True)
    except ValueError:
        return b""
