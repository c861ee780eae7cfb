"""Analyzes statements with Google's analyzer. Reads a JSON list of projects: `name`, `definitions` and `statements`,
the last two lists of [path, sql]. The definitions create the tables. Prints a JSON list of [name, path, error]."""

import ctypes
import json
import os
import re
import sys

import zetasql.core.wasm_client as wasm
from zetasql.core.exceptions import ZetaSQLError
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as local
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2

PRODUCT = options_pb2.LanguageOptionsProto.DESCRIPTOR.fields_by_name["product_mode"].enum_type.values_by_name


def write_bytes(client, pointer, data):
    ctypes.memmove(ctypes.addressof(client.memory.data_ptr().contents) + pointer, bytes(data), len(data))


def read_bytes(client, pointer, size):
    return ctypes.string_at(ctypes.addressof(client.memory.data_ptr().contents) + pointer, size)


class Analyzer:
    """The service in WebAssembly. The package copies its memory byte by byte, and compiles the module at each start."""

    def __init__(self):
        compiled = os.environ["ROWKEEP_GOOGLESQL_MODULE"]
        wasm.Module.from_file = classmethod(lambda module, engine, _: module.deserialize_file(engine, compiled))
        wasm.WasmClient.write_bytes = write_bytes
        wasm.WasmClient.read_bytes = read_bytes
        self.client = wasm.WasmClient(get_wasm_path())
        everything = local.LanguageOptionsRequest(maximum_features=True)
        self.language = self.call("GetLanguageOptions", everything, options_pb2.LanguageOptionsProto)
        self.language.product_mode = PRODUCT["PRODUCT_EXTERNAL"].number
        # No kind means every kind.
        del self.language.supported_statement_kinds[:]
        self.language.reserved_keywords.append("QUALIFY")
        self.options = options_pb2.AnalyzerOptionsProto(language_options=self.language, default_timezone="UTC")

    def call(self, method, request, response):
        return self.client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, response)

    def catalog(self):
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="root")
        catalog.builtin_function_options.language_options.CopyFrom(self.language)
        return catalog

    def wrong(self, catalog, statements, use=lambda path, statement: None):
        """The statements that the analyzer refuses in a catalog, each with the reason. `use` gets the others."""
        if not statements:
            return []
        register = local.RegisterCatalogRequest(simple_catalog=catalog)
        number = self.call("RegisterCatalog", register, local.RegisterResponse).registered_id
        refused = []
        for path, sql in statements:
            request = local.AnalyzeRequest(options=self.options, sql_statement=sql, registered_catalog_id=number)
            try:
                use(path, self.call("Analyze", request, local.AnalyzeResponse).resolved_statement)
            except ZetaSQLError as error:
                refused.append((path, str(error)))
        unregister = local.UnregisterRequest(registered_id=number)
        self.client.call_grpc_func("ZetaSqlLocalService_UnregisterCatalog", unregister)
        return refused


def created(statement):
    """The path and the columns of the table or view that a statement creates."""
    create = statement.resolved_create_statement_node
    kind = create.WhichOneof("node")
    if kind == "resolved_create_table_stmt_base_node":
        base = create.resolved_create_table_stmt_base_node.resolved_create_table_stmt_node.parent
        return base.parent.name_path, [(column.name, column.type) for column in base.column_definition_list]
    if kind == "resolved_create_view_base_node":
        base = create.resolved_create_view_base_node.resolved_create_view_stmt_node.parent
        return base.parent.name_path, [(column.name, column.column.type) for column in base.output_column_list]
    return (), []


def add(catalog, path, columns):
    """Adds a table to a catalog, which has one catalog for each part of a path."""
    for part in path[:-1]:
        inner = next((found for found in catalog.catalog if found.name == part), None)
        catalog = inner or catalog.catalog.add(name=part)
    if any(table.name == path[-1] for table in catalog.table):
        return
    table = catalog.table.add(name=path[-1])
    for name, kind in columns:
        table.column.add(name=name, type=kind, is_writable_column=True)


TABLE = re.compile(r"CREATE TABLE (IF NOT EXISTS )?(?P<name>(`[^`]*`|[^\s`])+) (?P<rest>\(.*)", re.DOTALL)


def parts(path):
    """`project.dataset.table` in one pair of backticks is one part of a path."""
    return [part for name in path for part in name.split(".")]


def kind(found):
    """What a definition says beside the name of its table. Tables of one kind differ in names and bounds."""
    return re.sub("[0-9]+", "0", found["rest"])


def wrong(analyzer, project, columns):
    """What is refused of a project. `columns` has the columns of each kind of table that another project has."""
    catalog = analyzer.catalog()
    tables = {path: found for path, sql in project["definitions"] if (found := TABLE.fullmatch(sql))}
    new = {}
    for path, found in tables.items():
        if kind(found) not in columns:
            new.setdefault(kind(found), (path, found.string))
    learn = lambda path, statement: columns.update({kind(tables[path]): created(statement)[1]})
    refused = analyzer.wrong(analyzer.catalog(), list(new.values()), learn)
    for found in tables.values():
        add(catalog, found["name"].replace("`", "").split("."), columns.get(kind(found), []))

    def define(_, statement):
        name, of_view = created(statement)
        if name:
            add(catalog, parts(name), of_view)

    views = [(path, sql) for path, sql in project["definitions"] if path not in tables]
    refused += analyzer.wrong(catalog, views, define)
    return refused + analyzer.wrong(catalog, project["statements"])


analyzer, columns = Analyzer(), {}
found = [
    [project["name"], path, error]
    for project in json.load(sys.stdin)
    for path, error in wrong(analyzer, project, columns)
]
json.dump(found, sys.stdout)
