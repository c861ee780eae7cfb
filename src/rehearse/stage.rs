//! What a story runs and creates, for each list of periods.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::cycle::plan::{Index, Plan, Slot, Step, Verb};
use crate::cycle::render;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::features::{self, Operations};
use crate::project::naming::UNIQUE_KEY_INDEX;
use crate::project::{Exceptions, PeriodId, Spec};
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::{Facts, Periods};
use crate::rehearse::program::{Program, Project, Routine, Statement};
use crate::sql::relocate::relocate;
use crate::verify::{self, external};

/// A program, and the relations that must exist before it can run.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) program: Program,
    pub(super) definitions: Vec<String>,
    /// By table: its history tables, each with the index of its period in the calendar.
    pub(super) histories: Vec<Vec<(usize, String)>>,
    /// The folded parts of all relations that a statement may name.
    relations: BTreeSet<Vec<String>>,
}

/// A spec with the plans of what a story runs.
struct Planned {
    spec: Spec,
    cycle: Plan,
    operations: Operations,
}

/// The texts of what a story runs.
struct Texts<'p> {
    cycle: render::Rendered<'p>,
    operations: features::Rendered<'p>,
}

impl Planned {
    fn new(spec: Spec) -> Self {
        let cycle = crate::plan(&spec);
        let operations = features::plan(&spec, &cycle).of_rehearsals();
        Self { spec, cycle, operations }
    }
}

impl Project {
    /// The statements of the project with these periods.
    pub(super) fn stage(&self, periods: Periods) -> Result<Stage, Error> {
        let planned = Planned::new(self.with_periods(&self.spec, periods));
        let spec = &planned.spec;
        let texts = self.texts(&planned)?;
        let loads = match self.spec.tables.iter().all(|table| table.load.is_some()) {
            true => texts.cycle.tables.iter().map(|table| changing(spec, &table.load)).collect(),
            false => self.emulated_loads(periods)?,
        };
        let histories = spec.tables().map(|(table, _)| {
            // The period of all times comes after the calendar.
            let number = |period: PeriodId| match period {
                PeriodId::WHOLE => self.calendar.len(),
                PeriodId(listed) => periods.first + listed,
            };
            let each = spec.periods_of(table);
            each.map(|period| (number(period), spec.history(table, period).sql(spec.dialect))).collect()
        });
        let histories = histories.collect();
        let definitions = self.definitions(spec, &texts.cycle);
        let relations = self.relations(spec);
        Ok(Stage { program: self.statements(spec, texts, loads), definitions, histories, relations })
    }

    /// Renders and verifies what a story runs. No artifact is built: their texts would take most of
    /// the time.
    fn texts<'p>(&self, planned: &'p Planned) -> Result<Texts<'p>, Error> {
        let Planned { spec, cycle, operations } = planned;
        let rendered = || {
            let cycle = verify::verify(spec, render::render(spec, cycle, &self.inputs)?, &self.inputs)?;
            let operations = features::verify(spec, features::render_operations(spec, operations)?)?;
            Ok(Texts { cycle: cycle.into_statements(), operations })
        };
        rendered().map_err(|wrong| self.usage_error(&wrong))
    }

    /// By table: the load, also of a mart that another tool loads.
    fn emulated_loads(&self, periods: Periods) -> Result<Vec<Vec<Statement>>, Error> {
        let planned = Planned::new(self.with_periods(&self.spec_with_loads, periods));
        let texts = self.texts(&planned)?;
        Ok(texts.cycle.tables.iter().map(|table| changing(&planned.spec, &table.load)).collect())
    }

    /// The statements that create the relations of the project.
    fn definitions(&self, spec: &Spec, cycle: &render::Rendered<'_>) -> Vec<String> {
        // A unique index would stop a handwritten statement that stores a row twice, and no law
        // could name the break. A mart that is updated in place needs its key: ON CONFLICT fails
        // without it. Grants are left out: the readers are roles of another server.
        let is_created = |index: &Index| {
            self.handwritten.is_none() || index.relation(spec).name().as_str().ends_with(UNIQUE_KEY_INDEX)
        };
        let tables = cycle.definitions.iter().map(|definition| &definition.sql);
        let indexes = cycle.indexes.iter().filter(|index| is_created(index.step)).map(|index| &index.sql);
        tables.chain(indexes).cloned().collect()
    }

    /// The folded parts of all relations that a statement may name, with the periods of a spec.
    pub(super) fn relations(&self, spec: &Spec) -> BTreeSet<Vec<String>> {
        let erased = |exceptions: &Exceptions| exceptions.erased.as_ref().map(|erased| erased.relation.clone());
        let exceptions =
            spec.exceptions.iter().flat_map(|one| std::iter::once(one.relation.clone()).chain(erased(one)));
        let tables = spec.tables().flat_map(|(id, table)| {
            let raw = self.spec_with_loads.table(id).raw.clone();
            let work = [spec.cutoff(id), spec.stale(id), spec.due(id), spec.cycles(id)];
            let purged = table.is_purged().then(|| spec.purged(id));
            let views = Slot::views(spec, id).map(|view| view.relation(spec));
            let histories: Vec<_> = spec.periods_of(id).map(|period| spec.history(id, period)).collect();
            let own = std::iter::once(table.relation.clone()).chain(purged).chain(views);
            own.chain(raw).chain(work).chain(histories)
        });
        tables.chain(exceptions).map(|relation| relation.folded(spec.dialect)).collect()
    }

    fn statements(&self, spec: &Spec, texts: Texts<'_>, loads: Vec<Vec<Statement>>) -> Program {
        let tables = texts.cycle.tables.iter().zip(loads).map(|(table, load)| {
            let model = spec.table(table.plan.table).model.value.as_str();
            match self.handwritten.as_ref().and_then(|hooks| hooks.get(model)) {
                None => Routine {
                    model: model.to_owned(),
                    load,
                    hooks: changing(spec, &table.hooks),
                    sweep: changing(spec, &table.sweep),
                },
                Some(routine) => {
                    let mut routine = routine.clone();
                    if routine.load.is_empty() {
                        routine.load = load;
                    }
                    routine
                }
            }
        });
        let tables = tables.collect();
        // Raw trims wait for the completion times that emitted hooks record. Handwritten hooks do
        // not record them.
        let is_emitted = self.handwritten.is_none();
        let trims = texts.operations.raw_trims.into_iter().filter(|_| is_emitted);
        let raw_trims = trims.map(|(plan, trim)| {
            let reader = spec.raw_tables[plan.raw_table].read_by[0];
            Statement { name: spec.table(reader).model.value.as_str().to_owned(), sql: trim.sql }
        });
        let mut erasures = texts.operations.repairs.into_iter().map(|(_, statements)| {
            let each = statements.into_iter();
            each.map(|one| Statement { name: one.step.name.clone(), sql: one.sql }).collect::<Vec<_>>()
        });
        let has_list = |exceptions: &Exceptions| exceptions.erased.is_some() && is_emitted;
        let lists = spec.exceptions.iter();
        let erasures = lists.map(|one| if has_list(one) { erasures.next().unwrap_or_default() } else { Vec::new() });
        let erasures = erasures.collect();
        Program { tables, raw_trims: raw_trims.collect(), erasures }
    }
}

/// The statements that change rows. The tripwire changes none, and it would stop most cycles,
/// because most of the few rows of a story are due.
fn changing(spec: &Spec, statements: &[render::Statement<'_, Step>]) -> Vec<Statement> {
    let changing = statements.iter().filter(|statement| statement.step.kind.verb() != Verb::Select);
    changing.map(|one| Statement { name: one.step.stem(spec), sql: one.sql.clone() }).collect()
}

impl Stage {
    /// Moves all relations in statements and definitions to the schemas of the engine.
    fn relocate(&mut self, dialect: Dialect, places: &BTreeMap<Vec<String>, String>) -> Result<(), Error> {
        let relations = &self.relations;
        let relocated = |text: &str| {
            relocate_text(text, dialect, relations, places)
                .ok_or_else(|| Error::Usage(format!("could not read a statement as SQL:\n{text}")))
        };
        let tables = self.program.tables.iter_mut();
        let statements = tables.flat_map(|table| table.load.iter_mut().chain(&mut table.hooks).chain(&mut table.sweep));
        let erasures = self.program.erasures.iter_mut().flatten();
        for statement in statements.chain(&mut self.program.raw_trims).chain(erasures) {
            statement.sql = relocated(&statement.sql)?;
            if !places.is_empty() {
                // Check the statement again in the form that runs: it must name scratch schemas
                // only.
                let scratch = relations.iter().filter_map(|parts| {
                    let (name, schema) = parts.split_last()?;
                    Some(vec![places.get(schema)?.clone(), name.clone()])
                });
                external::changes_rows_of(&statement.sql, &scratch.collect(), dialect)
                    .map_err(|why| Error::Usage(format!("{}.sql {why}", statement.name)))?;
            }
        }
        for text in self.definitions.iter_mut().chain(self.histories.iter_mut().flatten().map(|(_, relation)| relation))
        {
            *text = relocated(text)?;
        }
        Ok(())
    }
}

/// A SQL text with the relations of the project moved to the schemas of the engine.
pub(super) fn relocate_text(
    text: &str,
    dialect: Dialect,
    relations: &BTreeSet<Vec<String>>,
    places: &BTreeMap<Vec<String>, String>,
) -> Option<String> {
    if places.is_empty() {
        return Some(text.to_owned());
    }
    relocate(text, dialect, &|parts| {
        let (_, schema) = parts.split_last()?;
        relations.contains(parts).then(|| places.get(schema).cloned()).flatten()
    })
}

/// Compiled stages, by their periods.
pub(super) struct Stages<'a> {
    project: &'a Project,
    /// The schema of the engine for each schema of the project, if the names differ.
    places: BTreeMap<Vec<String>, String>,
    alter: &'a dyn Fn(&mut Program),
    compiled: BTreeMap<Periods, Rc<Stage>>,
}

impl<'a> Stages<'a> {
    pub(super) fn new(project: &'a Project, alter: &'a dyn Fn(&mut Program)) -> Self {
        Self { project, places: BTreeMap::new(), alter, compiled: BTreeMap::new() }
    }

    /// Empties the engine, and reads its names of the schemas.
    pub(super) fn begin(&mut self, engine: &mut dyn Engine) -> Result<(), Error> {
        let schemas = self.project.schemas();
        engine.reset(&schemas)?;
        let places = schemas.into_iter().filter_map(|schema| Some((schema.clone(), engine.place(&schema)?))).collect();
        if places != self.places {
            self.places = places;
            self.compiled.clear();
        }
        Ok(())
    }

    /// The facts of the project, with relations moved to the schemas of the engine.
    pub(super) fn facts(&self) -> Facts {
        self.project.relocated_facts(&self.places)
    }

    /// The stage for these periods, with relations moved to the schemas of the engine.
    pub(super) fn of(&mut self, periods: Periods) -> Result<Rc<Stage>, Error> {
        if let Some(stage) = self.compiled.get(&periods) {
            return Ok(Rc::clone(stage));
        }
        let mut stage = self.project.stage(periods)?;
        (self.alter)(&mut stage.program);
        stage.relocate(self.project.spec.dialect, &self.places)?;
        let stage = Rc::new(stage);
        self.compiled.insert(periods, Rc::clone(&stage));
        Ok(stage)
    }
}
