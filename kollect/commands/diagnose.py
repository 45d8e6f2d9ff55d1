"""`diagnose`: why replies may not arrive, from the settings, the DNS of the shop's domain, and the
replies that were refused.
"""

from __future__ import annotations

import sys
from argparse import Namespace

from kollect.app.results_service import ResultsService
from kollect.commands.output import DEFERRED, DONE, NO_SERVER, data_folder, print_json
from kollect.delivery.carriers import CarrierRefusals
from kollect.diagnosis.arrival_findings import NOTHING_KNOWN
from kollect.diagnosis.dns_client import DnsClient
from kollect.diagnosis.examination import examine, other_server
from kollect.diagnosis.finding import Finding, Verdict, worst
from kollect.diagnosis.refusal_findings import LOOKED_BACK, about_refusals, as_json, for_verdict
from kollect.errors import SettingsTrouble, StorageTrouble
from kollect.settings import ini_file
from kollect.settings.model import Settings
from kollect.settings.validation import problems, ready_to_collect
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now

TO_MEND = DEFERRED


def diagnose(options: Namespace) -> int:
    """No password is needed and nothing is sent. Raises SettingsTrouble."""
    folder = data_folder(options)
    settings = ini_file.load(folder.ini)
    if wrong := problems(settings) or ready_to_collect(settings):
        raise SettingsTrouble(str(folder.ini), tuple(wrong))
    found = examine(settings, DnsClient(other_server()))
    refusals = _refusals(folder, settings)
    about = tuple(about_refusals(refusals))
    everything = for_verdict((*found, *about))
    if options.json:
        print_json(
            {
                "ok": _exit_code(everything) == DONE,
                "verdict": worst(everything),
                "address": settings.mail_address,
                "findings": [finding.as_json() for finding in found],
                "refusals": [as_json(one) for one in refusals],
            }
        )
    else:
        print(f"届くかどうかの診断: {settings.mail_address}")
        for finding in (*found, *about):
            print(finding)
    return _exit_code(everything)


def _refusals(folder: DataFolder, settings: Settings) -> tuple[CarrierRefusals, ...]:
    """Where the records cannot be read, the rest is told all the same."""
    try:
        return ResultsService(folder, lambda: settings).refusals(local_now() - LOOKED_BACK)
    except StorageTrouble as trouble:
        print(f"断られた返信を調べられませんでした: {trouble}", file=sys.stderr)
        return ()


def _exit_code(found: tuple[Finding, ...]) -> int:
    """What could not be found out is nothing to mend; where nothing could, no server was there."""
    if worst(found) in (Verdict.BAD, Verdict.CARE):
        return TO_MEND
    return NO_SERVER if NOTHING_KNOWN in found else DONE
