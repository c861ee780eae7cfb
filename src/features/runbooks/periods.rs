//! The periods of a list, for the run-books that add, seal and remove periods.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::cycle::plan::{Definition, DefinitionKind, Slot, grant_of, indexes_of_history};
use crate::cycle::render::Renderer;
use crate::cycle::render::context::{no_period, of_period, text};
use crate::cycle::render::value::Sql;
use crate::features::runbooks::render::{Writer, word};
use crate::project::{Day, Period, PeriodId, PeriodListId, example};

impl Writer<'_, '_> {
    /// The template context of a list of periods. `next` is none if no period can follow, and `last`
    /// and `first` are none if the list has one period.
    pub(super) fn list(&mut self, id: PeriodListId) -> Value {
        let spec = self.spec;
        let list = spec.list(id);
        let listed = spec.listed(list);
        let next = example(listed, spec.fiscal_year).map(|period| self.next(id, &period));
        let several = listed.len() > 1;
        let last = list.last().filter(|_| several).map(|last| self.last(id, last));
        let first = several.then(|| self.first(id, PeriodId(list.ids.start)));
        let start = listed.first().map(Period::start).unwrap_or_default();
        let year: i32 = start.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
        let periods =
            listed.iter().map(|period| context! { name => word(&period.name), start => word(period.start()) });
        let is_free = |name: &&str| !listed.iter().any(|period| period.name == **name);
        let named = |words: &dyn Fn(&str) -> String| word(list.name.as_deref().map_or_else(String::new, words));
        context! {
            list => list.name.as_ref().map(word),
            of_list => named(&|name| format!(" --list {name}")),
            in_list => named(&|name| format!(" of the list `{name}`")),
            next => next,
            last => last,
            first => first,
            periods => periods.collect::<Vec<_>>(),
            legacy => word(["legacy", "older", "oldest", "before"].into_iter().find(is_free).unwrap_or_default()),
            legacy_start => word(format!("{:04}-01-01", (year - 6).max(1))),
            first_start => word(&start),
            retired => list.retired_before.is_some(),
            seal => word(listed.get(1).or(listed.first()).map(Period::start).unwrap_or_default()),
        }
    }

    /// The template context of the next period, with the history table of each table.
    fn next(&mut self, list: PeriodListId, period: &Period) -> Value {
        let (later, number) = self.spec.with_next(list, period.clone());
        let mut renderer = Renderer::new(&later, BTreeMap::new());
        let (mut tables, mut ddl) = (Vec::new(), Vec::new());
        for (id, table) in later.tables().filter(|(_, table)| table.periods == Some(list)) {
            let history = Slot::History(id, number);
            let definition =
                Definition { kind: DefinitionKind::History, creates: history, reads: Vec::new(), period: Some(number) };
            let shared = no_period(&later, id);
            let rendered = renderer.definition(&shared, &definition);
            ddl.push(Value::from(Sql::Query(self.failures.keep(&(), definition.template(), rendered).sql)));
            for index in indexes_of_history(table, id, number) {
                let rendered = renderer.index(&index);
                ddl.push(Value::from(Sql::Query(self.failures.keep(&(), index.template(), rendered).sql)));
            }
            if let Some(grant) = grant_of(&later, history) {
                let rendered = renderer.grant(&grant);
                ddl.push(Value::from(Sql::Query(self.failures.keep(&(), grant.template(), rendered).sql)));
            }
            let from = Day::of_epoch(later.retention_length(id).after(period.start_epoch()));
            tables.push(context! {
                model => word(table.model.value.as_str()),
                history => word(history.relation(&later).sql(later.dialect)),
                from => word(from.map_or_else(|| "the year 9999".to_owned(), |day| day.to_string())),
            });
        }
        context! {
            name => word(&period.name),
            // A name that gives its bounds needs no end.
            gives_bounds => later.bounds_of(&period.name) == Some((period.start, period.end)),
            start => word(period.start()),
            end => word(period.end()),
            tables => tables,
            ungranted => later.tables.iter().any(|table| table.readers.is_empty()),
            ddl => ddl,
        }
    }

    /// The template context of the last period, with the statements that move its rows back to the
    /// marts.
    fn last(&mut self, list: PeriodListId, number: PeriodId) -> Value {
        let spec = self.spec;
        let (mut home, mut rest, mut drop) = (Vec::new(), Vec::new(), Vec::new());
        for (id, table) in spec.tables().filter(|(_, table)| table.periods == Some(list)) {
            let of_period = of_period(spec, id, number, &no_period(spec, id));
            let context = context! { model => text(table.model.value.as_str()), ..of_period };
            if table.is_versioned() {
                home.push(self.statement("runbooks/sql/home_older.sql.j2", context.clone()));
            }
            home.push(self.statement("runbooks/sql/home.sql.j2", context.clone()));
            home.push(self.statement("runbooks/sql/home_cleanup.sql.j2", context.clone()));
            rest.push(self.statement("runbooks/sql/home_rest.sql.j2", context.clone()));
            drop.push(self.statement("runbooks/sql/drop.sql.j2", context));
        }
        let period = spec.period(number);
        context! {
            name => word(&period.name),
            start => word(period.start()),
            end => word(period.end()),
            home => home,
            rest => rest,
            drop => drop,
        }
    }

    /// The template context of the first period, with the statements that count its rows, and that
    /// drop its tables.
    fn first(&mut self, list: PeriodListId, number: PeriodId) -> Value {
        let spec = self.spec;
        let (mut rest, mut held, mut drop, mut tables) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, table) in spec.tables().filter(|(_, table)| table.periods == Some(list)) {
            let of_period = of_period(spec, id, number, &no_period(spec, id));
            let context = context! { model => text(table.model.value.as_str()), ..of_period };
            rest.push(self.statement("runbooks/sql/home_rest.sql.j2", context.clone()));
            held.push(self.statement("runbooks/sql/held_in_period.sql.j2", context.clone()));
            drop.push(self.statement("runbooks/sql/drop.sql.j2", context));
            let history = spec.history(id, number);
            tables.push(context! { history => word(history.sql(spec.dialect)), file => word(history.name().as_str()) });
        }
        let period = spec.period(number);
        context! {
            name => word(&period.name),
            start => word(period.start()),
            end => word(period.end()),
            rest => rest,
            held => held,
            drop => drop,
            tables => tables,
        }
    }
}
