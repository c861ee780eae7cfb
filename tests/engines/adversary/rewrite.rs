//! Rewrites of statements: of scopes, names, aliases, literals, joins and forms. Some keep the
//! meaning of a statement, most do not.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Delete, Expr, FromTable, Function, FunctionArguments, Ident, Insert, Join, JoinConstraint,
    JoinOperator, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr, SetQuantifier, Statement, TableAlias,
    TableFactor, TableWithJoins, UnaryOperator, Update, Value, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut,
    WindowType,
};
use sqlparser::dialect::Dialect;
use sqlparser::parser::Parser;

/// A small random generator: the same seed gives the same rewrites on every machine.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).expect("a small number")
    }

    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        all.get(self.below(all.len()))
    }
}

/// The kinds of places that a rewrite changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A column with the alias of its source.
    Column,
    /// A comparison, a NULL test, or a chain of AND and OR.
    Condition,
    /// An EXISTS.
    Exists,
    /// A number or a text.
    Literal,
    /// A function call.
    Call,
    /// A relation or a query in FROM.
    Source,
    /// A SELECT.
    Select,
    /// A query with its clauses.
    Query,
    /// The statement itself.
    Statement,
}

const KINDS: [Kind; 9] = [
    Kind::Column,
    Kind::Condition,
    Kind::Exists,
    Kind::Literal,
    Kind::Call,
    Kind::Source,
    Kind::Select,
    Kind::Query,
    Kind::Statement,
];

/// Words that one parser reads as syntax and another as a name.
const WORDS: [&str; 14] = [
    "global",
    "final",
    "sample",
    "natural",
    "lateral",
    "rows",
    "current_role",
    "current_schema",
    "sysdate",
    "user",
    "semi",
    "asof",
    "window",
    "qualify",
];

/// The names and values of a statement and of its tables.
#[derive(Default)]
pub struct Pool {
    aliases: Vec<String>,
    columns: Vec<String>,
    literals: Vec<Value>,
    relations: Vec<ObjectName>,
}

impl Pool {
    fn of(statement: &Statement, more: &[String]) -> Self {
        let mut pool = Self { columns: more.to_vec(), ..Self::default() };
        let _ = statement.visit(&mut pool);
        for names in [&mut pool.aliases, &mut pool.columns] {
            names.sort();
            names.dedup();
        }
        pool
    }

    /// A name that could be confused with another one.
    fn name(&self, random: &mut Random) -> Ident {
        let bare: Vec<String> =
            self.relations.iter().filter_map(|name| name.0.last()).map(ToString::to_string).collect();
        let words: Vec<String> = WORDS.iter().map(|&word| word.to_owned()).collect();
        let names = match random.below(6) {
            0 | 1 => &self.aliases,
            2 => &self.columns,
            3 => &bare,
            4 => &words,
            _ => return Ident::new(format!("fresh{}", random.below(3))),
        };
        let name = random.of(names).map_or("fresh", String::as_str);
        match random.below(8) {
            0 => Ident::with_quote('"', name),
            1 => Ident::with_quote('"', name.to_uppercase()),
            2 => Ident::new(name.to_uppercase()),
            _ => Ident::new(name),
        }
    }
}

impl Visitor for Pool {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } = factor
        {
            self.aliases.push(alias.name.value.clone());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        self.relations.push(name.clone());
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::CompoundIdentifier(parts) => self.columns.extend(parts.last().map(|part| part.value.clone())),
            Expr::Value(value) => self.literals.push(value.value.clone()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// A rewrite of a statement by one to three changes, with the kinds of places that it changed.
/// `None` if nothing changed.
pub fn rewritten(
    sql: &str,
    dialect: &dyn Dialect,
    columns: &[String],
    random: &mut Random,
) -> Option<(String, Vec<Kind>)> {
    let mut tree = Parser::parse_sql(dialect, sql).expect("a compiled statement").remove(0);
    let before = tree.to_string();
    let pool = Pool::of(&tree, columns);
    let mut kinds = Vec::new();
    for _ in 0..=random.below(3) {
        let kind = *random.of(&KINDS).expect("a kind");
        let mut count = Rewriter { pool: &pool, kind, at: usize::MAX, seen: 0, random: &mut Random(1), dialect };
        let _ = VisitMut::visit(&mut tree, &mut count);
        let sites = count.seen;
        if sites == 0 {
            continue;
        }
        let at = random.below(sites);
        let _ = VisitMut::visit(&mut tree, &mut Rewriter { pool: &pool, kind, at, seen: 0, random, dialect });
        kinds.push(kind);
    }
    let after = tree.to_string();
    (after != before).then_some((after, kinds))
}

struct Rewriter<'p, 'r> {
    pool: &'p Pool,
    kind: Kind,
    /// The place to change, by its number among the places of its kind.
    at: usize,
    seen: usize,
    random: &'r mut Random,
    dialect: &'p dyn Dialect,
}

impl VisitorMut for Rewriter<'_, '_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let kind = match expr {
            Expr::CompoundIdentifier(parts) if parts.len() == 2 => Kind::Column,
            Expr::BinaryOp { .. } | Expr::IsNull(_) | Expr::IsNotNull(_) => Kind::Condition,
            Expr::Exists { .. } | Expr::InSubquery { .. } => Kind::Exists,
            Expr::Value(_) => Kind::Literal,
            Expr::Function(_) => Kind::Call,
            _ => return ControlFlow::Continue(()),
        };
        if !self.is_here(kind) {
            return ControlFlow::Continue(());
        }
        match kind {
            Kind::Column => self.column(expr),
            Kind::Condition => self.condition(expr),
            Kind::Exists => self.exists(expr),
            Kind::Literal => self.literal(expr),
            _ => self.call(expr),
        }
        ControlFlow::Break(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if self.is_here(Kind::Source) {
            self.source(factor);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if self.is_here(Kind::Select) {
            self.select(select);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if self.is_here(Kind::Query) {
            self.query(query);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, statement: &mut Statement) -> ControlFlow<()> {
        if self.is_here(Kind::Statement) {
            self.statement(statement);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Rewriter<'_, '_> {
    fn is_here(&mut self, kind: Kind) -> bool {
        if kind != self.kind {
            return false;
        }
        self.seen += 1;
        self.seen - 1 == self.at
    }

    fn parsed(&self, sql: &str) -> Option<Expr> {
        Parser::new(self.dialect).try_with_sql(sql).ok()?.parse_expr().ok()
    }

    fn column(&mut self, expr: &mut Expr) {
        let Expr::CompoundIdentifier(parts) = expr else { return };
        let own = parts[1].clone();
        match self.random.below(7) {
            0 | 1 => {
                if let Some(alias) = self.random.of(&self.pool.aliases) {
                    parts[0] = Ident::new(alias);
                }
            }
            2 => *expr = Expr::Identifier(own),
            3 => {
                if let Some(column) = self.random.of(&self.pool.columns) {
                    parts[1] = Ident::new(column);
                }
            }
            4 => parts[1] = Ident::with_quote('"', own.value),
            5 => parts[0] = self.pool.name(self.random),
            _ => {
                let sql = match self.random.below(3) {
                    0 => format!("COALESCE({expr}, {expr})"),
                    1 => format!("NULLIF({expr}, NULL)"),
                    _ => format!("(SELECT MAX({expr}))"),
                };
                self.replace(expr, &sql);
            }
        }
    }

    fn replace(&self, expr: &mut Expr, sql: &str) {
        if let Some(parsed) = self.parsed(sql) {
            *expr = parsed;
        }
    }

    fn condition(&mut self, expr: &mut Expr) {
        let sql = match &*expr {
            Expr::IsNull(inner) => match self.random.below(2) {
                0 => format!("{inner} IS NOT NULL"),
                _ => format!("NOT ({inner} IS NOT NULL)"),
            },
            Expr::IsNotNull(inner) => match self.random.below(3) {
                0 => format!("{inner} IS NULL"),
                1 => "TRUE".to_owned(),
                _ => format!("NOT ({inner} IS NULL)"),
            },
            Expr::BinaryOp { left, op: op @ (BinaryOperator::And | BinaryOperator::Or), right } => {
                let other = if *op == BinaryOperator::And { "OR" } else { "AND" };
                match self.random.below(6) {
                    0 => left.to_string(),
                    1 => right.to_string(),
                    2 => format!("({left}) {other} ({right})"),
                    3 => format!("({right}) {op} ({left})"),
                    4 => format!("NOT (NOT ({left}) {other} NOT ({right}))"),
                    _ => format!("(({left}) {op} ({right}) {op} ({left}))"),
                }
            }
            Expr::BinaryOp { left, op, right } => {
                let operators = ["=", "<", "<=", ">", ">=", "<>"];
                let flipped = match op {
                    BinaryOperator::Lt => ">",
                    BinaryOperator::LtEq => ">=",
                    BinaryOperator::Gt => "<",
                    BinaryOperator::GtEq => "<=",
                    BinaryOperator::Eq => "=",
                    BinaryOperator::NotEq => "<>",
                    _ => return,
                };
                match self.random.below(10) {
                    0 | 1 => {
                        format!("{left} {} {right}", self.random.of(&operators).expect("an operator"))
                    }
                    2 => format!("{right} {flipped} {left}"),
                    3 => format!("NOT (NOT ({left} {op} {right}))"),
                    4 => format!("({left} {op} {right} AND {left} IS NOT NULL)"),
                    5 => format!("({left} {op} {right} OR {left} {op} {right})"),
                    6 => format!("({left} {op} {right} OR {left} IS NULL)"),
                    7 => format!("({left} IS NOT DISTINCT FROM {right})"),
                    8 => format!("({left} IS DISTINCT FROM {right})"),
                    _ => "TRUE".to_owned(),
                }
            }
            _ => return,
        };
        self.replace(expr, &sql);
    }

    fn exists(&mut self, expr: &mut Expr) {
        let choice = self.random.below(6);
        match expr {
            Expr::Exists { negated, .. } | Expr::InSubquery { negated, .. } if choice == 0 => *negated = !*negated,
            Expr::Exists { subquery, negated } => {
                let sql = match choice {
                    1 => format!(
                        "{}EXISTS ({subquery} LIMIT {})",
                        if *negated { "NOT " } else { "" },
                        self.random.below(3)
                    ),
                    2 => {
                        format!("(SELECT COUNT(*) FROM ({subquery}) AS counted) {} 0", if *negated { "=" } else { ">" })
                    }
                    3 => match as_in(subquery) {
                        Some((value, query)) => format!("{value} {}IN ({query})", if *negated { "NOT " } else { "" }),
                        None => return,
                    },
                    4 => format!("NOT ({}EXISTS ({subquery}))", if *negated { "" } else { "NOT " }),
                    _ => format!("{}EXISTS ({subquery} UNION ALL {subquery})", if *negated { "NOT " } else { "" }),
                };
                self.replace(expr, &sql);
            }
            _ => {}
        }
    }

    fn literal(&mut self, expr: &mut Expr) {
        let Expr::Value(ValueWithSpan { value, .. }) = expr else { return };
        let next = match value {
            Value::Number(number, _) => match (number.parse::<i64>(), self.random.below(3)) {
                (Ok(number), 0) => Value::Number((number + 1).to_string(), false),
                (Ok(number), 1) => Value::Number((number - 1).to_string(), false),
                _ => match self.random.of(&self.pool.literals) {
                    Some(other) => other.clone(),
                    None => return,
                },
            },
            Value::SingleQuotedString(text) => match self.random.below(4) {
                0 => Value::SingleQuotedString(format!("{text} ")),
                1 => Value::SingleQuotedString(text.to_lowercase()),
                _ => match self.random.of(&self.pool.literals) {
                    Some(other) => other.clone(),
                    None => return,
                },
            },
            Value::Boolean(truth) => Value::Boolean(!*truth),
            _ => return,
        };
        *value = next;
    }

    fn call(&mut self, expr: &mut Expr) {
        let Expr::Function(call) = expr else { return };
        if let Some(WindowType::WindowSpec(window)) = &mut call.over {
            match self.random.below(5) {
                0 => drop(window.partition_by.pop()),
                1 => window.partition_by.reverse(),
                2 => window.order_by.reverse(),
                3 => drop(window.order_by.pop()),
                _ => {
                    for by in &mut window.order_by {
                        by.options.nulls_first = Some(by.options.nulls_first != Some(true));
                    }
                }
            }
            return;
        }
        let name = match call.name.to_string().to_lowercase().as_str() {
            "max" => "MIN",
            "min" => "MAX",
            "count" => "MAX",
            _ => return,
        };
        if self.random.one_in(2) {
            call.name = named(&[name]);
        } else if let Function { args: FunctionArguments::List(list), .. } = call {
            list.duplicate_treatment = Some(sqlparser::ast::DuplicateTreatment::Distinct);
        }
    }

    fn source(&mut self, factor: &mut TableFactor) {
        let columns = self.pool.columns.join(", ");
        match factor {
            TableFactor::Table { alias, .. } if alias.is_none() => {
                let name = self.pool.name(self.random);
                *alias = Some(aliased(name, !self.random.one_in(4)));
            }
            TableFactor::Table { name, alias, .. } => {
                let own = alias.clone();
                match self.random.below(6) {
                    0 | 1 => *alias = Some(aliased(self.pool.name(self.random), !self.random.one_in(4))),
                    2 => {
                        if let Some(other) = self.random.of(&self.pool.relations) {
                            *name = other.clone();
                        }
                    }
                    3 => *alias = None,
                    _ => {
                        let inner = self.pool.name(self.random);
                        let distinct = if self.random.one_in(3) { "DISTINCT " } else { "" };
                        let what = if self.random.one_in(3) { "*".to_owned() } else { columns };
                        let sql = format!("SELECT {distinct}{what} FROM {name} AS {inner}");
                        if let Some(subquery) = self.query_of(&sql) {
                            *factor = TableFactor::Derived { lateral: false, subquery, alias: own, sample: None };
                        }
                    }
                }
            }
            TableFactor::Derived { alias, lateral, .. } => match self.random.below(3) {
                0 => *lateral = !*lateral,
                _ => *alias = Some(aliased(self.pool.name(self.random), true)),
            },
            _ => {}
        }
    }

    fn query_of(&self, sql: &str) -> Option<Box<Query>> {
        match Parser::parse_sql(self.dialect, sql).ok()?.pop()? {
            Statement::Query(query) => Some(query),
            _ => None,
        }
    }

    fn select(&mut self, select: &mut Select) {
        match self.random.below(9) {
            // An output with the name of a column.
            0 => {
                let alias = self.pool.name(self.random);
                if let Some(item @ SelectItem::UnnamedExpr(_)) = select.projection.first_mut()
                    && let SelectItem::UnnamedExpr(expr) = item.clone()
                {
                    *item = SelectItem::ExprWithAlias { expr, alias };
                }
            }
            1 if select.projection.len() > 1 => {
                let other = 1 + self.random.below(select.projection.len() - 1);
                select.projection.swap(0, other);
            }
            2 => select.distinct = Some(sqlparser::ast::Distinct::Distinct),
            3 => self.more_sources(select),
            // A condition moves between WHERE and ON.
            4 => {
                if let (Some(join), Some(wanted)) =
                    (select.from.last_mut().and_then(|from| from.joins.last_mut()), &select.selection)
                    && let JoinOperator::Join(JoinConstraint::On(on)) = &mut join.join_operator
                {
                    *on = Expr::BinaryOp {
                        left: Box::new(on.clone()),
                        op: BinaryOperator::And,
                        right: Box::new(Expr::Nested(Box::new(wanted.clone()))),
                    };
                    select.selection = None;
                }
            }
            5 => {
                if let Some(join) = select.from.last_mut().and_then(|from| from.joins.last_mut())
                    && let JoinOperator::Join(on) = join.join_operator.clone()
                {
                    join.join_operator = match self.random.below(3) {
                        0 => JoinOperator::LeftOuter(on),
                        1 => JoinOperator::Inner(on),
                        _ => JoinOperator::FullOuter(on),
                    };
                }
            }
            // The first source and the first joined one change places.
            6 => {
                if let Some(TableWithJoins { relation, joins }) = select.from.first_mut()
                    && let Some(join) = joins.first_mut()
                {
                    std::mem::swap(relation, &mut join.relation);
                }
            }
            7 => {
                if let Some(wanted) = select.selection.take() {
                    select.having = self.random.one_in(3).then(|| wanted.clone());
                    select.selection = select.having.is_none().then_some(Expr::UnaryOp {
                        op: UnaryOperator::Not,
                        expr: Box::new(Expr::Nested(Box::new(wanted))),
                    });
                }
            }
            _ => self.more_sources(select),
        }
    }

    /// Adds a source, which may see or hide another one.
    fn more_sources(&mut self, select: &mut Select) {
        let (alias, inner) = (self.pool.name(self.random), self.pool.name(self.random));
        let pick = |random: &mut Random, from: &[String]| random.of(from).cloned().unwrap_or_else(|| "one".to_owned());
        let (outer, column) = (pick(self.random, &self.pool.aliases), pick(self.random, &self.pool.columns));
        let sql = match self.random.below(4) {
            0 => format!("SELECT 1 AS {inner}"),
            1 => format!("SELECT {outer}.{column}"),
            2 => format!("SELECT {outer}.{column} AS {column}, 1 AS one"),
            _ => format!("SELECT MIN(1) AS {column}"),
        };
        let Some(subquery) = self.query_of(&sql) else { return };
        let added = TableFactor::Derived { lateral: false, subquery, alias: Some(aliased(alias, true)), sample: None };
        let on = self.parsed(&format!("{outer}.{column} = {outer}.{column}")).expect("a comparison");
        let Some(from) = select.from.last_mut() else { return };
        match self.random.below(4) {
            0 => select.from.push(TableWithJoins { relation: added, joins: Vec::new() }),
            1 => select.from.insert(0, TableWithJoins { relation: added, joins: Vec::new() }),
            2 => from.joins.push(Join {
                relation: added,
                global: self.random.one_in(4),
                join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
            }),
            _ => from.joins.insert(
                0,
                Join { relation: added, global: false, join_operator: JoinOperator::Join(JoinConstraint::On(on)) },
            ),
        }
    }

    fn query(&mut self, query: &mut Query) {
        match self.random.below(4) {
            0 => {
                if let SetExpr::SetOperation { set_quantifier, .. } = &mut *query.body {
                    *set_quantifier = match set_quantifier {
                        SetQuantifier::All => SetQuantifier::None,
                        _ => SetQuantifier::All,
                    };
                }
            }
            // A named query takes the place of the first source.
            1 => {
                let name = self.pool.name(self.random);
                let SetExpr::Select(select) = &mut *query.body else { return };
                let Some(TableWithJoins { relation: TableFactor::Table { name: table, .. }, .. }) =
                    select.from.first_mut()
                else {
                    return;
                };
                let columns = self.pool.columns.join(", ");
                let text = format!("WITH {name} AS (SELECT {columns} FROM {table}) SELECT 1");
                let Some(with) = self.query_of(&text).and_then(|query| query.with) else { return };
                *table = ObjectName(vec![ObjectNamePart::Identifier(name)]);
                if query.with.is_none() {
                    query.with = Some(with);
                }
            }
            2 => {
                let sql = format!("SELECT * FROM ({query}) AS {}", self.pool.name(self.random));
                if let Some(wrapped) = self.query_of(&sql) {
                    *query = *wrapped;
                }
            }
            _ => {
                let twice = format!("{query} UNION ALL {query}");
                if let Some(twice) = self.query_of(&twice) {
                    *query = *twice;
                }
            }
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        let alias = self.pool.name(self.random);
        match statement {
            Statement::Insert(Insert { columns, source: Some(source), .. }) if columns.len() > 1 => {
                let other = 1 + self.random.below(columns.len() - 1);
                columns.swap(0, other);
                // With the outputs, the change keeps its meaning.
                if self.random.one_in(2) {
                    swap_outputs(&mut source.body, other);
                }
            }
            Statement::Delete(delete) => self.delete(delete, alias),
            Statement::Update(Update { table, assignments, .. }) => match self.random.below(2) {
                0 => assignments.reverse(),
                _ => set_alias(table, alias),
            },
            _ => {}
        }
    }

    fn delete(&mut self, delete: &mut Delete, alias: Ident) {
        let FromTable::WithFromKeyword(from) = &mut delete.from else { return };
        let Some(table) = from.first_mut() else { return };
        match self.random.below(4) {
            0 => set_alias(table, alias),
            // The alias is used wherever the bare name was.
            1 => {
                let bare = table.relation.to_string().rsplit('.').next().unwrap_or_default().to_owned();
                set_alias(table, alias.clone());
                let _ = VisitMut::visit(&mut delete.selection, &mut Renamed { from: bare, to: alias });
            }
            _ => {
                let Some(selection) = &delete.selection else { return };
                let mut parts = Vec::new();
                conjuncts(selection, &mut parts);
                let Some(at) = parts.iter().position(|part| matches!(part, Expr::Exists { negated: false, .. })) else {
                    return;
                };
                let Expr::Exists { subquery, .. } = parts.remove(at) else { return };
                let SetExpr::Select(select) = *subquery.body else { return };
                let wanted = select.selection.iter().chain(&parts).map(|part| format!("({part})"));
                let wanted = wanted.collect::<Vec<_>>().join(" AND ");
                delete.using = Some(select.from);
                delete.selection = self.parsed(&wanted);
            }
        }
    }
}

/// The chain of an AND, in order.
fn conjuncts(expr: &Expr, into: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, into);
            conjuncts(right, into);
        }
        other => into.push(other.clone()),
    }
}

/// The value and the query of the `IN` that an EXISTS could be.
fn as_in(query: &Query) -> Option<(String, String)> {
    let SetExpr::Select(select) = &*query.body else { return None };
    let mut parts = Vec::new();
    conjuncts(select.selection.as_ref()?, &mut parts);
    let at = parts.iter().position(|part| matches!(part, Expr::BinaryOp { op: BinaryOperator::Eq, .. }))?;
    let Expr::BinaryOp { left, right, .. } = parts.remove(at) else { return None };
    let from = select.from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let rest = parts.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" AND ");
    let rest = if rest.is_empty() { "TRUE".to_owned() } else { rest };
    Some((right.to_string(), format!("SELECT {left} FROM {from} WHERE {rest}")))
}

fn swap_outputs(body: &mut SetExpr, other: usize) {
    match body {
        SetExpr::Select(select) if select.projection.len() > other => select.projection.swap(0, other),
        SetExpr::SetOperation { left, right, .. } => {
            swap_outputs(left, other);
            swap_outputs(right, other);
        }
        _ => {}
    }
}

fn set_alias(table: &mut TableWithJoins, name: Ident) {
    if let TableFactor::Table { alias, .. } = &mut table.relation {
        *alias = Some(aliased(name, true));
    }
}

fn aliased(name: Ident, explicit: bool) -> TableAlias {
    TableAlias { explicit, name, columns: Vec::new(), at: None }
}

fn named(parts: &[&str]) -> ObjectName {
    ObjectName(parts.iter().map(|part| ObjectNamePart::Identifier(Ident::new(*part))).collect())
}

/// Renames the source of columns.
struct Renamed {
    from: String,
    to: Ident,
}

impl VisitorMut for Renamed {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && parts[0].value == self.from
        {
            parts[0] = self.to.clone();
        }
        ControlFlow::Continue(())
    }
}
