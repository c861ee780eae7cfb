//! `runbooks/`: what somebody types, and in what order statements run, for those who run them by hand.

use std::collections::BTreeMap;

use crate::artifacts::manifest::Manifest;

/// What must hold after a sweep, by the monitors that ask for it.
const LAWS: [&str; 4] = ["routed", "twice", "stale", "bounded"];

pub(crate) fn emit(books: Vec<(&'static str, String)>, manifest: &Manifest, files: &mut BTreeMap<String, String>) {
    for (name, text) in books {
        files.insert(path(name), text);
    }
    // A project of loads has neither cycles nor sweeps.
    if manifest.order.is_empty() {
        return;
    }
    let mut list = |name: &str, paths: &mut dyn Iterator<Item = &String>| {
        let lines: String = paths.flat_map(|path| [path.as_str(), "\n"]).collect();
        files.insert(format!("runbooks/{name}.txt"), lines);
    };
    let nodes = manifest.order.iter().map(|id| &manifest.nodes[id]);
    let cycle = nodes.flat_map(|node| node.load.iter().chain(&node.post_hooks)).map(|hook| &hook.path);
    // RawTable tables are trimmed once all of it was completed.
    list("cycle", &mut cycle.chain(manifest.raw_trims.iter().map(|trim| &trim.statement.path)));
    list("sweep", &mut manifest.sweep.iter().flat_map(|sweep| &sweep.post_hooks).map(|hook| &hook.path));
    let laws = manifest.monitors.iter().filter(|monitor| LAWS.contains(&monitor.kind));
    list("laws", &mut laws.map(|monitor| &monitor.find.path));
}

/// Where a run-book is among the artifacts.
pub(crate) fn path(name: &str) -> String {
    format!("runbooks/{name}.md")
}
