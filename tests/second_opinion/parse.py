"""Parses statements as a dialect. Reads a JSON list of [name, sql]; prints a JSON list of [name, why not]."""

import json
import logging
import sys

import sqlglot
from sqlglot import exp

# What it takes for a command it has not parsed. Of these, it never parses more than the word.
ONLY_WORDS = ("VACUUM",)


def wrong(sql, dialect):
    try:
        trees = sqlglot.parse(sql, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        return str(error).splitlines()[0]
    if len(trees) != 1:
        return f"{len(trees)} statements"
    text = "\n".join(line for line in sql.splitlines() if not line.startswith("--")).lstrip()
    if isinstance(trees[0], exp.Command) and not text.startswith(ONLY_WORDS):
        return "not understood"
    return None


# Falling back to a command is told by the tree.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
dialect = sys.argv[1]
found = [[name, wrong(sql, dialect)] for name, sql in json.load(sys.stdin)]
json.dump([pair for pair in found if pair[1]], sys.stdout)
