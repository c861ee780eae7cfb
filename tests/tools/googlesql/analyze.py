"""Analyzes statements with Google's analyzer. Reads a JSON list of projects: `name`, `definitions` and `statements`,
the last two lists of [path, sql]. The definitions create the tables. Prints a JSON list of [name, path, error]."""

import json
import re
import sys

from service import Service, created, local
from zetasql.core.exceptions import ZetaSQLError


class Analyzer(Service):
    """The service as an analyzer."""

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
