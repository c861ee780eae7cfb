"""Runs statements by Google's reference implementation, one JSON value a line, on tables that are kept here.

A request is `{"run": sql}`, `{"load": table, "rows": rows}` or `{"reset": true}`. The answer has `error`, or the table
that the statement changed: `table`, `columns` as a list of [name, type], and `rows`. A value is a text or null, for
dates and times a number of days or microseconds since 1970."""

import datetime
import decimal
import json
import re
import sys

from service import Service, created, local
from zetasql.core.exceptions import ZetaSQLError
from zetasql.wasi._pb2.zetasql.public import builtin_function_pb2, type_pb2, value_pb2

# The functions of most statements. To add all 1,100 to a catalog takes longer than to run a statement.
COMMON = re.compile(
    "FN_(ADD_INT64|ADD_TIMESTAMP_INTERVAL|AND|CASE_NO_VALUE|COALESCE|CONCAT_OP_STRING|COUNT|COUNT_STAR|EQUAL|GREATER|"
    "GREATER_OR_EQUAL|IN|INTERVAL_CONSTRUCTOR|IS_NULL|LESS|LESS_OR_EQUAL|MAX|MIN|MULTIPLY_INT64|NOT|NOT_DISTINCT|"
    "NOT_EQUAL|OR|ROW_NUMBER|SUBTRACT_INT64|SUBTRACT_TIMESTAMP_INTERVAL|TIMESTAMP_FROM_INT64_SECONDS|"
    "UNIX_SECONDS_FROM_TIMESTAMP)"
)
# The name of the key that a table needs in a DELETE or an UPDATE. No statement reads it.
ROW = "_rowkeep_row"
NAME = r"(?P<name>(?:`[^`]*`|[^\s`(])+)"
INSERT_WITH = re.compile(rf"INSERT INTO {NAME} \((?P<columns>[^)]*)\)\s+(?P<query>WITH .*)", re.DOTALL)
EPOCH = datetime.datetime(1970, 1, 1)
# The bits of the month, day, hour, minute and second of a DATETIME, below those of the year.
WIDTHS = [4, 5, 5, 6, 6]
SCALES = {"NUMERIC": 9, "BIGNUMERIC": 38}


def value_of(kind, text):
    """The value of a text."""
    value = value_pb2.ValueProto()
    if text is None:
        return value
    if kind == "INT64":
        value.int64_value = int(text)
    elif kind == "DOUBLE":
        value.double_value = float(text)
    elif kind == "BOOL":
        value.bool_value = text == "true"
    elif kind == "DATE":
        value.date_value = int(text)
    elif kind == "TIMESTAMP":
        value.timestamp_value.FromMicroseconds(int(text))
    elif kind == "DATETIME":
        time, bits = EPOCH + datetime.timedelta(microseconds=int(text)), 0
        for width, part in zip([14, *WIDTHS], time.timetuple()):
            bits = bits << width | part
        value.datetime_value.bit_field_datetime_seconds = bits
        value.datetime_value.nanos = time.microsecond * 1000
    elif kind in SCALES:
        scaled = int(decimal.Decimal(text).scaleb(SCALES[kind]))
        data = scaled.to_bytes((scaled.bit_length() + 8) // 8, "little", signed=True)
        setattr(value, f"{kind.lower()}_value", data)
    elif kind == "STRING":
        value.string_value = text
    else:
        raise NotImplementedError(f"values of {kind}")
    return value


def text_of(kind, value):
    """The text of a value."""
    if value.WhichOneof("value") is None:
        return None
    if kind == "BOOL":
        return "true" if value.bool_value else "false"
    if kind == "TIMESTAMP":
        return str(value.timestamp_value.ToMicroseconds())
    if kind == "DATETIME":
        bits, parts = value.datetime_value.bit_field_datetime_seconds, []
        for width in reversed(WIDTHS):
            parts.insert(0, bits & (1 << width) - 1)
            bits >>= width
        time = datetime.datetime(bits, *parts, value.datetime_value.nanos // 1000)
        return str((time - EPOCH) // datetime.timedelta(microseconds=1))
    if kind in SCALES:
        data = getattr(value, f"{kind.lower()}_value")
        number = decimal.Decimal(int.from_bytes(data, "little", signed=True)).scaleb(-SCALES[kind])
        return f"{number.normalize():f}"
    if kind in ("INT64", "DOUBLE", "DATE", "STRING"):
        return str(getattr(value, f"{kind.lower()}_value"))
    raise NotImplementedError(f"values of {kind}")


class Table:
    """The columns of a table, and its rows by their number."""

    def __init__(self, name, columns):
        self.name, self.columns, self.rows, self.next = name, columns, {}, 0
        self.kinds = [type_pb2.TypeKind.Name(column.type_kind).removeprefix("TYPE_") for _, column in columns]

    def insert(self, cells):
        self.rows[self.next] = cells
        self.next += 1

    def state(self):
        rows = [[text_of(kind, cell) for kind, cell in zip(self.kinds, row)] for row in self.rows.values()]
        columns = [[name, kind] for (name, _), kind in zip(self.columns, self.kinds)]
        return {"table": self.name, "columns": columns, "rows": rows}


class Database(Service):
    """Tables by the name that statements write. The reference implementation takes tables without a schema only, so
    the name of a table has no parts. The changed table is called by the last part of its name, as its columns are."""

    def __init__(self):
        super().__init__()
        self.tables, self.saved = {}, None
        values = builtin_function_pb2.FunctionSignatureId.items()
        self.common = [number for name, number in values if COMMON.fullmatch(name)]
        self.all_functions = self.register(self.catalog())

    def register(self, catalog, content=None):
        request = local.RegisterCatalogRequest(simple_catalog=catalog, table_content=content)
        return self.call("RegisterCatalog", request, local.RegisterResponse).registered_id

    def called(self, name, is_changed):
        return re.findall(r"[^.`]+", name)[-1] if is_changed else name.replace("`", "")

    def run(self, sql):
        word = sql.split(None, 1)[0].upper()
        if word == "BEGIN":
            self.saved = {name: (dict(table.rows), table.next) for name, table in self.tables.items()}
        elif word == "ROLLBACK":
            for name, (rows, number) in self.saved.items():
                self.tables[name].rows, self.tables[name].next = rows, number
        elif word == "CREATE":
            return self.create(sql)
        elif word == "INSERT" and (found := INSERT_WITH.match(sql)):
            columns = [column.strip("` \n") for column in found["columns"].split(",")]
            return self.insert(found["name"], columns, found["query"])
        elif word in ("INSERT", "UPDATE", "DELETE"):
            return self.modify(sql, has_key=word != "INSERT")
        elif word in ("SELECT", "WITH"):
            self.evaluate("EvaluateQuery", sql)
        elif word != "COMMIT":
            raise NotImplementedError(word)
        return {}

    def create(self, sql):
        found = re.match(rf"CREATE TABLE (IF NOT EXISTS )?{NAME}", sql)
        if found is None:
            # No statement of a cycle reads a view.
            assert sql.startswith("CREATE OR REPLACE VIEW"), sql
            return {}
        name = found["name"]
        if name in self.tables:
            return {}
        request = local.AnalyzeRequest(options=self.options, sql_statement=sql)
        request.registered_catalog_id = self.all_functions
        columns = created(self.call("Analyze", request, local.AnalyzeResponse).resolved_statement)[1]
        self.tables[name] = Table(name, columns)
        return self.tables[name].state()

    def prepared(self, sql, functions, changed, has_key):
        """The statement with the names of the catalog, and a catalog of the tables that it names."""
        catalog, content, rewritten = self.catalog(), {}, sql
        catalog.builtin_function_options.include_function_ids.extend(functions)
        for name in sorted(self.tables, key=len, reverse=True):
            called = self.called(name, name == changed)
            rewritten, times = re.subn(rf"(?<![\w.`]){re.escape(name)}(?![\w`])", f"`{called}`", rewritten)
            if not times:
                continue
            table = self.tables[name]
            entry = catalog.table.add(name=called)
            for column, kind in table.columns:
                entry.column.add(name=column, type=kind, is_writable_column=True)
            if has_key and name == changed:
                key = entry.column.add(name=ROW, is_pseudo_column=True, is_writable_column=True)
                key.type.type_kind = type_pb2.TYPE_INT64
                entry.primary_key_column_index.append(len(table.columns))
            content[entry.name] = local.TableContent(table_data=local.TableData())
            rows = content[entry.name].table_data.row
            for number, cells in table.rows.items():
                row = rows.add(cell=cells)
                if has_key and name == changed:
                    row.cell.add(int64_value=number)
        return rewritten, self.register(catalog, content)

    def evaluate(self, method, sql, changed=None, has_key=False):
        """Runs a statement with the common functions, and if it needs others, with all."""
        response = getattr(local, f"{method}Response")
        for functions in (self.common, []):
            rewritten, catalog = self.prepared(sql, functions, changed, has_key)
            request = getattr(local, f"{method}Request")(sql=rewritten, options=self.options)
            request.registered_catalog_id = catalog
            try:
                return self.call(method, request, response)
            except ZetaSQLError as error:
                if not functions or not re.search("Function not found|No matching signature", str(error)):
                    raise
            finally:
                unregister = local.UnregisterRequest(registered_id=catalog)
                self.client.call_grpc_func("ZetaSqlLocalService_UnregisterCatalog", unregister)

    def insert(self, name, columns, query):
        """Runs the query, and inserts its rows: the implementation knows no WITH in an INSERT, which BigQuery has."""
        table = self.tables[name]
        assert all(column in dict(table.columns) for column in columns), columns
        places = [columns.index(column) if column in columns else None for column, _ in table.columns]
        for row in self.evaluate("EvaluateQuery", query).content.table_data.row:
            table.insert([value_pb2.ValueProto() if place is None else row.cell[place] for place in places])
        return table.state()

    def modify(self, sql, has_key):
        found = re.search(rf"^\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+{NAME}", sql, re.MULTILINE | re.IGNORECASE)
        table = self.tables[found["name"]]
        if has_key and not table.rows:
            # Nothing to change. The analyzer reads the statement in another test.
            return table.state()
        changes = self.evaluate("EvaluateModify", sql, table.name, has_key).content
        for change in changes:
            operation = local.EvaluateModifyResponse.Row.Operation.Name(change.operation)
            cells = change.cell[: len(table.columns)]
            if operation == "INSERT":
                table.insert(cells)
            elif operation == "UPDATE":
                table.rows[change.old_primary_key[0].int64_value] = cells
            else:
                del table.rows[change.old_primary_key[0].int64_value]
        return table.state()

    def load(self, name, rows):
        table = self.tables[name]
        table.rows = {}
        for row in rows:
            table.insert([value_of(kind, text) for kind, text in zip(table.kinds, row)])


database = Database()
for line in sys.stdin:
    request, answer = json.loads(line), {}
    try:
        if "run" in request:
            answer = database.run(re.sub(r"\A(--[^\n]*\n)+", "", request["run"]))
        elif "load" in request:
            database.load(request["load"], request["rows"])
        else:
            database.tables, database.saved = {}, None
    except ZetaSQLError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
