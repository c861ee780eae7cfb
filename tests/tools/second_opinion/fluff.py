"""Parses statements by sqlfluff in a dialect. Reads a JSON list of [name, sql]. Prints a JSON list of [name, error]."""

import json
import sys

from sqlfluff.core import FluffConfig, Linter

# 0: there is no limit for the length of a statement.
LIMITS = {"large_file_skip_byte_limit": 0, "large_file_skip_char_limit": 0}
linter = Linter(config=FluffConfig(overrides={"dialect": sys.argv[1], **LIMITS}))


def wrong(sql):
    parsed = linter.parse_string(sql)
    if parsed.violations:
        return str(parsed.violations[0])
    return None if parsed.tree else "no tree"


found = [[name, wrong(sql)] for name, sql in json.load(sys.stdin)]
json.dump([pair for pair in found if pair[1]], sys.stdout)
