//! Compares the committed artifacts with what compiles now.

use serde_json::Value;

use crate::artifacts::{Artifacts, MANIFEST};
use crate::check::Committed;
use crate::diagnostic::{Code, Diagnostic, Sink, TextPlace, some};
use crate::project::Spec;
use crate::source::{Span, line_range};

/// The number of differing files that are shown one by one.
const SHOWN: usize = 3;

pub(super) fn report(spec: &Spec, artifacts: &Artifacts, committed: &Committed, sink: &mut Sink) {
    // An artifact has no line in the project. The key that names the folder may have one.
    let anchor = spec.out.as_ref().map_or(spec.places.periods, |out| out.span);
    if committed.files.is_empty() {
        let message = format!("{} is the folder for artifacts, but has none", committed.folder);
        let diagnostic = Diagnostic::new(Code::MissingFile, message, anchor, "no artifacts there");
        sink.push(diagnostic.help("run `rowkeep compile`, and commit the result"));
        return;
    }
    let mut differing: Vec<(String, Diagnostic)> = Vec::new();
    for (path, text) in artifacts.files() {
        let shown = format!("{}/{path}", committed.folder);
        match committed.files.get(path) {
            None => {
                let message = format!("{shown} is missing: a deployment of the committed files would lack it");
                let place = TextPlace::new(shown.clone(), text.as_str(), line_range(text, 1));
                let diagnostic = Diagnostic::in_text(Code::MissingFile, message, place, "its first line");
                sink.push(diagnostic.anchored(anchor).help("run `rowkeep compile`, and commit the result"));
            }
            Some(found) if found == text || (path == MANIFEST && same_manifest(found, text)) => {}
            Some(found) => differing.push((shown.clone(), changed(&shown, found, text).anchored(anchor))),
        }
    }
    // One edit of a spec changes many files. The first ones show what it does.
    let rest = differing.split_off(if differing.len() > SHOWN + 1 { SHOWN } else { differing.len() });
    differing.into_iter().for_each(|(_, diagnostic)| sink.push(diagnostic));
    let names: Vec<_> = rest.into_iter().map(|(shown, _)| shown).collect();
    if !names.is_empty() {
        let message = format!("{} more files differ from what compiles now: {}", names.len(), some(&names));
        let diagnostic = Diagnostic::new(Code::Drift, message, anchor, "the project that compiles now");
        sink.push(diagnostic.help("run `rowkeep compile`, and commit the result"));
    }
    for (path, text) in committed.files.iter().filter(|(path, _)| artifacts.get(path).is_none()) {
        let shown = format!("{}/{path}", committed.folder);
        let message = format!("{shown} is not an artifact of the project: a job that runs the folder would run it too");
        sink.push(orphan(message, &shown, text, anchor));
    }
}

fn orphan(message: String, shown: &str, text: &str, anchor: Span) -> Diagnostic {
    let place = TextPlace::new(shown, text, line_range(text, 1));
    Diagnostic::in_text(Code::Orphan, message, place, "not part of the project")
        .anchored(anchor)
        .help("run `rowkeep compile`, which removes the files of an earlier compilation; remove other files by hand")
}

/// A file with a line that differs from what compiles now.
fn changed(shown: &str, found: &str, text: &str) -> Diagnostic {
    let mut pairs = found.split('\n').zip(text.split('\n'));
    let differs = pairs.position(|(found, text)| found != text && !(shown.ends_with(MANIFEST) && is_provenance(found)));
    let line = differs.map_or_else(|| found.split('\n').count().min(text.split('\n').count()), |at| at + 1);
    let message = format!("{shown} differs from what compiles now, from line {line} on");
    let place = TextPlace::new(shown, found, line_range(found, line));
    let diagnostic = Diagnostic::in_text(Code::Drift, message, place, "committed");
    if found.replace("\r\n", "\n") == *text {
        return diagnostic.help("its lines end with CRLF: add `* text eol=lf` to .gitattributes, and compile again");
    }
    let now = text.split('\n').nth(line - 1).unwrap_or_default();
    let now = if now.is_empty() { "nothing".to_owned() } else { format!("`{}`", now.trim()) };
    diagnostic
        .help(format!("the line that compiles now is {now}"))
        .help("change the project, not the artifact; run `rowkeep compile`, and commit the result")
}

/// Whether a line of a manifest is metadata that the comparison ignores.
fn is_provenance(line: &str) -> bool {
    line.starts_with("    \"checksum\"") || line.starts_with("    \"rowkeep_version\"")
}

/// Whether two manifests describe the same statements. Ignores the version of Rowkeep and the
/// checksum of the inputs.
fn same_manifest(found: &str, text: &str) -> bool {
    let read = |text: &str| -> Option<Value> {
        let mut manifest: Value = serde_json::from_str(text).ok()?;
        let metadata = manifest.get_mut("metadata")?.as_object_mut()?;
        metadata.remove("rowkeep_version");
        metadata.remove("checksum");
        Some(manifest)
    };
    match (read(found), read(text)) {
        (Some(found), Some(text)) => found == text,
        _ => false,
    }
}
