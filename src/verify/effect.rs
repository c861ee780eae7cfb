//! Finds the effect of a statement and its target relation. A form with an additional effect is not
//! accepted.
//!
//! The patterns list every field of a syntax tree. If a later version of the parser adds a field,
//! they do not compile until the field is handled.

use sqlparser::ast::{
    Action, ConflictTarget, CreateIndex, CreateTable, CreateTableOptions, CreateView, Delete, DoUpdate, FromTable,
    Grant, GrantObjects, HiveDistributionStyle, HiveFormat, Ident, Insert, ObjectName, OnConflict, OnConflictAction,
    OnInsert, Privileges, Query, SetExpr, SqlOption, Statement, TableFactor, TableObject, TableWithJoins, Update,
};

use crate::cycle::plan::Verb;
use crate::dialect::{Dialect, Forms, TableLayout};

/// The verb and the target of a statement. `None` if it is not a plain statement on one relation.
pub(super) fn effect(statement: &Statement, dialect: Dialect) -> Option<(Verb, &ObjectName)> {
    match statement {
        Statement::Insert(insert) => Some((Verb::Insert, appended_to(insert, dialect.rules().forms())?)),
        Statement::Delete(delete) => Some((Verb::Delete, deleted_from(delete, dialect.rules().forms())?)),
        Statement::Query(query) if dialect.rules().forms().with_delete => {
            Some((Verb::Delete, deleted_from(delete_of(query)?, dialect.rules().forms())?))
        }
        Statement::Update(update) => Some((Verb::Update, updated(update, dialect.rules().forms())?)),
        Statement::CreateTable(create) => Some((Verb::CreateTable, kept_table(create, dialect)?)),
        Statement::CreateView(create) => Some((Verb::CreateView, replaced_view(create, dialect)?)),
        Statement::CreateIndex(create) => Some((Verb::CreateIndex, indexed_table(create)?)),
        Statement::Grant(grant) => Some((Verb::Grant, readable(grant)?)),
        Statement::Vacuum(vacuum) => Some((Verb::Vacuum, vacuum.table_name.as_ref()?)),
        Statement::Analyze(analyze) => Some((Verb::Analyze, analyze.table_name.as_ref()?)),
        _ => None,
    }
}

/// The DELETE of `WITH ... DELETE`. The parser reads it as a query.
pub(super) fn delete_of(query: &Query) -> Option<&Delete> {
    match query {
        Query {
            with: Some(_),
            body,
            order_by: None,
            limit_clause: None,
            fetch: None,
            locks,
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators,
        } if locks.is_empty() && pipe_operators.is_empty() => match &**body {
            SetExpr::Delete(Statement::Delete(delete)) => Some(delete),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a statement is a query without INTO and without locks.
pub(super) fn only_reads(statement: &Statement) -> bool {
    fn reads(body: &SetExpr) -> bool {
        match body {
            SetExpr::Select(select) => select.into.is_none(),
            SetExpr::SetOperation { left, right, .. } => reads(left) && reads(right),
            SetExpr::Query(query) => query.locks.is_empty() && reads(&query.body),
            _ => false,
        }
    }
    matches!(statement, Statement::Query(query) if query.locks.is_empty() && reads(&query.body))
}

/// The columns after ON CONFLICT, and the update.
pub(super) fn conflict_of(insert: &Insert) -> Option<(&[Ident], &DoUpdate)> {
    match &insert.on {
        Some(OnInsert::OnConflict(OnConflict {
            conflict_target: Some(ConflictTarget::Columns(key)),
            action: OnConflictAction::DoUpdate(update),
        })) => Some((key, update)),
        _ => None,
    }
}

/// The target of an INSERT that returns no row. It may update the row of its key.
fn appended_to(insert: &Insert, forms: Forms) -> Option<&ObjectName> {
    match insert {
        Insert {
            insert_token: _,
            optimizer_hints,
            or: None,
            ignore: false,
            into: true,
            table: TableObject::TableName(name),
            table_alias: None,
            columns: _,
            overwrite: false,
            source: _,
            assignments,
            partitioned: None,
            after_columns,
            has_table_keyword: false,
            on,
            returning: None,
            output: None,
            replace_into: false,
            priority: None,
            insert_alias: None,
            settings: None,
            format_clause: None,
            multi_table_insert_type: None,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause: None,
        } if optimizer_hints.is_empty()
            && assignments.is_empty()
            && after_columns.is_empty()
            && multi_table_into_clauses.is_empty()
            && multi_table_when_clauses.is_empty()
            && (on.is_none() || (forms.on_conflict && conflict_of(insert).is_some())) =>
        {
            Some(name)
        }
        _ => None,
    }
}

fn deleted_from(delete: &Delete, forms: Forms) -> Option<&ObjectName> {
    match delete {
        Delete {
            delete_token: _,
            optimizer_hints,
            tables,
            from: FromTable::WithFromKeyword(from),
            using,
            selection: _,
            returning: None,
            output: None,
            order_by,
            limit: None,
        } if optimizer_hints.is_empty()
            && tables.is_empty()
            && order_by.is_empty()
            && (using.is_none() || forms.delete_using) =>
        {
            only_table(from, forms.delete_alias)
        }
        _ => None,
    }
}

fn updated(update: &Update, forms: Forms) -> Option<&ObjectName> {
    match update {
        Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments: _,
            from: _,
            selection: _,
            returning: None,
            output: None,
            or: None,
            order_by,
            limit: None,
        } if optimizer_hints.is_empty() && order_by.is_empty() => {
            only_table(std::slice::from_ref(table), forms.update_alias)
        }
        _ => None,
    }
}

/// The single target. It may have an alias if the engine documents it.
fn only_table(tables: &[TableWithJoins], alias: bool) -> Option<&ObjectName> {
    match tables {
        [TableWithJoins { relation, joins }] if joins.is_empty() => match plain_table(relation)? {
            (name, own) if own.is_none() || alias => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// A table with its alias, if it has no other clause.
pub(super) fn plain_table(factor: &TableFactor) -> Option<(&ObjectName, Option<&sqlparser::ast::TableAlias>)> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => Some((name, alias.as_ref())),
        _ => None,
    }
}

/// The created table. A definition may run again, so it must not empty an existing table. The table
/// must not be temporary.
fn kept_table(create: &CreateTable, dialect: Dialect) -> Option<&ObjectName> {
    let CreateTable {
        or_replace: false,
        temporary: false,
        unlogged: false,
        external: false,
        dynamic: false,
        global: None,
        if_not_exists: true,
        transient: false,
        volatile: false,
        iceberg: false,
        snapshot: false,
        name,
        columns: _,
        constraints,
        hive_distribution: HiveDistributionStyle::NONE,
        hive_formats,
        table_options,
        file_format: None,
        location: None,
        query: None,
        without_rowid: false,
        like: None,
        clone: None,
        version: None,
        comment: None,
        on_commit: None,
        on_cluster: None,
        primary_key: None,
        order_by: None,
        partition_by,
        cluster_by,
        clustered_by: None,
        inherits: None,
        partition_of: None,
        for_values: None,
        strict: false,
        copy_grants: false,
        enable_schema_evolution: None,
        change_tracking: None,
        data_retention_time_in_days: None,
        max_data_extension_time_in_days: None,
        default_ddl_collation: None,
        with_aggregation_policy: None,
        with_row_access_policy: None,
        with_storage_lifecycle_policy: None,
        with_tags: None,
        external_volume: None,
        with_connection: None,
        base_location: None,
        catalog: None,
        catalog_sync: None,
        storage_serialization_policy: None,
        target_lag: None,
        warehouse: None,
        refresh_mode: None,
        initialize: None,
        require_user: false,
        diststyle,
        distkey,
        sortkey,
        backup: None,
        multiset: None,
        fallback: None,
        with_data: None,
    } = create
    else {
        return None;
    };
    // Each engine decides which layout it accepts. An option must not make rows expire.
    let options: Vec<String> = match table_options {
        CreateTableOptions::None => Vec::new(),
        CreateTableOptions::Options(options) => options.iter().map(option_name).collect::<Option<_>>()?,
        _ => return None,
    };
    let is_hive = hive_formats.as_ref().is_some_and(|format| *format != HiveFormat::default());
    let is_plain = constraints.is_empty() && !is_hive;
    let layout = TableLayout {
        is_distributed: diststyle.is_some() || distkey.is_some() || sortkey.is_some(),
        is_clustered: cluster_by.is_some() || partition_by.is_some(),
        options: options.iter().map(String::as_str).collect(),
    };
    (is_plain && dialect.rules().accepts(&layout)).then_some(name)
}

/// The table that gets a plain index. The definition may run again.
fn indexed_table(create: &CreateIndex) -> Option<&ObjectName> {
    match create {
        CreateIndex {
            name: Some(_),
            table_name,
            using: None,
            columns: _,
            unique: _,
            concurrently: false,
            r#async: false,
            if_not_exists: true,
            include,
            nulls_distinct: None,
            with,
            predicate: None,
            index_options,
            alter_options,
        } if include.is_empty() && with.is_empty() && index_options.is_empty() && alter_options.is_empty() => {
            Some(table_name)
        }
        _ => None,
    }
}

/// The relation that a grant makes readable as a whole. The readers may not grant it to others.
pub(super) fn readable(grant: &Grant) -> Option<&ObjectName> {
    match grant {
        Grant {
            privileges: Privileges::Actions(actions),
            objects: Some(GrantObjects::Tables(names)),
            grantees: _,
            with_grant_option: false,
            as_grantor: None,
            granted_by: None,
            current_grants: None,
        } => match (actions.as_slice(), names.as_slice()) {
            ([Action::Select { columns: None }], [name]) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn option_name(option: &SqlOption) -> Option<String> {
    match option {
        SqlOption::KeyValue { key, .. } => Some(key.value.to_lowercase()),
        _ => None,
    }
}

/// The created view. It must be replaceable, because each new period changes it. If the engine has
/// views that do not depend on their tables (WITH NO SCHEMA BINDING), the view must be one. Its
/// readers must keep their grants.
fn replaced_view(create: &CreateView, dialect: Dialect) -> Option<&ObjectName> {
    match create {
        CreateView {
            or_alter: false,
            or_replace: true,
            materialized: false,
            secure: false,
            name,
            name_before_not_exists: _,
            columns,
            query: _,
            options: CreateTableOptions::None,
            cluster_by,
            comment: None,
            with_no_schema_binding,
            if_not_exists: false,
            temporary: false,
            copy_grants,
            to: None,
            params: None,
        } if columns.is_empty()
            && cluster_by.is_empty()
            && *with_no_schema_binding == dialect.rules().has_unbound_views()
            && *copy_grants == dialect.rules().copies_grants_of_views() =>
        {
            Some(name)
        }
        _ => None,
    }
}
