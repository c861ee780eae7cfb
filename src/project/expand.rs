//! A table spec for several models: one spec for each of them.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::files::TableFile;
use crate::project::resolve::list::list;
use crate::project::shape::{Either, Field};
use crate::source::Spanned;

/// The place of the name of the model in other values of the spec.
const MODEL: &str = "{model}";

/// One spec for each model of a spec. `{model}` in its values is the name of the model.
pub(super) fn expand(file: &Spanned<TableFile>, sink: &mut Sink) -> Vec<Field<TableFile>> {
    let Some(stated) = file.value.model.get() else { return vec![Field::Set(file.clone())] };
    let names = list(&stated.value, stated.span);
    if names.is_empty() {
        let diagnostic = Diagnostic::new(Code::Name, "the spec has no model", stated.span, "empty");
        sink.push(diagnostic.help("name a model, or remove the spec"));
        return vec![Field::Invalid];
    }
    if names.len() > 1 {
        shared(&file.value, sink);
    }
    names.into_iter().map(|name| Field::Set(Spanned { value: of_model(&file.value, name), span: file.span })).collect()
}

/// Reports values that several models cannot share.
fn shared(file: &TableFile, sink: &mut Sink) {
    let history = file.history.get().and_then(|history| match &history.value {
        Either::Scalar(name) => Some(Spanned { value: name.clone(), span: history.span }),
        Either::Map(one) => one.table.get().cloned(),
        Either::List(never) => match *never {},
    });
    let each = [
        ("history", history),
        ("exception", file.exception.get().cloned()),
        ("relation", file.relation.get().cloned()),
    ];
    for (key, value) in each {
        let Some(value) = value.filter(|value| !value.value.contains(MODEL)) else { continue };
        let message =
            format!("`{key}` is {} for each model of the spec: the models would share it", quoted(&value.value));
        let help = format!("write `{MODEL}` where the name of the model stands, as in `{}_{MODEL}`", value.value);
        sink.push(Diagnostic::new(Code::NameClash, message, value.span, "the same for each model").help(help));
    }
}

fn of_model(file: &TableFile, model: Spanned<String>) -> TableFile {
    let mut file = file.clone();
    let name = |value: &mut String| *value = value.replace(MODEL, &model.value);
    if let Field::Set(history) = &mut file.history {
        match &mut history.value {
            Either::Scalar(value) => name(value),
            Either::Map(one) => one.table.set().into_iter().for_each(name),
            Either::List(never) => match *never {},
        }
    }
    for field in [&mut file.exception, &mut file.relation, &mut file.source] {
        field.set().into_iter().for_each(name);
    }
    let span = model.span;
    file.model = Field::Set(Spanned { value: Either::Scalar(model.value), span });
    file
}
