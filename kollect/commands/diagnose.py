"""`diagnose`: why replies may not arrive, from the settings and the DNS of the shop's domain."""

from __future__ import annotations

from argparse import Namespace

from kollect.commands.output import DEFERRED, DONE, NO_SERVER, data_folder, print_json
from kollect.diagnosis.arrival_findings import NOTHING_KNOWN
from kollect.diagnosis.dns_client import DnsClient
from kollect.diagnosis.examination import examine, other_server
from kollect.diagnosis.finding import Finding, Verdict, worst
from kollect.errors import SettingsTrouble
from kollect.settings import ini_file
from kollect.settings.validation import problems, ready_to_collect

TO_MEND = DEFERRED


def diagnose(options: Namespace) -> int:
    """No password is needed and nothing is sent. Raises SettingsTrouble."""
    folder = data_folder(options)
    settings = ini_file.load(folder.ini)
    if wrong := problems(settings) or ready_to_collect(settings):
        raise SettingsTrouble(str(folder.ini), tuple(wrong))
    found = examine(settings, DnsClient(other_server()))
    if options.json:
        print_json(
            {
                "ok": _exit_code(found) == DONE,
                "verdict": worst(found),
                "address": settings.mail_address,
                "findings": [finding.as_json() for finding in found],
            }
        )
    else:
        print(f"届くかどうかの診断: {settings.mail_address}")
        for finding in found:
            print(finding)
    return _exit_code(found)


def _exit_code(found: tuple[Finding, ...]) -> int:
    """What could not be found out is nothing to mend; where nothing could, no server was there."""
    if worst(found) in (Verdict.BAD, Verdict.CARE):
        return TO_MEND
    return NO_SERVER if NOTHING_KNOWN in found else DONE
