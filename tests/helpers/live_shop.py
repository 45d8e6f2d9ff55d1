"""A shop that really collects: its settings for the demo's mail server, and how it begins."""

from __future__ import annotations

from dataclasses import replace

from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.settings.model import Collect, Passwords, Settings
from kollect.ui.collecting.screen import CollectingScreen
from kollect.ui.main import Program
from tests.helpers.ui_driver import press, settle


def shop(server: DemoServer) -> Settings:
    """The demo's shop as a real one, which looks once a minute."""
    return replace(
        demo_settings(server), collect=Collect(interval_seconds=60, new_per_hour=100_000)
    )


def start(program: Program, settings: Settings) -> CollectingScreen:
    """「メール収集の起動」 by its digit; the screen after the first poll."""
    program.workspaces.real.save(settings, Passwords())
    program.go.identify()
    press(program.window.root, "1")
    settle(program.window.root, lambda: isinstance(program.window.screen, CollectingScreen))
    screen = program.window.screen
    assert isinstance(screen, CollectingScreen)
    settle(screen, lambda: program.go.tray.status.last is not None)
    return screen
