//! Writes `runbooks/`: the run-books, and lists of statements in run order for operators who run
//! them by hand.

use std::collections::BTreeMap;

use crate::artifacts::manifest::Manifest;
use crate::features::runbooks::Rendered;

/// The statement that takes the locks of all marts.
const LOCK: &str = "runbooks/lock.sql";
/// The kinds of monitors that check the laws after a sweep.
const LAWS: [&str; 4] = ["routed", "twice", "stale", "bounded"];

pub(crate) fn emit(rendered: Rendered, manifest: &Manifest, files: &mut BTreeMap<String, String>) {
    for (name, text) in rendered.books {
        files.insert(path(&name), text);
    }
    // A project that has only windowed loads has no cycles and no sweeps.
    if manifest.order.is_empty() {
        return;
    }
    let lock = rendered.lock.map(|text| {
        files.insert(LOCK.to_owned(), text);
        LOCK.to_owned()
    });
    let mut list = |name: &str, paths: &mut dyn Iterator<Item = &String>| {
        let lines: String = paths.flat_map(|path| [path.as_str(), "\n"]).collect();
        files.insert(format!("runbooks/{name}.txt"), lines);
    };
    let nodes = manifest.order.iter().map(|id| &manifest.nodes[id]);
    let cycle = nodes.flat_map(|node| node.load.iter().chain(&node.post_hooks)).map(|hook| &hook.path);
    // Raw tables are trimmed after the whole cycle.
    list("cycle", &mut lock.iter().chain(cycle).chain(manifest.raw_trims.iter().map(|trim| &trim.statement.path)));
    let sweep = manifest.sweep.iter().flat_map(|sweep| &sweep.post_hooks).map(|hook| &hook.path);
    list("sweep", &mut lock.iter().chain(sweep));
    let laws = manifest.monitors.iter().filter(|monitor| LAWS.contains(&monitor.kind));
    list("laws", &mut laws.map(|monitor| &monitor.find.path));
}

/// The path of a run-book, from the stem of its file.
pub(crate) fn path(stem: &str) -> String {
    format!("runbooks/{stem}.md")
}

/// The stem of the file of a run-book: its name, and the name of the list of periods that it is
/// about, if the list has a name.
pub(crate) fn stem(name: &str, list: Option<&str>) -> String {
    list.map_or_else(|| name.to_owned(), |list| format!("{name}-{list}"))
}
