//! Words that an engine does not take as a bare table or column name.

use crate::dialect::Dialect;

/// Whether the folded (lower-case) word must be quoted.
pub(super) fn is_reserved(word: &str, dialect: Dialect) -> bool {
    let more: &[&str] = match dialect {
        Dialect::Redshift => REDSHIFT,
        Dialect::Postgres => POSTGRES,
        Dialect::DuckDb => DUCKDB,
    };
    COMMON.binary_search(&word).is_ok() || more.binary_search(&word).is_ok()
}

// Sorted: looked up by binary search, which a test guards. PostgreSQL: appendix C of its manual, "reserved" and "reserved
// (can be function or type)". Redshift: "Reserved words" in its SQL reference. DuckDB: duckdb_keywords(), reserved.

const COMMON: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "between", "binary",
    "both", "case", "cast", "check", "collate", "column", "constraint", "create", "cross", "current_catalog",
    "current_date", "current_role", "current_schema", "current_time", "current_timestamp", "current_user", "default",
    "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "freeze", "from",
    "full", "grant", "group", "having", "ilike", "in", "initially", "inner", "intersect", "into", "is", "isnull", "join",
    "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp", "natural", "not", "notnull", "null",
    "offset", "on", "only", "or", "order", "outer", "overlaps", "placing", "primary", "references", "returning", "right",
    "select", "session_user", "similar", "some", "symmetric", "table", "tablesample", "then", "to", "trailing", "true",
    "union", "unique", "user", "using", "variadic", "verbose", "when", "where", "window", "with",
];

const POSTGRES: &[&str] = &["collation", "concurrently", "system_user"];

const DUCKDB: &[&str] = &[
    "anti", "asof", "at", "collation", "columns", "concurrently", "describe", "generated", "glob", "lambda", "map", "pivot",
    "pivot_longer", "pivot_wider", "positional", "qualify", "semi", "show", "struct", "summarize", "try_cast", "unpack",
    "unpivot",
];

const REDSHIFT: &[&str] = &[
    "aes128", "aes256", "allowoverwrite", "az64", "backup", "blanksasnull", "bytedict", "bzip2", "connect", "credentials",
    "current_user_id", "deflate", "defrag", "delta", "delta32k", "disable", "emptyasnull", "enable", "encode", "encrypt",
    "encryption", "explicit", "globaldict256", "globaldict64k", "gzip", "identity", "ignore", "interval", "language",
    "luns", "lzo", "lzop", "minus", "mostly16", "mostly32", "mostly8", "new", "nulls", "off", "offline", "oid",
    "old", "open", "parallel", "partition", "percent", "permissions", "pivot", "qualify", "raw", "readratio", "recover",
    "rejectlog", "resort", "respect", "restore", "snapshot", "sysdate", "system", "tag", "tdes", "text255", "text32k",
    "timestamp", "top", "truncatecolumns", "unnest", "unpivot", "wallet", "without",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        for list in [COMMON, POSTGRES, DUCKDB, REDSHIFT] {
            assert!(list.is_sorted());
        }
    }
}
