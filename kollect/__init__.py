"""コレクト (kollect): collects customers' mail addresses from blank mails.

The stages of one poll: `inbox` fetches, `decision` says what a mail is, `ledger` gives the number
and writes it down, `letters` and `smtp` answer; only `collector` joins them. `mailing` writes to
the members. `ui` and `commands` are the two ways in, and both go through `app`.
"""

__version__ = "1.0.0"
