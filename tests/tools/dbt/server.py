"""Runs the `dbt` command many times. Imports dbt once, and builds once what dbt builds at its first
use.

Reads one JSON object per line from each connection to the socket `argv[1]`: the arguments, the
folder and the environment of a command. Each command runs in a forked process, through the function
that the `dbt` program calls. The answer is the exit code and the output. The server ends when its
standard input closes.
"""

import contextlib
import gc
import json
import os
import pathlib
import select
import signal
import socket
import sys
import tempfile
import traceback

import dbt.adapters.bigquery  # noqa: F401
import dbt.adapters.duckdb  # noqa: F401
import dbt.adapters.postgres  # noqa: F401
import dbt.adapters.snowflake  # noqa: F401
from dbt.cli.main import cli, dbtRunner
from dbt_common.tests import enable_test_caching

PROJECT = {
    "dbt_project.yml": "{name: warm, version: 1.0.0, config-version: 2, profile: warm}",
    "profiles.yml": """
warm:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: warm.duckdb, schema: warm, threads: 1}
    postgres: {type: postgres, host: x, port: 1, user: x, password: x, dbname: x, schema: x, threads: 1}
""",
    "models/one.sql": "{{ config(post_hook='SELECT 1') }} SELECT 1 AS id",
    "models/one.yml": "{models: [{name: one, columns: [{name: id, data_tests: [unique]}]}]}",
    "macros/nothing.sql": "{% macro nothing() %}{% endmacro %}",
}


def warm():
    """Parses a small project. The forked processes inherit what dbt builds at its first use:
    serializers, JSON Schemas and templates. This is more than half of the time of a command.
    """
    # dbt offers this for its own tests: a template that was parsed once is not parsed again.
    enable_test_caching()
    threads = os.listdir("/proc/self/task")
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        for path, text in PROJECT.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            for target in ("postgres", "duckdb", "duckdb"):
                flags = ["--project-dir", folder, "--profiles-dir", folder, "--target", target]
                result = dbtRunner().invoke(["--no-send-anonymous-usage-stats", "parse", *flags, "--no-static-parser"])
                assert result.success, result.exception
    # A forked process has only one thread. It would wait forever for the work of another one. The
    # static parser of dbt starts threads, so it is off above.
    assert os.listdir("/proc/self/task") == threads
    # A search for unused objects writes to each page, and a written page is copied. Commands are short.
    gc.collect()
    gc.freeze()
    gc.disable()


def commit_each(stop):
    """Makes each statement commit alone, as in dbt v2, which has no transaction for a model. The
    process ends before the statement with the number `stop`, as if it were killed.
    """
    manager = dbt.adapters.postgres.PostgresAdapter.ConnectionManager
    opened, queried = manager.open.__func__, manager.add_query
    statements = 0

    def open_with_autocommit(cls, connection):
        connection = opened(cls, connection)
        connection.handle.autocommit = True
        return connection

    def add_query(self, sql, *arguments, **named):
        nonlocal statements
        statements += 1
        if statements == stop:
            os._exit(1)
        # An explicit BEGIN would start a transaction all the same.
        sql = "SELECT 1" if sql.strip(" ;\n").upper() in ("BEGIN", "COMMIT") else sql
        return queried(self, sql, *arguments, **named)

    manager.open = classmethod(open_with_autocommit)
    manager.add_query = add_query


def run(asked, output):
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    if "ROWKEEP_COMMIT_EACH" in os.environ:
        commit_each(int(os.environ["ROWKEEP_COMMIT_EACH"]))
    sys.argv = ["dbt", *asked["arguments"]]
    try:
        cli()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def answer(connection):
    asked = json.loads(connection.makefile().readline())
    output = tempfile.TemporaryFile()
    command = os.fork()
    if command == 0:
        code = run(asked, output)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    # Only the end of the process closes its database.
    _, status = os.waitpid(command, 0)
    output.seek(0)
    text = output.read().decode(errors="replace")
    connection.sendall(json.dumps({"code": os.waitstatus_to_exitcode(status), "text": text}).encode())


def main():
    warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            answer(connection)
            connection.close()
            os._exit(0)
        connection.close()


main()
