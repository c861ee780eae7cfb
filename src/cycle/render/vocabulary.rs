//! Names of relations, for engines and for dbt. Templates write a mark for each relation. Then each
//! vocabulary replaces the marks by its own names. Invariant: the statement that dbt runs and the
//! verified statement differ only in the names of relations.

use std::collections::BTreeMap;

use crate::cycle::plan::Slot;
use crate::features::monitors::{Asks, Stated};
use crate::project::{ExceptionsId, MonitorId, Spec, TableId};
use crate::sql::Relation;

/// A mark starts with `OPEN` and ends with `CLOSE`. Verify refuses every other control character in
/// a statement.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// How a statement writes a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The name with its schema, for a relation used as a table.
    Full,
    /// The name without its schema, for a relation that qualifies a column.
    Bare,
}

/// The owner of a statement. It decides how dbt names the mart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A hook of the model of this table. Its mart is `this`.
    Hook(TableId),
    /// A statement that runs outside of models. dbt looks up every mart.
    Operation,
    /// A dbt test or another query of dbt.
    Query,
}

/// A statement with real names, and with names that dbt resolves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) sql: String,
    pub(crate) dbt: String,
    /// Where `sql` names a relation: the offset of each name that was written by a mark.
    pub(crate) marks: Vec<usize>,
}

/// The marks of a relation.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) full: String,
    pub(crate) bare: String,
}

impl Place {
    pub(crate) fn of(slot: Slot) -> Self {
        Self { full: mark(slot, Form::Full), bare: mark(slot, Form::Bare) }
    }
}

/// The parameters that statements can have.
pub(crate) const PARAMETERS: [&str; 6] = ["key", "notes", "type", "expected", "start", "end"];

/// The mark of a parameter. Invariant: the parameter is one of [`PARAMETERS`].
pub(crate) fn parameter(name: &str) -> String {
    format!("{OPEN}p{name}{CLOSE}")
}

fn mark(slot: Slot, form: Form) -> String {
    let (kind, number, period) = match slot {
        Slot::Mart(table) => ('m', table.0, 0),
        Slot::Raw(table) => ('s', table.0, 0),
        Slot::History(table, period) => ('h', table.0, period.0),
        Slot::Cutoff(table) => ('c', table.0, 0),
        Slot::Stale(table) => ('v', table.0, 0),
        Slot::Due(table) => ('d', table.0, 0),
        Slot::Cycles(table) => ('k', table.0, 0),
        Slot::Purged(table) => ('g', table.0, 0),
        Slot::Compared(monitor) => ('x', monitor.0, 0),
        Slot::Exceptions(exceptions) => ('e', exceptions.0, 0),
        Slot::Erased(exceptions) => ('r', exceptions.0, 0),
        Slot::AllRows(table) => ('a', table.0, 0),
        Slot::Copies(table) => ('u', table.0, 0),
    };
    let form = if form == Form::Full { 'f' } else { 'b' };
    format!("{OPEN}{form}{kind}{number},{period}{CLOSE}")
}

/// A part of a rendered text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Relation(Slot, Form),
    Parameter(&'static str),
}

/// Splits a text into its parts. An invalid mark stays text. Only a template can write one.
fn pieces<'t>(spec: &'t Spec, marked: &'t str) -> impl Iterator<Item = (usize, Piece<'t>)> {
    let mut rest = marked;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = marked.len() - rest.len();
        let end = if let Some(inner) = rest.strip_prefix(OPEN) {
            if let Some((code, remainder)) = inner.split_once(CLOSE)
                && let Some(piece) = decode(spec, code)
            {
                rest = remainder;
                return Some((at, piece));
            }
            inner.find(OPEN).map_or(rest.len(), |next| next + OPEN.len_utf8())
        } else {
            rest.find(OPEN).unwrap_or(rest.len())
        };
        let (text, remainder) = rest.split_at(end);
        rest = remainder;
        Some((at, Piece::Text(text)))
    })
}

fn decode<'t>(spec: &Spec, code: &str) -> Option<Piece<'t>> {
    let mut letters = code.chars();
    let form = match letters.next()? {
        'f' => Form::Full,
        'b' => Form::Bare,
        'p' => return PARAMETERS.into_iter().find(|name| *name == letters.as_str()).map(Piece::Parameter),
        _ => return None,
    };
    let kind = letters.next()?;
    let (number, period) = letters.as_str().split_once(',')?;
    let (number, period): (usize, usize) = (number.parse().ok()?, period.parse().ok()?);
    if kind == 'e' {
        let slot = Slot::Exceptions(ExceptionsId(number));
        return (number < spec.exceptions.len()).then_some(Piece::Relation(slot, form));
    }
    if kind == 'r' {
        let id = ExceptionsId(number);
        let has_list = spec.exceptions.get(number).is_some_and(|exceptions| exceptions.erased.is_some());
        return has_list.then_some(Piece::Relation(Slot::Erased(id), form));
    }
    if kind == 'x' {
        let compares = |monitor: &Stated| matches!(monitor.asks, Asks::Compare { .. });
        let slot = Slot::Compared(MonitorId(number));
        return spec.monitors.get(number).is_some_and(compares).then_some(Piece::Relation(slot, form));
    }
    let table = spec.tables.get(number).map(|_| TableId(number))?;
    let slot = match kind {
        'm' => Slot::Mart(table),
        's' => spec.table(table).raw.as_ref().map(|_| Slot::Raw(table))?,
        'h' => spec.periods_of(table).find(|found| found.0 == period).map(|period| Slot::History(table, period))?,
        'c' => Slot::Cutoff(table),
        'v' => Slot::Stale(table),
        'd' => Slot::Due(table),
        'k' => Slot::Cycles(table),
        'g' if spec.table(table).is_purged() => Slot::Purged(table),
        'a' if !spec.table(table).is_purged() => Slot::AllRows(table),
        'u' if !spec.table(table).is_purged() => Slot::Copies(table),
        _ => return None,
    };
    Some(Piece::Relation(slot, form))
}

/// The names of the relations of a project. Each name is built once.
#[derive(Debug)]
pub(crate) struct Vocabulary<'s> {
    spec: &'s Spec,
    package: String,
    names: BTreeMap<Slot, Names>,
    schemas: Vec<Schema>,
    /// The schema number of each mart, by table.
    mart_schemas: Vec<usize>,
}

/// The names of a relation.
#[derive(Debug)]
struct Names {
    full: String,
    bare: String,
    /// The number of its schema.
    schema: usize,
    /// The dbt name, if it is the same in every statement.
    dbt: Option<String>,
}

/// A schema of the project's relations.
#[derive(Debug)]
struct Schema {
    folded: Vec<String>,
    /// The dbt name in statements of models outside of this schema.
    dbt: String,
}

impl<'s> Vocabulary<'s> {
    pub(crate) fn new(spec: &'s Spec) -> Self {
        let package = spec.dbt_package();
        let mut vocabulary = Self {
            spec,
            package,
            names: BTreeMap::new(),
            schemas: Vec::new(),
            mart_schemas: Vec::with_capacity(spec.tables.len()),
        };
        // dbt can rename the schema of a mart for a target. The other relations of the schema move
        // with the mart.
        for (_, table) in spec.tables() {
            let mart_schema = format!(
                "{{{{ {}.mart('{}').include(identifier=false) }}}}",
                vocabulary.package,
                table.model.value.as_str()
            );
            let schema = vocabulary.schema(&table.relation, |_| mart_schema);
            vocabulary.mart_schemas.push(schema);
        }
        vocabulary
    }

    /// The number of the schema of a relation. `dbt_name` names a new schema.
    fn schema(&mut self, relation: &Relation, dbt_name: impl FnOnce(&str) -> String) -> usize {
        let folded = relation.schema_folded(self.spec.dialect);
        self.schemas.iter().position(|known| known.folded == folded).unwrap_or_else(|| {
            let dbt = dbt_name(&self.package);
            self.schemas.push(Schema { folded, dbt });
            self.schemas.len() - 1
        })
    }

    fn add(&mut self, slot: Slot) {
        if self.names.contains_key(&slot) {
            return;
        }
        let spec = self.spec;
        let relation = slot.relation(spec);
        let schema = self.schema(&relation, |package| {
            let database = relation.database.as_ref().map_or_else(String::new, |name| format!(", '{}'", name.as_str()));
            format!("{{{{ {package}.in_schema('{}'{database}) }}}}", relation.schema.as_str())
        });
        let dbt = match slot {
            Slot::Raw(table) => spec
                .table(table)
                .dbt_source()
                .map(|(source, name)| format!("{{{{ source('{source}', '{name}').render() }}}}")),
            _ => None,
        };
        let (full, bare) = (relation.sql(spec.dialect), relation.name.sql(spec.dialect));
        // A relation that a monitor compares has the same name for every dbt target.
        let dbt = if let Slot::Compared(_) = slot { Some(full.clone()) } else { dbt };
        self.names.insert(slot, Names { full, bare, schema, dbt });
    }

    /// The real name of a relation.
    pub(crate) fn full(&mut self, slot: Slot) -> &str {
        self.add(slot);
        &self.names[&slot].full
    }

    /// The schema of a relation, as a dbt expression without braces, for use outside of models.
    pub(crate) fn place(&mut self, slot: Slot) -> &str {
        self.add(slot);
        let dbt = &self.schemas[self.names[&slot].schema].dbt;
        dbt.trim_start_matches("{{ ").trim_end_matches(" }}")
    }

    /// The text with real names, and with names that dbt resolves. The text with real names may
    /// have `max_bytes` bytes. An error says what the template does wrong.
    pub(crate) fn name(
        &mut self,
        owner: Owner,
        comment: &str,
        marked: &str,
        max_bytes: usize,
    ) -> Result<Named, &'static str> {
        let spec = self.spec;
        let length = comment.len() + marked.len() * 2;
        let (mut sql, mut dbt) = (String::with_capacity(length), String::with_capacity(length + length / 4));
        let mut marks = Vec::new();
        sql.push_str(comment);
        dbt.push_str(comment);
        let mut is_after_name = false;
        for (_, piece) in pieces(spec, marked) {
            // dbt writes names in quotes: `{{ mart|full }}__due` would be the mart with an alias.
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '@' | '"' | '`');
            let is_joined = match &piece {
                Piece::Text(text) => is_after_name && text.starts_with(is_part),
                Piece::Relation(..) => is_after_name || sql.ends_with(is_part),
                Piece::Parameter(_) => is_after_name,
            };
            if is_joined {
                return Err("writes a relation and a part of another name without a space between them");
            }
            is_after_name = matches!(piece, Piece::Relation(..));
            match piece {
                Piece::Text(text) => {
                    sql.push_str(text);
                    dbt.push_str(text);
                }
                Piece::Relation(slot, form) => {
                    // This brace and the braces of the dbt name would open a wrong Jinja tag.
                    if sql.ends_with('{') {
                        return Err("writes `{` before a relation, which dbt would read as a Jinja tag");
                    }
                    self.add(slot);
                    let names = &self.names[&slot];
                    marks.push(sql.len());
                    sql.push_str(if form == Form::Full { &names.full } else { &names.bare });
                    self.write_for_dbt(names, owner, slot, form, &mut dbt);
                }
                Piece::Parameter(name) => {
                    sql.push(':');
                    sql.push_str(name);
                    dbt.push_str("{{ ");
                    dbt.push_str(name);
                    dbt.push_str(" }}");
                }
            }
            if sql.len() > max_bytes {
                return Err("writes a statement that is larger than any engine accepts");
            }
        }
        // Both texts stay in memory until the end.
        sql.shrink_to_fit();
        dbt.shrink_to_fit();
        Ok(Named { sql, dbt, marks })
    }

    fn write_for_dbt(&self, names: &Names, owner: Owner, slot: Slot, form: Form, dbt: &mut String) {
        let mut write = |parts: &[&str]| parts.iter().for_each(|part| dbt.push_str(part));
        match (slot, owner, form) {
            (Slot::Mart(table), _, _) => {
                let model = self.spec.table(table).model.value.as_str();
                match owner {
                    Owner::Hook(own) if own == table => write(&["{{ this"]),
                    Owner::Hook(_) | Owner::Query => write(&["{{ ref('", model, "')"]),
                    // Not ref(): with `--defer`, it can name the mart of production.
                    Owner::Operation => write(&["{{ ", &self.package, ".mart('", model, "')"]),
                }
                if form == Form::Bare {
                    write(&[".include(database=false, schema=false)"]);
                }
                // Rendered to a plain name: with `--empty`, `--sample` or microbatches, a reference
                // selects only some of the rows.
                if matches!(owner, Owner::Hook(own) if own != table) {
                    write(&[".render()"]);
                }
                write(&[" }}"]);
            }
            (_, _, Form::Bare) => write(&[&names.bare]),
            (Slot::Raw(_) | Slot::Compared(_), _, Form::Full) => write(&[names.dbt.as_deref().unwrap_or_default()]),
            (_, Owner::Hook(own), Form::Full) if names.schema == self.mart_schemas[own.0] => {
                write(&["{{ this.include(identifier=false) }}.", &names.bare]);
            }
            _ => write(&[&self.schemas[names.schema].dbt, ".", &names.bare]),
        }
    }
}

/// The text with real names in place of marks, for messages.
pub(crate) fn with_names(spec: &Spec, marked: &str) -> String {
    let named = pieces(spec, marked).map(|(_, piece)| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Relation(slot, _) => slot.relation(spec).sql(spec.dialect),
        Piece::Parameter(name) => format!(":{name}"),
    });
    named.collect()
}

/// The byte in a marked text that belongs to the byte `at` in the text with real names.
pub(crate) fn marked_at(spec: &Spec, marked: &str, at: usize) -> usize {
    let mut named = 0;
    for (begin, piece) in pieces(spec, marked) {
        let length = match &piece {
            Piece::Text(text) => text.len(),
            Piece::Relation(slot, Form::Full) => slot.relation(spec).sql(spec.dialect).len(),
            Piece::Relation(slot, Form::Bare) => slot.relation(spec).name.sql(spec.dialect).len(),
            Piece::Parameter(name) => 1 + name.len(),
        };
        if at < named + length {
            return if matches!(piece, Piece::Text(_)) { begin + at - named } else { begin };
        }
        named += length;
    }
    marked.len()
}
