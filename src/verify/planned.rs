//! A statement of a plan: what it must do, and what messages say about it.

use crate::cycle::plan::{Definition, DefinitionKind, Grant, Index, Scope, Slot, StatementKind, Step, Verb};
use crate::cycle::render::{self, Origin};
use crate::project::{PeriodId, Spec, TableId};
use crate::source::{Inputs, Span};
use crate::verify::meaning::Meaning;
use crate::verify::names::Names;
use crate::verify::{claim, place};

#[derive(Clone, Copy, Debug)]
pub(super) enum Planned<'p> {
    Step { table: TableId, scope: &'p Scope, step: &'p Step },
    Definition(&'p Definition),
    Index(&'p Index),
    Grant(&'p Grant),
}

/// The same step of several periods, and one of these periods.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family<'p> {
    pub(super) table: TableId,
    pub(super) period: PeriodId,
    /// The kind of the step, and its scope. `None` for the definition of a history table.
    kind: Option<(StatementKind, &'p Scope)>,
}

impl PartialEq for Family<'_> {
    fn eq(&self, other: &Self) -> bool {
        let is_same = match (self.kind, other.kind) {
            (Some((kind, scope)), Some((others, of_others))) => kind == others && std::ptr::eq(scope, of_others),
            (None, None) => true,
            _ => false,
        };
        is_same && self.table == other.table
    }
}

impl<'p> Planned<'p> {
    /// The family of a statement that exists once for each period.
    pub(super) fn family(self) -> Option<Family<'p>> {
        match self {
            Planned::Step { table, scope, step } => {
                Some(Family { table, period: step.period?, kind: Some((step.kind, scope)) })
            }
            Planned::Definition(Definition { creates: Slot::History(table, period), .. }) => {
                Some(Family { table: *table, period: *period, kind: None })
            }
            Planned::Definition(_) | Planned::Index(_) | Planned::Grant(_) => None,
        }
    }

    pub(super) fn verb(self) -> Verb {
        match self {
            Planned::Step { step, .. } => step.kind.verb(),
            Planned::Definition(definition) => definition.verb(),
            Planned::Index(index) => index.verb(),
            Planned::Grant(grant) => grant.verb(),
        }
    }

    /// The relation that the statement changes or creates.
    pub(super) fn writes(self) -> Slot {
        match self {
            Planned::Step { step, .. } => step.writes,
            Planned::Definition(definition) => definition.creates,
            Planned::Index(index) => index.on,
            Planned::Grant(grant) => grant.on,
        }
    }

    pub(super) fn reads(self) -> &'p [Slot] {
        match self {
            Planned::Step { step, .. } => &step.reads,
            Planned::Definition(definition) => &definition.reads,
            Planned::Index(_) | Planned::Grant(_) => &[],
        }
    }

    pub(super) fn template(self) -> &'static str {
        match self {
            Planned::Step { step, .. } => step.kind.template(),
            Planned::Definition(definition) => definition.template(),
            Planned::Index(index) => index.template(),
            Planned::Grant(grant) => grant.template(),
        }
    }

    /// The claim: what the statement must mean. `every` is the scope of definitions. `None` for a
    /// query, which can break no law.
    pub(super) fn claim<'a>(self, names: &'a Names<'_>, every: &'a Scope) -> Option<Meaning<'a>>
    where
        'p: 'a,
    {
        match self {
            Planned::Step { step, .. } if step.kind.verb() == Verb::Select => None,
            Planned::Step { table, scope, step } => Some(claim::of_step(names, table, scope, step)),
            Planned::Definition(definition) => Some(claim::of_definition(names, every, definition)),
            Planned::Index(index) => Some(claim::of_index(names, index)),
            Planned::Grant(grant) => Some(claim::of_grant(names, grant)),
        }
    }

    /// The name of the statement in messages.
    pub(super) fn name(self, spec: &Spec) -> String {
        match self {
            Planned::Step { table, step, .. } => {
                format!("{}/{}", spec.table(table).model.value.as_str(), step.stem(spec))
            }
            Planned::Definition(definition) => format!("the {} definition", definition.kind.as_str()),
            Planned::Index(_) => format!("the {} definition", DefinitionKind::Index.as_str()),
            Planned::Grant(_) => "the grant".to_owned(),
        }
    }

    /// Where the project describes the statement's table.
    pub(super) fn place(self, spec: &Spec) -> Span {
        match self {
            Planned::Step { table, .. } => spec.table(table).model.span,
            Planned::Definition(_) | Planned::Index(_) | Planned::Grant(_) => place(spec, self.writes()),
        }
    }

    /// The place in a template that wrote the byte `at` of the statement.
    pub(super) fn origin(self, spec: &Spec, inputs: &Inputs, at: usize) -> Option<Origin> {
        match self {
            Planned::Step { table, scope, step } => render::origin_of_step(spec, inputs, table, scope, step, at),
            Planned::Definition(definition) => render::origin_of_definition(spec, inputs, definition, at),
            Planned::Index(index) => render::origin_of_index(spec, inputs, index, at),
            Planned::Grant(grant) => render::origin_of_grant(spec, inputs, grant, at),
        }
    }
}
