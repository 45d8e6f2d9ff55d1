"""The rooms of the house, read from the source: who may know whom, and how large a room may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TOP = Path(__file__).parents[2]
STAGES = ("inbox", "decision", "register", "reply")
CLOSED_TO_STAGES = (
    *(*STAGES, "collector", "commands", "members"),
    *("screens", "demo", "program", "app"),
)
PURE_ROOMS = ("decision",)
"""Beside these, every module that says "Pure." of itself is held to it."""
IMPURE_MODULES = {
    "asyncio",
    "imaplib",
    "multiprocessing",
    "os",
    "poplib",
    "queue",
    "select",
    "shutil",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "tkinter",
}
IMPURE_CALLS = {
    *("now", "today", "utcnow"),
    *("open", "print", "input"),
    *("exists", "read_bytes", "read_text", "stat", "unlink", "write_bytes", "write_text"),
}
NAMES_ERRORS_ONLY = {"net/server_errors.py"}
"""Needs the exceptions of socket to tell them apart, nothing else of it."""
SERVERS_AND_SQL = {"imaplib", "poplib", "smtplib", "socket", "sqlite3", "ssl"}
LARGEST = 500
"""Lines, where one class needs them; the aim is 300."""
WITHOUT_WINDOWS = {
    *("app/workspace.py", "app/active_workspace.py", "app/mailing_control.py"),
    *("app/machine_setup.py", "app/crash_report.py", "app/preflight.py"),
}
"""What the program does, whether by a window or not."""


@dataclass(frozen=True)
class Module:
    path: str
    """From kollect/ on, with slashes."""
    tree: ast.Module
    lines: int

    @property
    def room(self) -> str:
        return self.path.partition("/")[0].removesuffix(".py")

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Every module that is imported anywhere in this one, also within functions."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[str]:
        for node in self.nodes:
            match node:
                case ast.Import(names=names):
                    yield from (name.name for name in names)
                case ast.ImportFrom(module=module, names=names, level=0) if module:
                    yield module
                    yield from (f"{module}.{name.name}" for name in names)


def read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(TOP / "kollect").as_posix()
    return Module(name, ast.parse(text, str(path)), text.count("\n"))


MODULES = [read(path) for path in sorted((TOP / "kollect").rglob("*.py"))]


def rooms_known(module: Module) -> set[str]:
    """The rooms of kollect that this module imports from."""
    names = (name.split(".") for name in module.imports)
    return {parts[1] for parts in names if parts[0] == "kollect" and len(parts) > 1}


def roots(module: Module) -> set[str]:
    return {name.partition(".")[0] for name in module.imports}


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def asks_for_the_system(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return (module, name) in {("sys", "platform"), ("os", "name"), ("os", "uname")}
    return False


def test_imports_are_absolute():
    relative = [
        f"{module.path}:{node.lineno}"
        for module in MODULES
        for node in module.nodes
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def test_stages_know_each_other_only_through_the_collector():
    stages = [module for module in MODULES if module.room in STAGES]
    assert {module.room for module in stages} == set(STAGES)
    too_much = {
        module.path: known
        for module in stages
        if (known := rooms_known(module) & set(CLOSED_TO_STAGES) - {module.room})
    }
    assert not too_much


def test_tk_only_in_screens_and_app():
    others = [module for module in MODULES if module.room not in ("screens", "app")]
    assert not [module.path for module in others if "tkinter" in roots(module)]


def test_every_message_box_is_opened_by_dialogs():
    """So a test reaches each of them: it answers in the place of `Dialogs`."""
    boxes = {"tkinter.messagebox", "tkinter.simpledialog", "tkinter.commondialog"}
    assert not [module.path for module in MODULES if boxes & {*module.imports}]
    others = [module for module in MODULES if module.path != "ui/framework/dialogs.py"]
    assert not [module.path for module in others if "tkinter.filedialog" in module.imports]
    windows = {
        module.path
        for module in others
        for node in ast.walk(module.tree)
        for part in _bases_or_callee(node)
        if ast.unparse(part) in ("tk.Toplevel", "Toplevel")
    }
    assert windows == {"ui/demo/phone_window.py"}, "a window of its own, not a box"


def _bases_or_callee(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.ClassDef(bases=bases):
            return bases
        case ast.Call(func=function):
            return [function]
    return []


KEPT_BY_TK = {
    "ui/framework/tk_windows.py": {
        "bind_class",
        "bind_all",
        "grab_current",
        "focus_get",
        "focus_lastfor",
    },
    "ui/framework/tk_lifetime.py": {
        "StringVar",
        "IntVar",
        "BooleanVar",
        "DoubleVar",
        "after",
        "after_idle",
    },
}
"""What Tk does for windows of its own too, or keeps beyond the widget: each at one place."""
ROOTS_OWN = {
    *("app.py", "ui/framework/window.py", "ui/tray_controller.py", "ui/shutdown.py"),
    "ui/framework/gc_in_tk_thread.py",
}
"""Theirs is the root, which is there until the end."""


def test_what_tk_keeps_or_shares_is_asked_of_it_at_one_place():
    """A handler for a class of widgets meets those of Tk's file dialog, which tkinter does not
    know; a variable or a timer outlives its widget with all that it calls.
    """
    elsewhere = [
        f"{module.path}:{node.lineno} {node.func.attr}"
        for module in MODULES
        for node in module.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        for place, names in KEPT_BY_TK.items()
        if node.func.attr in names and module.path != place and module.room in ("screens", "app")
        if not (place == "ui/framework/tk_lifetime.py" and module.path in ROOTS_OWN)
        if ast.unparse(node.func.value) not in ("foreign", "self._health")
    ]
    assert not elsewhere


def test_screens_know_neither_sql_nor_servers():
    too_much = {
        module.path: known
        for module in MODULES
        if module.room == "screens"
        and (
            known := roots(module) & SERVERS_AND_SQL
            | rooms_known(module) & {"inbox", "reply", "wire", "app"}
        )
    }
    assert not too_much


def test_what_works_without_a_window_knows_no_screens():
    without = [module for module in MODULES if module.path in WITHOUT_WINDOWS]
    assert {module.path for module in without} == WITHOUT_WINDOWS
    windows = {"signposts", "beginning", "mender"}
    assert not {
        module.path: module.imports
        for module in without
        if "screens" in rooms_known(module)
        or any(name == f"kollect.program.{one}" for name in module.imports for one in windows)
    }


def test_every_module_is_imported_by_name():
    """So PyInstaller finds it, and an editor finds who uses it."""
    modules = {
        f"kollect.{module.path.removesuffix('.py').replace('/', '.')}".removesuffix(
            ".__init__"
        ): module
        for module in MODULES
    }
    found, ahead = set(), ["kollect.__main__"]
    while ahead:
        name = ahead.pop()
        if name in modules and name not in found:
            found.add(name)
            ahead += [name.rpartition(".")[0], *modules[name].imports]
    assert not {*modules} - found


def test_the_operating_system_is_asked_only_in_desktop():
    others = [module for module in MODULES if module.room != "desktop"]
    asked = [
        f"{module.path}:{node.lineno}"
        for module in others
        for node in module.nodes
        if asks_for_the_system(node)
    ]
    assert not asked
    system = {"platform", "winreg", "ctypes", "msvcrt", "fcntl"}
    assert not [module.path for module in others if roots(module) & system]


def test_desktop_knows_nothing_of_mail():
    known = {
        module.path: too_much
        for module in MODULES
        if module.room == "desktop"
        and (too_much := rooms_known(module) - {"desktop", "errors", "floor"})
    }
    assert not known


def test_our_own_header_fields_are_named_at_one_place():
    found = [
        path for path in (TOP / "kollect").rglob("*.py") if '"X-Kollect-' in path.read_text("utf-8")
    ]
    assert [path.name for path in found] == ["own_headers.py"]


def test_only_those_who_start_the_program_import_app():
    starters = ("__main__.py", "commands/__init__.py")
    others = [module for module in MODULES if module.path not in starters]
    assert not [module.path for module in others if "app" in rooms_known(module)]


def test_modules_are_of_a_readable_size():
    too_long = {module.path: module.lines for module in MODULES if module.lines > LARGEST}
    assert not too_long


def test_pure_modules_touch_nothing():
    """No socket, file, clock, thread or Tk: time and octets are arguments."""
    pure = [m for m in MODULES if m.room in PURE_ROOMS or re.search(r"\bPure\.", m.docstring)]
    assert {"errors.py", "ledger/states.py", "settings/model.py"} <= {m.path for m in pure}
    assert not {
        module.path: known
        for module in pure
        if (known := roots(module) & IMPURE_MODULES) and module.path not in NAMES_ERRORS_ONLY
    }
    calls = [
        f"{module.path}:{node.lineno} {name}"
        for module in pure
        for node in module.nodes
        if isinstance(node, ast.Call) and (name := called(node)) in IMPURE_CALLS
    ]
    assert not calls


def test_every_module_says_what_it_is_for():
    assert not [module.path for module in MODULES if module.tree.body and not module.docstring]


def test_nothing_in_the_tree_names_a_machine_or_a_registry():
    """A fresh clone must work anywhere; nor is there a word about who wrote it with what."""
    forbidden = re.compile(
        r"/tmp/k\b|/work/(main|shared)|pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian"
    )
    here = Path(__file__).name
    files = [
        path
        for pattern in ("*", "kollect/**/*", "tests/**/*", ".ci/*")
        for path in TOP.glob(pattern)
        if path.is_file() and path.name != here and "__pycache__" not in path.parts
        and path.suffix in ("", ".py", ".sh", ".bat", ".md", ".txt", ".ini", ".toml", ".csv")
    ]  # fmt: skip
    assert TOP / "build.sh" in files
    named = [p.name for p in files if forbidden.search(p.read_text(encoding="utf-8"))]
    assert not named
