//! Renders operations. Several features share this code.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::cycle::plan::Slot;
use crate::cycle::render::context::{given, place, text};
use crate::cycle::render::{Failures, Owner, Renderer, Statement, context};
use crate::features::operation::Operation;
use crate::project::naming::HOLD;
use crate::project::{ExceptionsId, Spec, TableId};

/// Renders operations. A project cannot replace their templates.
pub(crate) struct Writer<'a> {
    pub(crate) spec: &'a Spec,
    renderer: Renderer<'a>,
    /// The render errors since the last [`Writer::take_failures`].
    failures: Failures,
    /// The shared context of the last table.
    shared: Option<(TableId, Value)>,
}

pub(crate) fn texts(all: impl IntoIterator<Item = String>) -> Vec<Value> {
    all.into_iter().map(|one| text(&one)).collect()
}

impl<'a> Writer<'a> {
    pub(crate) fn new(spec: &'a Spec) -> Self {
        Self { spec, renderer: Renderer::new(spec, BTreeMap::new()), failures: Failures::default(), shared: None }
    }

    pub(crate) fn take_failures(&mut self) -> Failures {
        std::mem::take(&mut self.failures)
    }

    pub(crate) fn table(&mut self, id: TableId) -> Value {
        match &self.shared {
            Some((last, shared)) if *last == id => shared.clone(),
            _ => {
                let shared = context::every_period(self.spec, id);
                self.shared = Some((id, shared.clone()));
                shared
            }
        }
    }

    pub(crate) fn marked(&mut self, operation: &Operation, template: &'static str, context: Value) -> String {
        let rendered = self.renderer.render(template, &|| operation.name.clone(), context);
        self.failures.keep_text(template, rendered)
    }

    pub(crate) fn named<'p>(
        &mut self,
        owner: Owner,
        operation: &'p Operation,
        marked: &str,
    ) -> Statement<'p, Operation> {
        let comment = format!("-- {}: {}\n", operation.name, operation.reason);
        let named = self.renderer.name(owner, operation.template, &|| operation.name.clone(), &comment, marked);
        self.failures.keep(operation, operation.template, named)
    }

    pub(crate) fn statement<'p>(
        &mut self,
        owner: Owner,
        operation: &'p Operation,
        context: Value,
    ) -> Statement<'p, Operation> {
        let marked = self.marked(operation, operation.template, context);
        self.named(owner, operation, &marked)
    }

    pub(crate) fn exceptions(&self, id: ExceptionsId) -> Value {
        let tables = self.spec.tables.iter().filter(|table| table.exceptions == id);
        let holds = tables.map(|table| format!("{}{HOLD}", table.exception_type));
        context! {
            table => place(Slot::Exceptions(id)),
            target => place(Slot::Exceptions(id)),
            of_period => false,
            own_holds => false,
            holds => texts(holds),
            given => given(),
            ..context::exceptions(self.spec, id)
        }
    }
}
