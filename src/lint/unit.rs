//! A unit: statements that run one after another, with what is known about their tables.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::Statement;

use crate::lint::action::{Action, Copy, action, inserts_of_all, inserts_of_with, loaded};
use crate::lint::dynamic::{executed, may_change_rows};
use crate::lint::facts::{Declared, conjuncts, words_of};
use crate::lint::grammar::{Grammar, parse};
use crate::lint::jinja::{Marked, RUN_DATE};
use crate::lint::normal::{joins_of, normal};
use crate::lint::read::{Copied, NotRead, Read, Runs, Text, is_temporary, may_unload};
use crate::lint::script::{Raw, blanked, opens_transaction, skeleton, split, split_at_verbs, words};
use crate::lint::table::Table;
use crate::lint::unread::{change_in, named};

/// Statements that run one after another.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) runs: Runs,
    /// The table that the model of the hooks builds, and its unique key.
    pub(super) model: Option<(Table, Vec<String>)>,
    pub(super) statements: Vec<Read>,
    /// Every piece of text, also those that no parser reads.
    pub(super) texts: Vec<Text>,
    pub(super) not_read: Vec<NotRead>,
    /// The comments of all statements, each with its line.
    pub(super) comments: Vec<(usize, String)>,
    /// The columns of the tables that the unit creates, if it states all of them.
    pub(super) columns: BTreeMap<Table, Vec<Declared>>,
    /// The primary keys of the tables that the unit creates.
    pub(super) keys: BTreeMap<Table, Vec<String>>,
    /// The tables that the unit empties: by TRUNCATE, DROP, or DELETE without a condition.
    emptied: Vec<Table>,
    /// The tables that the unit creates.
    pub(super) created: BTreeSet<Table>,
    /// The tables that the unit creates with the columns of another, and that other.
    pub(super) likes: Vec<(Table, Table)>,
    /// The temporary tables that the unit creates.
    pub(super) temporary: BTreeSet<Table>,
    /// The numbers of the statements that copy rows, that fill a table, and that unload one: rules
    /// look at them for each DELETE.
    copying: Vec<usize>,
    filling: Vec<usize>,
    unloading: Vec<usize>,
    /// The tables that lose rows by a DELETE.
    trimmed: Vec<Table>,
    in_transaction: bool,
    /// Whether every clock of the engine goes on during a transaction.
    pub(super) clocks_go_on: bool,
    /// Whether its statements are for MySQL, whose TIMESTAMP is an instant.
    pub(super) is_mysql: bool,
    /// The number of statements before the last COMMIT.
    committed: usize,
    /// The first words of each text with SQL in quotes that changes rows: it may be kept in a
    /// variable.
    quoted: Vec<Vec<String>>,
    /// The routine of the next statement, and how many there are.
    routine: usize,
    routines: usize,
}

impl Unit {
    pub(super) fn new(runs: Runs) -> Self {
        Self {
            runs,
            model: None,
            statements: Vec::new(),
            texts: Vec::new(),
            not_read: Vec::new(),
            comments: Vec::new(),
            columns: BTreeMap::new(),
            keys: BTreeMap::new(),
            created: BTreeSet::new(),
            likes: Vec::new(),
            temporary: BTreeSet::new(),
            emptied: Vec::new(),
            copying: Vec::new(),
            filling: Vec::new(),
            unloading: Vec::new(),
            trimmed: Vec::new(),
            in_transaction: false,
            clocks_go_on: false,
            is_mysql: false,
            committed: 0,
            quoted: Vec::new(),
            routine: 0,
            routines: 0,
        }
    }

    /// Adds a hook, which may run outside of the transaction of its model.
    pub(super) fn add_hook(&mut self, text: &Marked, dialect: Grammar, is_before_model: bool, in_transaction: bool) {
        let added = self.texts.len();
        self.add(text, dialect, is_before_model);
        self.texts[added..].iter_mut().for_each(|text| text.in_transaction &= in_transaction);
    }

    /// Adds the statements of a text.
    pub(super) fn add(&mut self, text: &Marked, dialect: Grammar, is_before_model: bool) {
        let moving = [Grammar::MySql, Grammar::MsSql, Grammar::Oracle, Grammar::Snowflake, Grammar::BigQuery];
        // PostgreSQL, whose clocks stand still, has no `INTERVAL 90 DAY`.
        let is_of_another = || dialect == Grammar::Generic && has_plain_interval(&text.text);
        self.clocks_go_on |= moving.contains(&dialect) || is_of_another();
        self.is_mysql |= dialect == Grammar::MySql;
        // Oracle is in a transaction until COMMIT.
        self.in_transaction |= dialect == Grammar::Oracle && self.texts.is_empty();
        for raw in split(text) {
            self.add_raw(raw, dialect, is_before_model, 0);
        }
    }

    /// Adds the SELECT of a model, which dbt writes into its table, before the statements from `at`
    /// on. `is_replaced`: each run builds the table anew. It is added only as a copy: one of these statements deletes what it
    /// reads, and either by the same condition, or the table is named as an archive. Other models
    /// read a raw table whose retention has nothing to do with them.
    pub(super) fn add_model(&mut self, at: usize, body: &Marked, dialect: Grammar, is_replaced: bool) {
        let Some((model, _)) = &self.model else { return };
        let Some(Statement::Query(query)) = parse(body.text.trim(), dialect) else { return };
        let written = match is_replaced {
            true => format!("CREATE OR REPLACE TABLE {} AS SELECT 1", model.full()),
            false => format!("INSERT INTO {} (x) SELECT 1", model.full()),
        };
        let Some(mut tree) = parse(&written, dialect) else { return };
        match &mut tree {
            Statement::Insert(insert) => insert.source = Some(query),
            Statement::CreateTable(create) => create.query = Some(query),
            _ => return,
        }
        let Action::Copy(copy) = action(&tree) else { return };
        let of: Vec<_> = copy.sources().into_iter().filter(|from| !copy.into.is(from)).collect();
        let conditions: Vec<_> = copy.conditions().into_iter().map(words_of).collect();
        // A TRUNCATE also takes rows that came after the model has read the table.
        let is_trimmed = |read: &Read| match read.action() {
            Action::Truncate(tables) => tables.iter().any(|table| of.iter().any(|source| source.is(table))),
            Action::Delete(delete, table) if of.iter().any(|source| source.is(&table)) => {
                let mut taken = delete.selection.iter().flat_map(conjuncts);
                copy.into.is_named_as_archive()
                    || copy.into.name().contains(RUN_DATE)
                    || taken.any(|one| conditions.contains(&words_of(one)))
            }
            _ => false,
        };
        if self.statements[at..].iter().any(is_trimmed) {
            let copied = Some(Copied { creates: false, is_of_rows: true, ..Copied::new(copy, of) });
            let loads = loaded(&tree);
            let sql = body.clone();
            let read = Read {
                tree,
                copied,
                loads,
                sql,
                in_transaction: false,
                routine: self.routine,
                is_before_model: false,
                is_model: true,
                joins: Vec::new(),
            };
            self.statements.insert(at, read);
            self.copying.clear();
            self.filling.clear();
            self.unloading.clear();
            (0..self.statements.len()).for_each(|at| self.index(at));
        }
    }

    fn add_raw(&mut self, raw: Raw, dialect: Grammar, is_before_model: bool, depth: usize) {
        self.comments.extend(raw.comments);
        let text = raw.marked.text.trim();
        if text.is_empty() && raw.body.is_none() {
            return;
        }
        let first = words(text, 5);
        let word = |at: usize| first.get(at).map_or("", String::as_str);
        if raw.begins_routine {
            self.routines += 1;
            self.routine = self.routines;
        }
        let opens = raw.opens.filter(|_| depth == 0 || !raw.is_after_begin);
        if word(0) == "commit" {
            self.commit();
        }
        self.in_transaction = opens.unwrap_or(self.in_transaction);
        let in_transaction = self.in_transaction || self.runs == Runs::Hooks;
        self.texts.push(Text { sql: raw.marked.clone(), in_transaction });
        // Texts that begin alike keep their SQL in the same variable.
        let start: Vec<_> = first.iter().take(3).cloned().collect();
        if may_change_rows(text) && !self.quoted.contains(&start) {
            self.quoted.push(start);
        }
        // `EXECUTE IMMEDIATE $$ BEGIN ... END $$` is a block of Snowflake.
        let is_immediate = word(0) == "execute" && word(1) == "immediate";
        let is_block = is_immediate || matches!(word(0), "do" | "create");
        if let Some(body) = raw.body.clone().filter(|_| depth < 3 && is_block) {
            let kind = if word(1) == "or" { word(3) } else { word(1) };
            let what = match word(0) {
                "do" => "DO block".to_owned(),
                "execute" => "EXECUTE IMMEDIATE block".to_owned(),
                _ => format!("CREATE {}", kind.to_uppercase()),
            };
            let start = raw.marked.text.len() - raw.marked.text.trim_start().len();
            self.not_read.push(NotRead { line: raw.marked.line(start), what });
            let outside = (self.in_transaction, self.routine);
            self.committed = self.statements.len();
            self.in_transaction |= is_atomic(word(0), &raw.marked.text, &body.text);
            if word(0) == "create" {
                self.routines += 1;
                self.routine = self.routines;
            }
            for inner in split(&body) {
                self.add_raw(inner, dialect, is_before_model, depth + 1);
            }
            (self.in_transaction, self.routine) = outside;
            return;
        }
        // `SELECT cron.schedule('archive', '0 3 * * *', $$DELETE ...$$)`.
        if let Some(body) = raw.body.as_ref().filter(|body| word(0) == "select" && change_in(&body.text).is_some()) {
            // pg_cron sends the text at once: it is one transaction.
            let outside = std::mem::replace(&mut self.in_transaction, true);
            for inner in split(body) {
                self.add_raw(inner, dialect, is_before_model, depth + 1);
            }
            self.in_transaction = outside;
            return;
        }
        let is_execute = depth < 3 && matches!(word(0), "execute" | "exec");
        if let Some(executed) = is_execute.then(|| executed(&raw.marked)).flatten() {
            for inner in split(&executed) {
                self.add_raw(inner, dialect, is_before_model, depth + 1);
            }
            return;
        }
        let start = raw.marked.text.len() - raw.marked.text.trim_start().len();
        let runs_text = matches!(word(0), "execute" | "exec" | "prepare");
        if runs_text && !may_change_rows(text) && self.runs_a_variable(text) {
            let what = format!("{} of a text in a variable", word(0).to_uppercase());
            self.not_read.push(NotRead { line: raw.marked.line(start), what });
            return;
        }
        // A parser reads a call of EXECUTE, and not the SQL in its texts.
        let tree = if is_execute && may_change_rows(text) { None } else { parse(text, dialect) };
        match tree {
            Some(tree) => {
                for tree in normal(tree) {
                    let each = inserts_of_all(&tree);
                    let is_split = !each.is_empty();
                    // `WITH i AS (INSERT ...) DELETE` does both or nothing.
                    let outside = self.in_transaction;
                    self.in_transaction |= matches!(action(&tree), Action::Delete(..));
                    for insert in each.into_iter().chain(inserts_of_with(&tree)) {
                        self.push(insert, raw.marked.clone(), is_before_model);
                    }
                    self.in_transaction = outside;
                    if !is_split {
                        self.push(tree, raw.marked.clone(), is_before_model);
                    }
                }
            }
            // Statements without semicolons, if each of those that change rows can be read.
            None if depth < 3 && is_chain(&raw.marked, dialect) => {
                for part in split_at_verbs(&raw.marked) {
                    let opens = opens_transaction(&words(&part.text, 2));
                    let part = Raw {
                        marked: part,
                        body: None,
                        comments: Vec::new(),
                        opens,
                        is_after_begin: false,
                        begins_routine: false,
                    };
                    self.add_raw(part, dialect, is_before_model, 3);
                }
            }
            None => {
                if skeleton(text).contains("alter table") {
                    self.forget_columns(text);
                }
                let line = raw.marked.line(start);
                self.not_read.extend(named(text).map(|what| NotRead { line, what }));
            }
        }
    }

    /// Whether an EXECUTE names a variable into which an earlier text wrote SQL that changes rows.
    fn runs_a_variable(&self, text: &str) -> bool {
        let named = words(text, usize::MAX);
        self.quoted.iter().flatten().any(|word| word != "execute" && named.contains(word))
    }

    /// Adds a statement that was read.
    fn push(&mut self, tree: Statement, sql: Marked, is_before_model: bool) {
        self.learn_columns(&tree);
        match action(&tree) {
            Action::Truncate(tables) | Action::Drop(tables) => self.emptied.extend(tables),
            Action::Delete(delete, table) => {
                if delete.selection.is_none() {
                    self.emptied.push(table.clone());
                }
                self.trimmed.push(table);
            }
            Action::Move { deletes: (_, table), .. } => self.trimmed.push(table),
            _ => {}
        }
        let in_transaction = self.in_transaction;
        let copied = match action(&tree) {
            Action::Copy(copy) => {
                let of = self.copied_of(&copy);
                if is_temporary(&tree) {
                    self.temporary.insert(copy.into.clone());
                }
                Some(Copied::new(copy, of))
            }
            _ => None,
        };
        let loads = loaded(&tree);
        let routine = self.routine;
        let joins = joins_of(&tree);
        self.statements.push(Read {
            tree,
            joins,
            copied,
            loads,
            sql,
            in_transaction,
            routine,
            is_before_model,
            is_model: false,
        });
        self.index(self.statements.len() - 1);
    }

    /// Adds a statement to the lists of those that rules look for.
    fn index(&mut self, at: usize) {
        let read = &self.statements[at];
        if read.copied.is_some() {
            self.copying.push(at);
        }
        if read.copied.is_some() || read.loads.is_some() {
            self.filling.push(at);
        }
        if may_unload(&read.tree) {
            self.unloading.push(at);
        }
    }

    /// A COMMIT without a BEGIN: a transaction was open all the same, as in a procedure, or without
    /// autocommit. One statement is a transaction of its own.
    fn commit(&mut self) {
        let since = &mut self.statements[self.committed..];
        let changes = since.iter().filter(|read| !matches!(read.action(), Action::Other)).count();
        if !self.in_transaction && changes > 1 {
            since.iter_mut().for_each(|read| read.in_transaction = true);
        }
        self.committed = self.statements.len();
    }

    /// The columns of a table, if the unit creates it.
    pub(super) fn columns_of(&self, table: &Table) -> Option<&[Declared]> {
        self.columns.iter().find(|(other, _)| other.is(table)).map(|(_, columns)| columns.as_slice())
    }

    /// Whether the unit creates a table with the columns of another.
    pub(super) fn is_like(&self, table: &Table, other: &Table) -> bool {
        self.likes.iter().any(|(created, like)| created.is(table) && like.is(other))
    }

    /// Whether the unit deletes all rows of a table: a list that it fills in each run.
    pub(super) fn empties(&self, table: &Table) -> bool {
        self.emptied.iter().any(|other| other.is(table))
    }

    /// Whether the unit creates a table itself.
    pub(super) fn creates(&self, table: &Table) -> bool {
        let creates = |copied: &Copied| copied.creates && copied.into.is(table);
        self.created.iter().any(|other| other.is(table)) || self.copies().any(|(_, _, copied)| creates(copied))
    }

    /// Whether rows stay in a table only for a while.
    pub(super) fn is_passing(&self, table: &Table) -> bool {
        table.is_named_as_temporary() || self.temporary.iter().any(|other| other.is(table))
    }

    /// The tables whose rows a copy has. If it reads a table in which rows stay only for a while,
    /// the tables from which these rows came are among them.
    fn copied_of(&self, copy: &Copy<'_>) -> Vec<Table> {
        let mut all = copy.sources();
        let passing = |source: &Table| self.is_passing(source);
        let earlier: Vec<Table> = all.iter().filter(|source| passing(source)).cloned().collect();
        for (.., copied) in self.copies().filter(|_| !earlier.is_empty()) {
            if earlier.iter().any(|source| source.is(&copied.into)) {
                all.extend(copied.of.iter().cloned());
            }
        }
        all.retain(|from| !copy.into.is(from));
        all
    }

    fn copies(&self) -> impl Iterator<Item = (usize, &Read, &Copied)> {
        let read = |at: &usize| (*at, &self.statements[*at]);
        self.copying.iter().map(read).filter_map(|(at, read)| Some((at, read, read.copied.as_ref()?)))
    }

    /// Whether the unit deletes rows of a table.
    pub(super) fn trims(&self, table: &Table) -> bool {
        self.trimmed.iter().any(|other| other.is(table))
    }

    /// The statements before a number that copy a table to files, or clone it.
    pub(super) fn unloading(&self, before: usize) -> impl Iterator<Item = &Read> {
        self.unloading.iter().take_while(move |at| **at < before).map(|at| &self.statements[*at])
    }

    /// The statements that copy rows of a table as they are, each with its number.
    pub(super) fn archives(&self, table: &Table) -> Vec<(usize, &Read)> {
        let is_archive = |copied: &Copied| copied.of.iter().any(|of| of.is(table)) && !self.is_passing(&copied.into);
        let archives = self.copies().filter(|(.., copied)| is_archive(copied));
        let kept = archives.filter(|(.., copied)| copied.creates || !self.empties(&copied.into));
        kept.map(|(at, read, _)| (at, read)).collect()
    }

    /// The statements that copy rows of a table, also into a list for a while.
    pub(super) fn copies_of(&self, table: &Table) -> impl Iterator<Item = (usize, &Read)> {
        let copies = self.copies().filter(|(.., copied)| copied.of.iter().any(|of| of.is(table)));
        copies.map(|(at, read, _)| (at, read))
    }

    /// The tables that get rows of other tables, each with the statement.
    pub(super) fn filled(&self) -> impl Iterator<Item = (&Read, &Table)> {
        self.copies().map(|(_, read, copied)| (read, &copied.into))
    }

    /// The statements that write rows into a table.
    pub(super) fn fills(&self, table: &Table) -> impl Iterator<Item = usize> {
        let all = self.filling.iter().map(|at| (*at, &self.statements[*at]));
        let fills = |read: &Read| {
            let of_tables = read.copied.as_ref().is_some_and(|copied| copied.into.is(table));
            of_tables || read.loads.as_ref().is_some_and(|into| into.is(table))
        };
        all.filter(move |(_, read)| fills(read)).map(|(at, _)| at)
    }
}

/// Whether a text is several statements without semicolons.
fn is_chain(marked: &Marked, dialect: Grammar) -> bool {
    let parts = split_at_verbs(marked);
    let reads = |part: &Marked| change_in(&part.text).is_none() || parse(part.text.trim(), dialect).is_some();
    parts.len() > 1 && parts.iter().all(reads)
}

/// Whether a body of PL/pgSQL, or of a function in LANGUAGE sql, is one transaction: PostgreSQL and Redshift commit inside of it only
/// where it says so.
fn is_atomic(kind: &str, header: &str, body: &str) -> bool {
    // `ON COMMIT DROP` is no COMMIT.
    let (header, body) = (header.to_lowercase(), skeleton(body).replace("on commit", ""));
    let says =
        |text: &str, word: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word);
    // A procedure of Snowflake is in LANGUAGE sql too, and commits each statement.
    let is_function = says(&header, "function") && says(&header, "language") && says(&header, "sql");
    let is_routine = says(&header, "plpgsql") || is_function;
    (kind == "do" || is_routine) && !says(&header, "nonatomic") && !says(&body, "commit")
}

/// Whether a text has an interval with a number that is not quoted.
fn has_plain_interval(text: &str) -> bool {
    let text = blanked(text);
    text.match_indices("interval").any(|(at, word)| {
        let rest = text[at + word.len()..].trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && rest[digits..].starts_with(' ')
    })
}
