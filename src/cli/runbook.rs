//! `rowkeep runbook`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::progress::while_working;
use crate::cli::{print, project};
use crate::diagnostic::did_you_mean;
use crate::error::Error;
use crate::features::runbooks::{RUNBOOKS, Runbook, runbook};
use crate::project::folder::Failure;
use crate::rotate::list_of;

/// Arguments of `rowkeep runbook`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The name of the run-book; without a name, those of the project are listed
    name: Option<String>,
    /// The list of `period_lists` that the run-book is about [default: that of `periods`]
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(name) = &arguments.name else { return list(arguments.project.as_deref()) };
    let names = RUNBOOKS.iter().map(|book| book.name);
    if !names.clone().any(|other| other == name) {
        let near = did_you_mean(name, names.clone());
        let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let all = names.collect::<Vec<_>>().join(", ");
        return Err(Error::Usage(format!("there is no run-book {name}; choose one of: {all}{help}")).into());
    }
    let inputs = project(arguments.project.as_deref())?.inputs;
    let wrong = |found| Failure::Input(found, Box::new(inputs.clone()));
    // The other run-books are about the whole project.
    let of_list = RUNBOOKS.iter().any(|book| book.name == name && book.is_of_list);
    let list = match of_list {
        true => {
            let spec = crate::resolve(&inputs).map_err(wrong)?;
            let id = list_of(&spec, arguments.list.as_deref()).map_err(|found| wrong((*found).into()))?;
            spec.list(id).name.clone()
        }
        false => {
            if let Some(name) = &arguments.list {
                let spec = crate::resolve(&inputs).map_err(wrong)?;
                list_of(&spec, Some(name)).map_err(|found| wrong((*found).into()))?;
            }
            None
        }
    };
    match while_working("compiling", || runbook(&inputs, name, list.as_deref())).map_err(wrong)? {
        Some(text) => Ok(print(&text)?),
        None => Err(Error::Usage(format!(
            "this project has no run-book {name}, because the project has nothing that it is about"
        ))
        .into()),
    }
}

/// Lists the run-books of the project, or all of them if there is no project here.
fn list(folder: Option<&Path>) -> Result<(), Failure> {
    let artifacts = match project(folder) {
        Ok(project) => Some(
            while_working("compiling", || crate::compile(&project.inputs))
                .map_err(|found| Failure::Input(found, Box::new(project.inputs.clone())))?
                .into_artifacts(),
        ),
        Err(Failure::World(Error::NoProject { .. })) => None,
        Err(failure) => return Err(failure),
    };
    let stem_of = |path: &str| Some(path.strip_prefix("runbooks/")?.strip_suffix(".md")?.to_owned());
    let of_project = artifacts
        .as_ref()
        .map(|artifacts| -> Vec<String> { artifacts.files().keys().filter_map(|path| stem_of(path)).collect() });
    // A run-book of a list of periods has the name of the list after its own.
    let is_of = |stem: &str, book: &Runbook| {
        stem == book.name || (book.is_of_list && stem.starts_with(&format!("{}-", book.name)))
    };
    let is_there = |book: &&Runbook| of_project.as_ref().is_none_or(|all| all.iter().any(|stem| is_of(stem, book)));
    let books: Vec<_> = RUNBOOKS.iter().filter(is_there).collect();
    let widest = books.iter().map(|book| book.name.len()).max().unwrap_or_default();
    let mut lines: String = books.iter().map(|book| format!("{:widest$}  {}\n", book.name, book.about)).collect();
    // The run-book of a list without a name has no suffix.
    let lists: BTreeSet<_> = books
        .iter()
        .filter(|book| book.is_of_list)
        .flat_map(|book| {
            let suffix = |stem: &String| Some(stem.strip_prefix(book.name)?.strip_prefix('-')?.to_owned());
            of_project.iter().flatten().filter_map(suffix).collect::<Vec<_>>()
        })
        .collect();
    if !lists.is_empty() {
        let of_list: Vec<_> = books.iter().filter(|book| book.is_of_list).map(|book| book.name).collect();
        let lists: Vec<_> = lists.iter().map(String::as_str).collect();
        lines.push_str(&format!(
            "\nfor another list of periods, add --list {} to {}\n",
            lists.join(" or --list "),
            of_list.join(", ")
        ));
    }
    Ok(print(&lines)?)
}
