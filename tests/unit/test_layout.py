"""The rooms of the house, read from the source: who may know whom, and how large a room may be."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TOP = Path(__file__).parents[2]

LAYERS = (
    ("__main__", "commands", "ui"),
    ("app",),
    ("collector", "mailing", "members", "printing", "reports", "demo", "setup"),
    ("inbox", "decision", "ledger", "letters", "smtp", "protection"),
    ("net", "storage", "diagnosis"),
    ("settings",),
    ("mail", "delivery", "desktop"),
    ("threads",),
    ("storage_errors",),
    ("errors",),
)
"""From the top. A room knows those of lower layers, never one above it."""
BESIDE = {
    ("__main__", "commands"): "the command line runs the commands",
    ("commands", "ui"): "without a command the window opens",
    ("collector", "mailing"): "a returned mail or a 配信停止 may be about a mailing",
    ("collector", "members"): "a 配信停止 stops the member",
    ("collector", "reports"): "the weekly report is a letter to the owner",
    ("demo", "collector"): "the played scene shows what the collector tells",
    ("mailing", "members"): "the recipients",
    ("printing", "mailing"): "the poster's mailto: link",
    ("printing", "reports"): "the numbers of 月報",
    ("reports", "mailing"): "the letters of メール発信 are counted",
    ("reports", "members"): "who joined, left, said no is counted",
    ("letters", "smtp"): "a letter is written as what the client sends",
}
"""Who knows a room of its own layer, and why. Everybody else does not."""
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
    "sqlcipher3",
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
SERVERS_AND_SQL = {"imaplib", "poplib", "smtplib", "socket", "sqlcipher3", "sqlite3", "ssl"}
LARGEST = 500
"""Lines, where one class needs them; the aim is 300."""
LARGEST_TEST = 800
MOST_IN_A_FOLDER = 25
PRIVATE_IN_SCREENS = 17
"""Private attributes in tests/screens: 107 there were."""
TEXTS = {"", ".py", ".sh", ".bat", ".md", ".txt", ".ini", ".toml", ".csv", ".yml"}
MAY_BE_NAMED_ALIKE = {"__init__", "screen", "model"}


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
ROOMS = {module.room for module in MODULES} - {"__init__"}
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def rooms_known(module: Module) -> set[str]:
    """The other rooms of kollect that this module imports from."""
    names = (name.split(".") for name in module.imports)
    known = {parts[1] for parts in names if parts[0] == "kollect" and len(parts) > 1}
    return (known & ROOMS) - {module.room}


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


def test_every_room_has_its_layer():
    assert set(LEVEL) == ROOMS


def test_imports_go_down():
    upwards = {
        f"{module.path} -> {known}"
        for module in MODULES
        if module.room in LEVEL
        for known in rooms_known(module)
        if LEVEL[known] < LEVEL[module.room]
        or (LEVEL[known] == LEVEL[module.room] and (module.room, known) not in BESIDE)
    }
    assert not upwards


def test_who_knows_a_room_beside_it_really_does():
    there = {(module.room, known) for module in MODULES for known in rooms_known(module)}
    assert set(BESIDE) <= there


def test_imports_are_absolute_and_never_by_a_string():
    relative = [
        f"{module.path}:{node.lineno}"
        for module in MODULES
        for node in module.nodes
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative
    by_string = [
        f"{module.path}:{node.lineno}"
        for module in MODULES
        for node in module.nodes
        if isinstance(node, ast.Call) and called(node) in ("import_module", "__import__")
    ]
    assert not by_string


def test_a_public_class_has_a_name_of_its_own():
    names = Counter(
        node.name
        for module in MODULES
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not [name for name, count in names.items() if count > 1]


def test_a_module_has_a_name_of_its_own():
    names = Counter(Path(module.path).stem for module in MODULES)
    assert not {name for name, count in names.items() if count > 1} - MAY_BE_NAMED_ALIKE


def test_a_folder_can_be_read_at_a_glance():
    folders = Counter(
        str(Path(module.path).parent)
        for module in MODULES
        if not module.path.endswith("__init__.py")
    )
    assert not {name: count for name, count in folders.items() if count > MOST_IN_A_FOLDER}


def test_tk_only_in_ui():
    others = [module for module in MODULES if module.room != "ui"]
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
        *("bind_class", "bind_all", "grab_current", "focus_get", "focus_lastfor"),
    },
    "ui/framework/tk_lifetime.py": {
        *("StringVar", "IntVar", "BooleanVar", "DoubleVar", "after", "after_idle"),
    },
}
"""What Tk does for windows of its own too, or keeps beyond the widget: each at one place."""
ROOTS_OWN = {
    *("ui/main.py", "ui/framework/window.py", "ui/tray_controller.py", "ui/shutdown.py"),
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
        if node.func.attr in names and module.path != place and module.room == "ui"
        if not (place == "ui/framework/tk_lifetime.py" and module.path in ROOTS_OWN)
        if ast.unparse(node.func.value) not in ("tk_windows", "self._health")
    ]
    assert not elsewhere


def test_screens_know_neither_sql_nor_servers():
    too_much = {
        module.path: known
        for module in MODULES
        if module.room == "ui"
        and (known := roots(module) & SERVERS_AND_SQL | rooms_known(module) & {"inbox", "net"})
    }
    assert not too_much


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


def test_one_module_owns_the_sqlite_library():
    """Tests too: a second library in the process would drop the first one's locks (see there)."""
    drivers = re.compile(r"^\s*(import|from) (sqlite3|sqlcipher3)\b", re.M)
    files = [*(TOP / "kollect").rglob("*.py"), *(TOP / "tests").rglob("*.py")]
    found = [
        str(path.relative_to(TOP)) for path in files if drivers.search(path.read_text("utf-8"))
    ]
    assert found == ["kollect/storage/database_driver.py"]


def test_only_those_who_start_the_program_import_its_window():
    starters = ("__main__.py", "commands/__init__.py")
    others = [module for module in MODULES if module.path not in starters]
    assert not [module.path for module in others if "kollect.ui.main" in module.imports]


def test_modules_are_of_a_readable_size():
    too_long = {module.path: module.lines for module in MODULES if module.lines > LARGEST}
    assert not too_long


def test_test_files_are_of_a_readable_size():
    files = {path: path.read_text("utf-8").count("\n") for path in (TOP / "tests").rglob("*.py")}
    assert not {str(path): lines for path, lines in files.items() if lines > LARGEST_TEST}


def test_tests_of_the_screens_look_at_what_a_user_sees():
    """By texts, widgets and tests/helpers; the private attributes that are left only get fewer."""
    found = [
        f"{path.relative_to(TOP)}:{node.lineno} {ast.unparse(node)}"
        for path in sorted((TOP / "tests" / "screens").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr)
        if ast.unparse(node.value) not in ("self", "cls")
    ]
    assert len(found) <= PRIVATE_IN_SCREENS, "\n".join(found)


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


def test_what_the_guides_name_is_there():
    """The map and the how-tos of CONTRIBUTING, the tree of the README."""
    guides = (TOP / ".github" / "CONTRIBUTING.md", TOP / "README.md")
    module = re.compile(r"(?<![\w./*])[a-z_]+(?:/[a-z_0-9]+)*\.py\b")
    named = {path for guide in guides for path in module.findall(guide.read_text("utf-8"))}
    assert len(named) > 60
    rooms = (TOP / "kollect", TOP / "tests", TOP / "assets")
    there = "".join(f"{path.as_posix()}\n" for room in rooms for path in room.rglob("*.py"))
    assert not {path for path in named if f"/{path}\n" not in there}


def test_nothing_in_the_tree_names_a_machine_or_a_registry():
    """A fresh clone must work anywhere; nor is there a word about who wrote it with what."""
    forbidden = re.compile(
        r"/tmp/k\b|/work/(main|shared)|pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian"
    )
    here = Path(__file__).name
    files = [
        path
        for pattern in ("*", "kollect/**/*", "tests/**/*", ".ci/*", ".github/**/*")
        for path in TOP.glob(pattern)
        if path.is_file() and path.name not in (here, ".git") and "__pycache__" not in path.parts
        and path.suffix in TEXTS
    ]  # fmt: skip
    assert TOP / "build.sh" in files
    named = [p.name for p in files if forbidden.search(p.read_text(encoding="utf-8"))]
    assert not named
