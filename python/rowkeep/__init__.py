"""Rowkeep from Python: compile, check and lint.

Each function runs the program of this package and returns what it says as JSON::

    import rowkeep

    for path, text in rowkeep.compile("examples/order_tracking").items():
        print(path, len(text))

The formats are those of ``--format json``. Rowkeep's documentation describes them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Iterable, Sequence, Union

__all__ = ["Error", "check", "compile", "lint", "program", "run"]

StrPath = Union[str, "os.PathLike[str]"]


class Error(Exception):
    """The input has errors.

    ``findings`` has one mapping for each error, as ``--format json`` writes it. The text of the
    exception is for people.
    """

    def __init__(self, message: str, findings: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


def program() -> str:
    """The path of the program.

    It is beside the interpreter, or in the scripts of the user. Raises ``FileNotFoundError`` if it
    is in neither place.
    """
    name = "rowkeep" + (sysconfig.get_config_var("EXE") or "")
    user = sysconfig.get_preferred_scheme("user") if hasattr(sysconfig, "get_preferred_scheme") else f"{os.name}_user"
    folders = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", scheme=user)]
    # `pip install --target` puts the programs beside the modules.
    folders.append(str(Path(__file__).resolve().parent.parent / "bin"))
    for folder in folders:
        path = Path(folder) / name
        if path.is_file():
            return str(path)
    raise FileNotFoundError(f"{name} is in none of: " + ", ".join(folders))


def run(arguments: Iterable[str], *, cwd: StrPath | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the program with these arguments, and captures its output.

    It raises no error for an exit code: 0 means success, 1 findings, and 2 wrong usage.
    """
    command = [program(), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def compile(project: StrPath = ".", *, dialect: str | None = None) -> dict[str, str]:  # noqa: A001
    """Compiles the project in a folder, and returns the text of each artifact by its path.

    It writes nothing into the project. Raises :class:`Error` if the project has errors.
    """
    with tempfile.TemporaryDirectory(prefix="rowkeep") as out:
        arguments = ["compile", "--project", os.fspath(project), "--out", out, "--format", "json"]
        done = run(arguments + _dialect(dialect))
        if done.returncode != 0:
            raise _error(done)
        files = sorted(path for path in Path(out).rglob("*") if path.is_file())
        return {path.relative_to(out).as_posix(): path.read_text(encoding="utf-8") for path in files}


def check(
    project: StrPath = ".", *, today: str | None = None, allow: Sequence[str] = (), dialect: str | None = None
) -> list[dict[str, Any]]:
    """Checks the project and its committed artifacts, and returns the findings.

    ``today`` is a day such as ``2026-05-15``, or ``now``: without it, the horizon is not checked.
    Raises :class:`Error` if the arguments are wrong.
    """
    arguments = ["check", "--project", os.fspath(project), "--format", "json"]
    arguments += [] if today is None else ["--today", today]
    for what in allow:
        arguments += ["--allow", what]
    return _findings(run(arguments + _dialect(dialect)))


def lint(
    paths: StrPath | Iterable[StrPath],
    *,
    dialect: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Lints files, folders or dbt projects, and returns the findings.

    ``select`` and ``ignore`` are names or codes of rules. Raises :class:`Error` if the arguments
    are wrong.
    """
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    arguments = ["lint", "--format", "json", *_dialect(dialect)]
    for option, rules in (("--select", select), ("--ignore", ignore)):
        for rule in rules:
            arguments += [option, rule]
    return _findings(run([*arguments, "--", *(os.fspath(path) for path in listed)]))


def _dialect(dialect: str | None) -> list[str]:
    return [] if dialect is None else ["--dialect", dialect]


def _findings(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    if done.returncode not in (0, 1):
        raise _error(done)
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def _error(done: subprocess.CompletedProcess[str]) -> Error:
    try:
        findings = json.loads(done.stdout)["findings"]
    except (ValueError, KeyError, TypeError):
        return Error(done.stderr.strip() or f"rowkeep ended with exit code {done.returncode}")
    messages = [f"{found.get('code')}: {found.get('message')}" for found in findings]
    return Error("\n".join(messages) or done.stderr.strip(), findings)
