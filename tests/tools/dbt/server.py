"""Runs the `dbt` command many times and pays for its imports once.

Reads one JSON object per line from each connection to the socket `argv[1]`: the arguments, the
folder and the environment of a command. Each command runs in a forked process, through the function
that the `dbt` program calls. The answer is the exit code and the output. The server ends when its
standard input closes.
"""

import json
import os
import select
import signal
import socket
import sys
import tempfile
import traceback

import dbt.adapters.bigquery  # noqa: F401
import dbt.adapters.duckdb  # noqa: F401
import dbt.adapters.postgres  # noqa: F401
from dbt.cli.main import cli


def run(asked, output):
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
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
