"""Google's local service, which is a WebAssembly module in the package zetasql."""

import ctypes
import os

import zetasql.core.wasm_client as wasm
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as local
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2

PRODUCT = options_pb2.LanguageOptionsProto.DESCRIPTOR.fields_by_name["product_mode"].enum_type.values_by_name


def write_bytes(client, pointer, data):
    ctypes.memmove(ctypes.addressof(client.memory.data_ptr().contents) + pointer, bytes(data), len(data))


def read_bytes(client, pointer, size):
    return ctypes.string_at(ctypes.addressof(client.memory.data_ptr().contents) + pointer, size)


class Service:
    """The service. The package copies its memory byte by byte, and compiles the module at each start."""

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
