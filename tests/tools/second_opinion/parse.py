"""Parses statements in a dialect. Reads a JSON list of [name, sql, partitioned], where `partitioned` maps tables
that require a filter on partitions to their partition columns. Prints a JSON list of [name, error]."""

import json
import logging
import sys

import sqlglot
from sqlglot import exp

# sqlglot returns a Command for a statement that it did not parse. For these words it always does.
ONLY_WORDS = ("VACUUM",)


def is_bound(condition, column):
    """Whether a condition compares the column with a value that is known before the statement runs."""
    sides = (condition.this, condition.args.get("expression"))
    of_it = [side for side in sides if isinstance(side, exp.Column) and side.name == column]
    other = [side for side in sides if side not in of_it]
    return bool(of_it) and not any(side.find(exp.Column, exp.Select) for side in other if side is not None)


def unbound(tree, partitioned):
    """An error if a table is read without a filter on its partitions."""
    for table in tree.find_all(exp.Table):
        column = partitioned.get(table.name)
        reader = table.find_ancestor(exp.Select, exp.Delete)
        # A written table is not read, and a definition reads no table.
        if column is None or reader is None or isinstance(table.parent, (exp.Insert, exp.Schema, exp.Create)):
            continue
        where = reader.args.get("where")
        comparisons = where.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE) if where else ()
        own = [found for found in comparisons if found.find_ancestor(exp.Select, exp.Delete) is reader]
        if not any(is_bound(found, column) for found in own):
            return f"{table.name} is read without a bound of {column}"
    return None


def wrong(sql, partitioned, dialect):
    try:
        trees = sqlglot.parse(sql, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        return str(error).splitlines()[0]
    if len(trees) != 1:
        return f"{len(trees)} statements"
    text = "\n".join(line for line in sql.splitlines() if not line.startswith("--")).lstrip()
    if isinstance(trees[0], exp.Command) and not text.startswith(ONLY_WORDS):
        return "not understood"
    return unbound(trees[0], partitioned)


# The tree shows that sqlglot fell back to a Command, so its warning is not needed.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
dialect = sys.argv[1]
found = [[name, wrong(sql, partitioned, dialect)] for name, sql, partitioned in json.load(sys.stdin)]
json.dump([pair for pair in found if pair[1]], sys.stdout)
