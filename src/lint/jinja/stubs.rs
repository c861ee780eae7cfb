//! Values that stand for what dbt gives a template: relations, variables, the target, macros of
//! packages. Nothing here knows a database, so each has a name in the place of a value.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use crate::lint::jinja::mark::unmarked;
use crate::lint::jinja::relation::{of_arguments, relation};
use crate::lint::jinja::vars::of_json;
use crate::lint::jinja::{Captured, Hook, Macros, OF_MACRO, Variant, WITH_LINES};

/// The name of the schema in which models are.
pub(in crate::lint) const SCHEMA: &str = "rowkeep_schema";
/// The text of every value that depends on the day of the run.
pub(in crate::lint) const RUN_DATE: &str = "rowkeep_run_date";
/// The text of every value that a query found.
pub(in crate::lint) const RESULT: &str = "rowkeep_result";
/// How deep macros of a project may call each other.
const MAX_DEPTH: usize = 24;

/// A value that nobody knows. Its attributes, its items and its results are such values too. An
/// item has no items: a comparison of two values would have no end.
#[derive(Debug)]
struct Unknown {
    name: String,
    has_items: bool,
}

pub(super) fn unknown(name: &str) -> Value {
    Value::from_object(Unknown { name: name.to_owned(), has_items: true })
}

/// What a query found, and each value in it: `run_query(...).columns[0][0]`.
fn result() -> Value {
    unknown(RESULT)
}

impl Object for Unknown {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.has_items { ObjectRepr::Iterable } else { ObjectRepr::Plain }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(unknown(key.as_str().filter(|_| self.name != RESULT).unwrap_or(&self.name)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.has_items {
            true => Enumerator::Values(vec![Value::from_object(Unknown { name: "item".to_owned(), has_items: false })]),
            false => Enumerator::NonEnumerable,
        }
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(unknown(&self.name))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        Ok(match (method, args) {
            // Macros of packages and of dbt that render their argument.
            ("return" | "get", [value, ..]) => value.clone(),
            // `api.Relation.create(...)`.
            ("create", _) if self.name == "Relation" => of_arguments(args).unwrap_or_else(|| unknown(method)),
            _ if self.name == RESULT => result(),
            _ => unknown(method),
        })
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The time of the run, and whatever is computed from it.
#[derive(Debug)]
struct RunDate;

impl Object for RunDate {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(if key.as_str() == Some("re") { unknown("re") } else { Value::from_object(RunDate) })
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_object(RunDate))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, _: &str, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_object(RunDate))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(RUN_DATE)
    }
}

/// A list that methods can change. The lists of minijinja cannot.
#[derive(Debug, Default)]
struct Changeable(Mutex<Vec<Value>>);

impl Object for Changeable {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.lock().ok()?.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.lock().map_or(0, |items| items.len()))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if let (Ok(mut items), Some(value)) = (self.0.lock(), args.first()) {
            match method {
                "append" => items.push(value.clone()),
                "extend" => items.extend(value.try_iter()?),
                _ => {}
            }
        }
        Ok(Value::from(()))
    }
}

/// A name that dbt defines.
#[derive(Debug)]
struct Builtin {
    name: String,
    scene: Arc<Scene>,
}

/// What a template is rendered for.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) model: String,
    pub(super) variant: Variant,
    pub(super) macros: Arc<Macros>,
    /// The variables of `dbt_project.yml`.
    pub(super) vars: Arc<BTreeMap<String, Value>>,
    pub(super) captured: Mutex<Captured>,
    /// The value of the last `return`, until the macro that called it has ended.
    pub(super) returned: Mutex<Option<Value>>,
    /// The macros of the project that are being called, the innermost one last.
    pub(super) active: Mutex<Vec<String>>,
}

impl Scene {
    /// What `return` gave, if it has ended a macro.
    pub(super) fn take_returned(&self) -> Option<Value> {
        self.returned.lock().ok()?.take()
    }

    /// Keeps the SQL that a template runs itself.
    fn capture_query(&self, sql: Option<&Value>) {
        if let (Some(sql), Ok(mut captured)) = (sql, self.captured.lock()) {
            captured.queries.push(sql.to_string());
        }
    }

    /// The value of `var('name', default)`.
    fn var(&self, name: &str, default: Option<&Value>) -> Value {
        match self.vars.get(name).or(default) {
            // A switch that is off by default is on in one of the renderings.
            Some(value) if value.kind() == ValueKind::Bool && self.variant == Variant::Full => Value::from(true),
            Some(value) => value.clone(),
            None => unknown(name),
        }
    }
}

/// The variables of a template. Every name has a value.
#[derive(Debug)]
pub(super) struct Names(pub(super) Arc<Scene>);

/// Names of minijinja, and of its loops and macros.
const OWN: [&str; 12] =
    ["range", "dict", "namespace", "debug", "lipsum", "cycler", "joiner", "loop", "self", "super", "caller", "varargs"];

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if self.0.macros.contains_key(name) {
            return Some(builtin(name, &self.0));
        }
        Some(match name {
            name if OWN.contains(&name) => return None,
            "this" => relation(SCHEMA, &self.0.model),
            "execute" => Value::from(true),
            "none" | "None" => Value::from(()),
            "run_started_at" | "modules" | "macros" => Value::from_object(RunDate),
            // The names of Airflow for the interval of its run.
            "ds"
            | "ds_nodash"
            | "ts_nodash"
            | "execution_date"
            | "logical_date"
            | "data_interval_start"
            | "data_interval_end"
            | "next_ds"
            | "next_ds_nodash"
            | "prev_ds"
            | "prev_ds_nodash"
            | "yesterday_ds"
            | "yesterday_ds_nodash"
            | "tomorrow_ds"
            | "tomorrow_ds_nodash" => Value::from_object(RunDate),
            "target"
            | "flags"
            | "config"
            | "adapter"
            | "ref"
            | "source"
            | "var"
            | "env_var"
            | "is_incremental"
            | "run_query"
            | "statement"
            | "return"
            | "log"
            | "print"
            | "after_commit"
            | "before_begin"
            | "fromjson"
            | "rowkeep_list"
            | "rowkeep_items"
            | "should_full_refresh"
            | "exceptions" => builtin(name, &self.0),
            other => Value::from_object(Package { name: other.to_owned(), scene: Arc::clone(&self.0) }),
        })
    }
}

/// A name that nobody knows. It can be a package, with macros of the project.
#[derive(Debug)]
struct Package {
    name: String,
    scene: Arc<Scene>,
}

impl Object for Package {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str().unwrap_or(&self.name);
        Some(if self.scene.macros.contains_key(name) { builtin(name, &self.scene) } else { unknown(name) })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(vec![unknown("item")])
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        Ok(match (self.name.as_str(), args) {
            // They give the relation back that they are asked for.
            ("load_relation" | "load_cached_relation", [relation, ..]) => relation.clone(),
            _ => unknown(&self.name),
        })
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if self.scene.macros.contains_key(method) {
            let called = Arc::new(Builtin { name: method.to_owned(), scene: Arc::clone(&self.scene) });
            return called.call_macro(method, state, args);
        }
        if method == "get_single_value" {
            self.scene.capture_query(args.first());
            return Ok(result());
        }
        Ok(portable(method, args).unwrap_or_else(|| unknown(method)))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The SQL of macros that dbt has for every engine: `dbt.dateadd('day', -30,
/// dbt.current_timestamp())`.
fn portable(name: &str, args: &[Value]) -> Option<Value> {
    let text = |at: usize| args.get(at).map(|value| unmarked(&value.to_string()));
    let sql = match name {
        "pretty_time" => return Some(Value::from_object(RunDate)),
        "dateadd" => format!("dateadd({}, {}, {})", text(0)?, text(1)?, text(2)?),
        "date_trunc" => format!("date_trunc('{}', {})", text(0)?, text(1)?),
        "safe_cast" | "cast" => format!("cast({} as {})", text(0)?, text(1)?),
        _ => return None,
    };
    Some(Value::from(sql))
}

fn builtin(name: &str, scene: &Arc<Scene>) -> Value {
    Value::from_object(Builtin { name: name.to_owned(), scene: Arc::clone(scene) })
}

impl Object for Builtin {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        Some(match (self.name.as_str(), key) {
            ("target", "schema" | "dataset") => Value::from(SCHEMA),
            // What runs only in production matters most.
            ("target", "name") => Value::from("prod"),
            ("flags", "WHICH") => Value::from(self.scene.variant.command()),
            ("flags", "FULL_REFRESH") => Value::from(false),
            _ => unknown(key),
        })
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match (self.name.as_str(), method) {
            ("config" | "target" | "flags", "get" | "require") => Ok(match args {
                [_, default] if !default.is_kwargs() => default.clone(),
                [key, ..] => self.get_value(key).unwrap_or_else(|| unknown(method)),
                [] => unknown(method),
            }),
            ("adapter", "execute" | "run_sql" | "add_query") => {
                self.scene.capture_query(args.first());
                Ok(unknown(method))
            }
            ("adapter", "get_relation") => Ok(of_arguments(args).unwrap_or_else(|| unknown(method))),
            ("config", "set") | ("exceptions", _) => Ok(Value::from("")),
            // The implementation for every engine, if the project has one.
            ("adapter", "dispatch") => {
                let name = args.first().map(|name| format!("default__{}", unmarked(&name.to_string())));
                let known = name.filter(|name| self.scene.macros.contains_key(name));
                Ok(known.map_or_else(|| unknown(method), |name| builtin(&name, &self.scene)))
            }
            _ => Ok(unknown(method)),
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let text =
            |at: usize| args.get(at).filter(|value| !value.is_kwargs()).map(|value| unmarked(&value.to_string()));
        Ok(match self.name.as_str() {
            "ref" => relation(SCHEMA, &text(1).or_else(|| text(0)).unwrap_or_default()),
            "source" => relation(&text(0).unwrap_or_default(), &text(1).unwrap_or_default()),
            "var" | "env_var" => {
                self.scene.var(&text(0).unwrap_or_default(), args.get(1).filter(|default| !default.is_kwargs()))
            }
            "is_incremental" => Value::from(self.scene.variant.is_incremental()),
            "should_full_refresh" => Value::from(false),
            // It ends the macro that calls it.
            "return" => {
                if let Ok(mut returned) = self.scene.returned.lock() {
                    *returned = Some(args.first().cloned().unwrap_or_else(|| Value::from("")));
                }
                return Err(Error::new(ErrorKind::InvalidOperation, "return"));
            }
            // Hooks outside of the transaction of their model.
            "after_commit" | "before_begin" => {
                let sql = args.first().cloned().unwrap_or_default();
                Value::from(BTreeMap::from([("sql", sql), ("transaction", Value::from(false))]))
            }
            "log" | "print" => Value::from(""),
            "fromjson" => {
                let json = text(0).and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
                json.map_or_else(|| unknown("fromjson"), |json| of_json(&json))
            }
            "rowkeep_list" => Value::from_object(Changeable::default()),
            "rowkeep_items" => {
                let items: Vec<Value> =
                    args.first().and_then(|items| items.try_iter().ok()).into_iter().flatten().collect();
                Value::from(if items.is_empty() { vec![unknown("item")] } else { items })
            }
            "run_query" => {
                self.scene.capture_query(args.first());
                result()
            }
            "statement" => {
                let kwargs = args.last().and_then(|last| Kwargs::try_from(last.clone()).ok());
                if let Some(caller) = kwargs.and_then(|kwargs| kwargs.get::<Value>("caller").ok()) {
                    let written = caller.call(state, &[])?;
                    self.scene.capture_query(Some(&written));
                }
                Value::from("")
            }
            "config" => {
                self.capture_config(args)?;
                Value::from("")
            }
            name => return self.call_macro(name, state, args),
        })
    }
}

impl Builtin {
    /// Calls a macro of the project.
    fn call_macro(&self, name: &str, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let deep = || Error::new(ErrorKind::InvalidOperation, "macros call each other without end");
        let Some(files) = self.scene.macros.get(name) else { return Ok(unknown(name)) };
        {
            let mut active = self.scene.active.lock().map_err(|_| deep())?;
            // `default__x` of a project may call `x` of a package, which has the same name here.
            if active.iter().any(|other| other == name) {
                return Ok(unknown(name));
            }
            if active.len() >= MAX_DEPTH {
                return Err(deep());
            }
            active.push(name.to_owned());
        }
        let names = Value::from_object(Names(Arc::clone(&self.scene)));
        // A macro of the file that calls it comes before one of another file.
        let caller = state.name();
        let own = files.iter().any(|file| file == caller.trim_end_matches(WITH_LINES)).then_some(caller);
        let template = state.env().get_template(own.or(files.last().map(String::as_str)).unwrap_or_default())?;
        let rendered = template.render_captured(names).and_then(|mut captured| {
            captured.with_state_mut(|inner| inner.call_macro(&format!("{OF_MACRO}{name}"), args))
        });
        if let Ok(mut active) = self.scene.active.lock() {
            active.pop();
        }
        match (rendered, self.scene.take_returned()) {
            (Err(_), Some(returned)) => Ok(returned),
            (rendered, _) => rendered.map(Value::from_safe_string),
        }
    }

    /// Takes hooks and the unique key from the arguments of `config`.
    fn capture_config(&self, args: &[Value]) -> Result<(), Error> {
        let Ok(mut captured) = self.scene.captured.lock() else { return Ok(()) };
        for settings in args.iter().filter(|value| value.kind() == ValueKind::Map || value.is_kwargs()) {
            for key in settings.try_iter()? {
                let value = settings.get_item(&key)?;
                match key.to_string().replace('-', "_").as_str() {
                    "pre_hook" => hooks(&value, true, &mut captured.hooks)?,
                    "post_hook" => hooks(&value, false, &mut captured.hooks)?,
                    "unique_key" => captured.unique_key = names(&value)?,
                    "alias" => captured.alias = value.as_str().map(str::to_owned),
                    "materialized" => captured.is_table = value.as_str() == Some("table"),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn names(value: &Value) -> Result<Vec<String>, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            Ok(value.try_iter()?.map(|name| name.to_string().to_lowercase()).collect())
        }
        ValueKind::None | ValueKind::Undefined => Ok(Vec::new()),
        // `unique_key="a || '-' || b"` is an expression, and no name.
        _ => Ok(vec![value.to_string().to_lowercase()]),
    }
}

fn hooks(value: &Value, is_before: bool, all: &mut Vec<Hook>) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String => all.push(Hook { is_before, in_transaction: true, sql: value.to_string() }),
        ValueKind::Seq | ValueKind::Iterable => {
            for item in value.try_iter()? {
                hooks(&item, is_before, all)?;
            }
        }
        ValueKind::Map => {
            if let Some(sql) = value.get_attr("sql")?.as_str() {
                let in_transaction = value.get_attr("transaction")? != Value::from(false);
                all.push(Hook { is_before, in_transaction, sql: sql.to_owned() });
            }
        }
        _ => {}
    }
    Ok(())
}
