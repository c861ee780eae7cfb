//! Converts statements that change a relation, and the columns of definitions.

use std::borrow::Cow;

use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, ColumnDef, ColumnOption, Delete, DoUpdate, Expr, FromTable,
    GeneratedAs, Grantee, GranteeName, GranteesType, Ident, IndexColumn, Insert, ObjectName, OrderByExpr,
    OrderByOptions, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use crate::cycle::plan::Slot;
use crate::diagnostic::{Code, quoted};
use crate::sql::chain::parts;
use crate::verify::effect::conflict_of;
use crate::verify::lower::semi_join::mentions;
use crate::verify::lower::{
    Binding, FreeText, Lowering, OpenSource, Outputs, Result, ScopeId, Unshown, conjunct, line_of,
};
use crate::verify::meaning::{All, Changes, Condition, Definition, Depth, Meaning, Select, Term};
use crate::verify::names::fold_part;

/// The name of the row that could not be inserted.
const EXCLUDED: &str = "excluded";

impl<'a> Lowering<'a, '_> {
    pub(super) fn insert(&mut self, insert: &'a Insert, writes: Slot) -> Result<Meaning<'a>> {
        let Some(query) = &insert.source else { return Err(self.unshown("an INSERT without a query")) };
        if insert.columns.is_empty() {
            return Err(self.refused(
                Code::Columns,
                "lists no columns: the column order of the table would decide what is written",
            ));
        }
        let mut columns = Vec::with_capacity(insert.columns.len());
        for (i, name) in insert.columns.iter().enumerate() {
            columns.push((self.column_of(writes, name)?, i));
        }
        columns.sort_unstable();
        if columns.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(self.refused(Code::Columns, "lists a column twice"));
        }
        let mut free_text = Vec::new();
        columns.retain(|&(column, output)| {
            let length = self.free_text_length(writes, column);
            free_text.extend(length.map(|length| FreeText { output, length }));
            length.is_none()
        });
        let order: Vec<_> = columns.iter().map(|(_, i)| *i).collect();
        let scope = self.outermost();
        let (scope, sort) = self.with_sort(query, scope)?;
        let outputs = Outputs { order: &order, free_text: &free_text, sort };
        let rows = self.rows(query, scope, Depth::OUTERMOST, outputs)?;
        let columns = columns.into_iter().map(|(column, _)| column.into()).collect();
        let Some((key, update)) = conflict_of(insert) else { return Ok(Meaning::Insert { columns, rows }) };
        let mut key = key.iter().map(|name| self.ident_of(writes, name).map(Cow::from)).collect::<Result<Vec<_>>>()?;
        key.sort();
        Ok(Meaning::Upsert { columns, rows, key, update: self.on_conflict(insert, update, writes)? })
    }

    /// `DO UPDATE`: the target has its bare name, and the row that could not be inserted is
    /// `excluded`.
    fn on_conflict(&mut self, insert: &'a Insert, update: &'a DoUpdate, writes: Slot) -> Result<Changes<'a>> {
        let outermost = self.outermost();
        let TableObject::TableName(target) = &insert.table else { return Err(self.unshown("a computed target")) };
        let name = target.0.last().and_then(|part| part.as_ident());
        let Some(name) = name.map(|name| fold_part(name, self.names.spec.dialect).into_owned()) else {
            return Err(self.unshown("a computed target"));
        };
        let scope = self.target(writes, name, outermost)?;
        let query_id = self.query_of(scope);
        // An engine searches both rows for a column without an alias.
        self.scopes[scope.0].needs_alias = true;
        let source = self.add_source(query_id, OpenSource::Excluded);
        self.bind(scope, EXCLUDED.to_owned(), Binding::Relation { slot: writes, source })?;
        let Some(selection) = &update.selection else {
            return Err(self.refused(Code::Unconditional, "updates without a condition"));
        };
        self.changes(&update.assignments, selection, writes, scope)
    }

    pub(super) fn delete(&mut self, delete: &'a Delete, writes: Slot, around: ScopeId) -> Result<Meaning<'a>> {
        let FromTable::WithFromKeyword(tables) = &delete.from else { return Err(self.unshown("DELETE without FROM")) };
        let [TableWithJoins { relation, joins: _ }] = tables.as_slice() else {
            return Err(self.unshown("DELETE from several tables"));
        };
        let Some(selection) = &delete.selection else {
            return Err(self.refused(Code::Unconditional, "deletes without a condition"));
        };
        let name = self.alias_of(relation)?;
        let scope = self.target(writes, name, around)?;
        let query_id = self.query_of(scope);
        let Some(using) = &delete.using else {
            self.queries[query_id.0].conditions.push((scope, selection));
            self.assign_places(query_id);
            return self.close(query_id).map(Meaning::Delete);
        };
        // A row is deleted if the tables of USING have rows that match: it means EXISTS.
        let used = self.open(Depth::OUTERMOST.inner())?;
        let inner = self.new_scope(Some(scope), used);
        self.scopes[inner.0].sources_see = around;
        for scope in [scope, inner] {
            self.scopes[scope.0].needs_alias = true;
        }
        self.sources(using, inner)?;
        let dialect = self.names.spec.dialect;
        let aliases: Vec<_> = self.scopes[inner.0].bindings.iter().map(|(alias, _)| alias.clone()).collect();
        for part in parts(selection, &BinaryOperator::And) {
            let is_about_used = aliases.iter().any(|alias| mentions(part, alias, dialect));
            let (query, scope) = if is_about_used { (used, inner) } else { (query_id, scope) };
            self.queries[query.0].conditions.push((scope, part));
        }
        self.assign_places(query_id);
        self.assign_places(used);
        let partner = self.close(used)?;
        let line = self.line;
        let target = self.close(query_id)?;
        let mut when = target.when.into_conjuncts();
        when.push(conjunct(Condition::Exists(Box::new(partner)), line));
        Ok(Meaning::Delete(Select { when: All::new(when), ..target }))
    }

    pub(super) fn update(&mut self, update: &'a Update, writes: Slot) -> Result<Meaning<'a>> {
        let outermost = self.outermost();
        let name = self.alias_of(&update.table.relation)?;
        let scope = self.target(writes, name, outermost)?;
        match &update.from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(tables)) => self.sources(tables, scope)?,
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(self.unshown("FROM before SET")),
        }
        let Some(selection) = &update.selection else {
            return Err(self.refused(Code::Unconditional, "updates without a condition"));
        };
        self.changes(&update.assignments, selection, writes, scope).map(Meaning::Update)
    }

    /// The assignments of an update, and the rows that it changes.
    fn changes(
        &mut self,
        assignments: &'a [Assignment],
        selection: &'a Expr,
        writes: Slot,
        scope: ScopeId,
    ) -> Result<Changes<'a>> {
        let query_id = self.query_of(scope);
        self.queries[query_id.0].conditions.push((scope, selection));
        self.assign_places(query_id);
        let mut set = Vec::with_capacity(assignments.len());
        for assignment in assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                return Err(self.unshown("an assignment to several columns at once"));
            };
            let column = self.column_of(writes, name)?;
            let value = self.term(&assignment.value, scope, 0)?;
            if let Some(length) = self.free_text_length(writes, column) {
                self.expect_plain_text(&value, false, length)?;
            }
            set.push((column.into(), value));
        }
        set.sort();
        if set.windows(2).any(|pair: &[(Cow<'a, str>, Term<'a>)]| pair[0].0 == pair[1].0) {
            return Err(self.refused(Code::Columns, "sets a column twice"));
        }
        set.retain(|(column, _)| self.free_text_length(writes, column).is_none());
        Ok(Changes { set, rows: self.close(query_id)? })
    }

    /// A query whose first source is the relation that a statement changes. The name is its alias,
    /// or its bare name.
    fn target(&mut self, writes: Slot, name: String, around: ScopeId) -> Result<ScopeId> {
        let query_id = self.open(Depth::OUTERMOST)?;
        // A query among the sources does not see the target, so it sees only what is around.
        let scope = self.new_scope(Some(around), query_id);
        let source = self.add_source(query_id, OpenSource::Relation(writes));
        self.scopes[scope.0].bindings.push((name, Binding::Relation { slot: writes, source }));
        Ok(scope)
    }

    /// A column that a statement writes.
    fn column_of(&mut self, writes: Slot, name: &ObjectName) -> Result<&'a str> {
        match name.0.as_slice() {
            [part] if let Some(ident) = part.as_ident() => self.ident_of(writes, ident),
            _ => Err(self.undeclared(&name.to_string())),
        }
    }

    fn ident_of(&mut self, writes: Slot, ident: &Ident) -> Result<&'a str> {
        self.line = line_of(ident.span);
        self.names.find(writes, ident).ok_or_else(|| self.undeclared(&ident.to_string()))
    }

    fn undeclared(&self, name: &str) -> Box<Unshown> {
        self.refused(Code::Columns, format!("writes {}, which the spec does not declare", quoted(name)))
    }

    pub(super) fn definition(&mut self, column: &'a ColumnDef) -> Result<Definition<'a>> {
        self.line = line_of(column.name.span);
        let (mut not_null, mut has_default, mut is_identity) = (false, false, false);
        for option in &column.options {
            match &option.option {
                ColumnOption::NotNull => not_null = true,
                ColumnOption::Null => {}
                ColumnOption::Default(value) if self.is_plain_default(value) => has_default = true,
                ColumnOption::Default(_) => {
                    return Err(self.unshown(format!(
                        "a DEFAULT on the column {} that is neither a constant nor the clock",
                        quoted(&column.name.value)
                    )));
                }
                ColumnOption::Generated {
                    generated_as: GeneratedAs::Always,
                    sequence_options: Some(options),
                    generation_expr: None,
                    generation_expr_mode: None,
                    generated_keyword: true,
                } if options.is_empty() => is_identity = true,
                _ => return Err(self.unshown(format!("an option on the column {}", quoted(&column.name.value)))),
            }
        }
        let name = fold_part(&column.name, self.names.spec.dialect);
        Ok(Definition { name, ty: column.data_type.to_string(), not_null, has_default, is_identity })
    }

    /// Whether a DEFAULT is a constant, or a call without arguments of the clock.
    fn is_plain_default(&self, value: &Expr) -> bool {
        let rules = self.names.spec.dialect.rules();
        match value {
            Expr::Value(_) => true,
            Expr::Function(call) => {
                let text = value.to_string();
                let is_now = rules.forms().now && text.eq_ignore_ascii_case("now()");
                call.over.is_none() && (is_now || text.eq_ignore_ascii_case(rules.clock_token()))
            }
            _ => false,
        }
    }

    /// A column of an index, in ascending order.
    pub(super) fn indexed(&self, column: &'a IndexColumn) -> Result<Cow<'a, str>> {
        let IndexColumn { column: OrderByExpr { expr, options, with_fill: None }, operator_class: None } = column
        else {
            return Err(self.unshown("an option on a column of an index"));
        };
        match expr {
            Expr::Identifier(name) if *options == OrderByOptions::default() => {
                Ok(fold_part(name, self.names.spec.dialect))
            }
            _ => Err(self.unshown("another part of an index than a column in ascending order")),
        }
    }

    /// A reader in a grant: its keyword and its folded name.
    pub(super) fn reader(&self, grantee: &'a Grantee) -> Result<Cow<'a, str>> {
        let keyword = match grantee.grantee_type {
            GranteesType::None => "",
            GranteesType::Group => "GROUP ",
            GranteesType::Role => "ROLE ",
            GranteesType::Public => return Ok("public".into()),
            _ => return Err(self.unshown("a reader that is no user, group or role")),
        };
        let name = match &grantee.name {
            Some(GranteeName::ObjectName(name)) => match name.0.as_slice() {
                [part] => part.as_ident().map(|ident| fold_part(ident, self.names.spec.dialect)),
                _ => None,
            },
            _ => None,
        };
        let name = name.ok_or_else(|| self.unshown("a reader without a plain name"))?;
        Ok(if keyword.is_empty() { name } else { format!("{keyword}{name}").into() })
    }
}
