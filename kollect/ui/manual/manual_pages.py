"""All pages of the manual, in the order of its list. Pure."""

from __future__ import annotations

from kollect.ui.manual.manual_page import ManualPage
from kollect.ui.manual.pages_of_basics import FIRST, LAST
from kollect.ui.manual.pages_of_collecting import COLLECTED, MENU
from kollect.ui.manual.pages_of_members import MEMBERS
from kollect.ui.manual.pages_of_settings import SETTINGS

PAGES: tuple[ManualPage, ...] = (*FIRST, *COLLECTED[:1], *SETTINGS, *COLLECTED[1:], *MEMBERS, *LAST)
"""By their groups: pages of one group stand together."""

_BY_NAME = {page.name: page for page in PAGES}


def page_named(name: str) -> ManualPage:
    """The page of a screen; the one of the menu where a screen asks for none."""
    return _BY_NAME.get(name, MENU)
