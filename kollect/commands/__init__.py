"""The commands for headless use, tests and support: plain Japanese text, or one JSON object.

Exit codes: 0 all done, 1 a fault of the program, 2 settings or command line wrong, 3 some letters
deferred, 4 a server cannot be reached or logged in to, 5 the data folder cannot be used, 6 the data
are protected and the code is missing or wrong.
"""

from __future__ import annotations

import logging
from argparse import Namespace

from kollect.errors import Trouble

log = logging.getLogger(__name__)


def run(options: Namespace) -> int:
    """Run the command of a parsed command line; returns its exit code.

    Each command's parts are imported only when it is asked for: the window has to be there at once.
    """
    from kollect.commands.output import failed
    from kollect.commands.output_log import recorded

    with recorded(options):
        try:
            return _run(options)
        except Trouble as trouble:
            return failed(trouble, as_json=bool(getattr(options, "json", False)))
        except Exception:
            if (damage := _damage(options)) is None:
                raise
            log.exception("受付の記録が壊れています")
            return failed(damage, as_json=bool(getattr(options, "json", False)))


def _damage(options: Namespace) -> Trouble | None:
    """What is wrong with kollect.db, where that is why a command has failed as none should."""
    from kollect.app.recovery import behind_the_fault
    from kollect.commands.output import data_folder

    return behind_the_fault(data_folder(options))


OPENS_BY_ITSELF = ("protect", "demo", "log", None)
"""The log is readable without a code; None is the window."""


def _run(options: Namespace) -> int:
    if options.command not in OPENS_BY_ITSELF:
        from kollect.app.data_protection import open_folder
        from kollect.commands.output import data_folder

        open_folder(data_folder(options))
    match options.command:
        case "collect":
            from kollect.commands.collect import collect

            return collect(options)
        case "check":
            from kollect.commands.check import check

            return check(options)
        case "diagnose":
            from kollect.commands.diagnose import diagnose

            return diagnose(options)
        case "results":
            from kollect.commands.results import results

            return results(options)
        case "log":
            from kollect.commands.results import log

            return log(options)
        case "report":
            from kollect.commands.report import report

            return report(options)
        case "demo" if options.headless:
            from kollect.commands.check import demo

            return demo(options)
        case "restore":
            from kollect.commands.restore import restore

            return restore(options)
        case "protect":
            from kollect.commands.protect import protect

            return protect(options)
        case "members":
            from kollect.commands.members import members

            return members(options)
        case "send":
            from kollect.commands.send import send

            return send(options)
        case _:
            from kollect.commands.output import data_folder
            from kollect.ui import main

            return main.run(
                data_folder(options),
                demo=options.command == "demo",
                in_tray=options.tray,
                given="data" in options,
            )
