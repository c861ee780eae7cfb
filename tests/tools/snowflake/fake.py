"""An account of Snowflake in this process: fakesnow translates statements and runs them on DuckDB.

Reads a JSON object per line. `{"reset": [["schema"], ["database", "schema"]]}` opens an empty account
with these schemas. `{"run": "..."}` runs a statement, and `{"rows": "..."}` a query. `{"serve": true}`
starts a server for clients of Snowflake, and returns its port. Prints a JSON object per line: the rows,
or the error.
"""

import json
import logging
import re
import socket
import sys
import threading
import warnings

import fakesnow.server
import uvicorn
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.dialect import parse_one
from fakesnow.instance import FakeSnow

DATABASE = "ROWKEEP_REHEARSAL"

# The clock of a rehearsal, in seconds since 1970. It is the only part of a statement that changes from
# cycle to cycle.
CLOCK = re.compile(r"INTERVAL '(\d{9,}) seconds'")
MARK = "4815162342"

# How the statements begin that are not definitions. The emitted ones begin with a comment.
CHANGES_OR_READS = ("INSERT INTO ", "UPDATE ", "DELETE ", "SELECT ", "-- ")


def quoted(parts):
    return ".".join('"' + part + '"' for part in parts)


class Account:
    def __init__(self):
        # The form for DuckDB of each statement, with a mark in place of its clock.
        self.translated = {}

    def reset(self, schemas):
        fakesnow.server.shared_fs = account = FakeSnow()
        self.cursor = account.connect(DATABASE, "PUBLIC").cursor()
        # A zone other than UTC, so that a statement that depends on the zone of the session breaks a law.
        # The server knows UTC only.
        self.cursor._duck_conn.execute("SET TimeZone = 'America/New_York'")
        for database in sorted({schema[0] for schema in schemas if len(schema) > 1}):
            self.cursor.execute(f"CREATE DATABASE IF NOT EXISTS {quoted([database])}")
        for schema in schemas:
            self.cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")

    def execute(self, sql):
        """fakesnow needs most of its time to translate, so it translates each statement once."""
        clocks = set(CLOCK.findall(sql))
        if not sql.startswith(CHANGES_OR_READS) or " VALUES (" in sql or len(clocks) > 1:
            return self.cursor.execute(sql)
        clock = clocks.pop() if clocks else MARK
        shape = sql.replace(clock, MARK)
        if shape not in self.translated:
            [statement] = self.cursor._transform_explode(parse_one(shape))
            self.translated[shape] = self.cursor._transform(statement, None).sql(dialect="duckdb")
        return self.cursor._duck_conn.execute(self.translated[shape].replace(MARK, clock))

    def answer(self, asked):
        match asked:
            case {"reset": schemas}:
                self.reset(schemas)
            case {"run": sql}:
                self.execute(sql)
            case {"rows": sql}:
                return [list(row) for row in self.execute(sql).fetchall()]
            case {"serve": _}:
                return [[str(serve())]]
        return []


def serve():
    """Starts the server. Its requests share the account of this process."""
    original = FakeSnowflakeCursor.execute

    def execute(cursor, command, *args, **kwargs):
        # DuckDB has temporary views in a schema of their own only. dbt drops these views itself.
        command = re.sub(r"(?i)create or replace\s+temporary view", "create or replace view", command)
        return original(cursor, command, *args, **kwargs)

    FakeSnowflakeCursor.execute = execute
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(fakesnow.server.app, log_level="critical"))
    threading.Thread(target=server.run, args=([listening],), daemon=True).start()
    return listening.getsockname()[1]


# DuckDB has no clauses such as CLUSTER BY and COPY GRANTS.
warnings.simplefilter("ignore")
logging.getLogger("sqlglot").setLevel(logging.ERROR)
account = Account()
for line in sys.stdin:
    try:
        said = {"rows": account.answer(json.loads(line))}
    except Exception as error:
        said = {"error": str(error)}
    print(json.dumps(said), flush=True)
