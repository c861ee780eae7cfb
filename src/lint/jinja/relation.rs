//! The relations of dbt: tables and views.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Kwargs, Object};
use minijinja::{Error, State, Value};

use crate::lint::jinja::mark::unmarked;
use crate::lint::jinja::stubs::unknown;

/// A table or a view.
#[derive(Debug)]
struct Relation {
    /// Empty if it was not stated.
    schema: String,
    name: String,
}

pub(super) fn relation(schema: &str, name: &str) -> Value {
    Value::from_object(Relation { schema: schema.to_owned(), name: name.to_owned() })
}

/// The relation of `api.Relation.create(database, schema, identifier)` and of
/// `adapter.get_relation`, which have the same arguments.
pub(super) fn of_arguments(args: &[Value]) -> Option<Value> {
    let named = args.last().and_then(|last| Kwargs::try_from(last.clone()).ok());
    let argument = |at: usize, name: &str| {
        let by_name = named.as_ref().and_then(|named| named.get::<Option<Value>>(name).ok().flatten());
        let by_place = args.get(at).filter(|value| !value.is_kwargs() && !value.is_none());
        by_name.or_else(|| by_place.cloned()).map(|value| unmarked(&value.to_string()))
    };
    Some(relation(&argument(1, "schema").unwrap_or_default(), &argument(2, "identifier")?))
}

impl Object for Relation {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "schema" | "dataset" => Value::from(self.schema.as_str()),
            "identifier" | "name" | "table" | "alias" => Value::from(self.name.as_str()),
            other => unknown(other),
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        // `this.incorporate(path={'schema': 'archive'})`.
        let named = args.last().and_then(|last| Kwargs::try_from(last.clone()).ok());
        let path = named.filter(|_| method == "incorporate").and_then(|named| named.get::<Value>("path").ok());
        let part = |name: &str, own: &str| {
            let stated = path.as_ref().and_then(|path| path.get_attr(name).ok());
            let stated = stated.filter(|value| !value.is_undefined() && !value.is_none());
            stated.map_or_else(|| own.to_owned(), |value| unmarked(&value.to_string()))
        };
        Ok(relation(&part("schema", &self.schema), &part("identifier", &self.name)))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema.as_str() {
            "" => f.write_str(&self.name),
            schema => write!(f, "{schema}.{}", self.name),
        }
    }
}
