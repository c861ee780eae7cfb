//! The output formats of findings for programs: JSON, workflow commands of GitHub, and SARIF.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::diagnostic::render::Resolved;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Level, Place, Style};
use crate::source::{Inputs, line_of};

/// The output format of findings. It changes neither the findings nor their levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Text with source lines, like the diagnostics of rustc.
    Human(Style),
    /// One JSON object with a list of findings.
    Json,
    /// Workflow commands, which GitHub shows as annotations.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

impl Format {
    /// Writes the reason why a command could not look for findings. `None` for text.
    #[cfg(feature = "cli")]
    pub(crate) fn failure(self, reason: &str) -> Option<String> {
        let sarif = || {
            let mut log = Diagnostics::default().sarif(&Inputs::none());
            log["runs"][0]["invocations"] = json!([{
                "executionSuccessful": false,
                "toolExecutionNotifications": [{ "level": "error", "message": { "text": reason } }],
            }]);
            log
        };
        match self {
            Format::Human(_) => None,
            Format::Json => Some(format!("{:#}\n", json!({ "error": reason, "findings": [] }))),
            Format::Github => Some(format!("::error::{}\n", data(reason))),
            Format::Sarif => Some(format!("{:#}\n", sarif())),
        }
    }
}

impl Diagnostics {
    /// Writes the findings in a format. `inputs` must be the inputs that caused them.
    ///
    /// ```
    /// use rowkeep::Inputs;
    /// use rowkeep::diagnostic::Format;
    ///
    /// let inputs = Inputs::new("rowkeep.yml", "");
    /// let wrong = rowkeep::compile(&inputs).unwrap_err();
    /// let json: serde_json::Value = serde_json::from_str(&wrong.in_format(&inputs, Format::Json)).unwrap();
    /// assert_eq!(json["findings"][0]["code"], "RK105");
    /// assert_eq!(json["findings"][0]["file"], "rowkeep.yml");
    /// ```
    pub fn in_format(&self, inputs: &Inputs, format: Format) -> String {
        match format {
            Format::Human(style) => self.render_each(inputs, style),
            Format::Json => format!("{:#}\n", json!({ "findings": self.to_json(inputs) })),
            Format::Github => self.places(inputs).iter().map(Found::github).collect(),
            Format::Sarif => format!("{:#}\n", self.sarif(inputs)),
        }
    }

    /// The findings as a JSON list.
    pub(crate) fn to_json(&self, inputs: &Inputs) -> Vec<Value> {
        self.places(inputs).iter().map(Found::json).collect()
    }

    /// Each finding with its place and a fingerprint. The fingerprint does not depend on line
    /// numbers.
    fn places<'d>(&'d self, inputs: &'d Inputs) -> Vec<Found<'d>> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let with_place = |diagnostic: &'d Diagnostic| {
            let anchor = diagnostic.anchor.map(Place::Input);
            let Resolved { name: file, text, range } =
                anchor.as_ref().unwrap_or(&diagnostic.labels[0].place).resolve(inputs);
            let column = |at: usize| 1 + text[..at].chars().rev().take_while(|c| *c != '\n').count();
            let name = format!("{}\0{file}\0{}", diagnostic.code, diagnostic.message);
            let nth = seen.entry(name.clone()).or_insert(0);
            *nth += 1;
            let hash = Sha256::digest(format!("{name}\0{nth}"));
            Found {
                diagnostic,
                inputs,
                file: file.replace('\\', "/"),
                start: (line_of(text, range.start), column(range.start)),
                end: (line_of(text, range.end), column(range.end)),
                fingerprint: hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect(),
            }
        };
        self.iter().map(with_place).collect()
    }

    /// SARIF 2.1.0: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>
    fn sarif(&self, inputs: &Inputs) -> Value {
        let mut codes: Vec<Code> = self.iter().map(Diagnostic::code).collect();
        codes.sort();
        codes.dedup();
        let rule = |code: &Code| {
            let page = code.page();
            json!({
                "id": code.as_str(),
                "shortDescription": { "text": code.summary() },
                "fullDescription": { "text": page },
            })
        };
        let result = |found: &Found<'_>| {
            json!({
                "ruleId": found.diagnostic.code.as_str(),
                "ruleIndex": codes.binary_search(&found.diagnostic.code).unwrap_or_default(),
                "level": found.diagnostic.level.as_str(),
                "message": { "text": found.text() },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&found.file) },
                        "region": {
                            "startLine": found.start.0,
                            "startColumn": found.start.1,
                            "endLine": found.end.0,
                            "endColumn": found.end.1,
                        },
                    },
                }],
                "partialFingerprints": { "rowkeep/v1": found.fingerprint },
            })
        };
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {
                    "driver": {
                        "name": "rowkeep",
                        "semanticVersion": env!("CARGO_PKG_VERSION"),
                        "rules": codes.iter().map(rule).collect::<Vec<_>>(),
                    },
                },
                "columnKind": "unicodeCodePoints",
                "results": self.places(inputs).iter().map(result).collect::<Vec<_>>(),
            }],
        })
    }
}

/// A finding with its place.
struct Found<'d> {
    diagnostic: &'d Diagnostic,
    inputs: &'d Inputs,
    file: String,
    /// Line and column, from 1. The column of the end is the first one after the finding.
    start: (usize, usize),
    end: (usize, usize),
    fingerprint: String,
}

impl Found<'_> {
    /// The message, then a line for each help.
    fn text(&self) -> String {
        let help = self.diagnostic.help.iter().map(|help| format!("\nhelp: {help}"));
        std::iter::once(self.diagnostic.message.clone()).chain(help).collect()
    }

    fn json(&self) -> Value {
        let label = |label: &crate::diagnostic::Label| {
            let Resolved { name: file, text, range } = label.place.resolve(self.inputs);
            json!({ "file": file, "line": line_of(text, range.start), "text": label.text })
        };
        json!({
            "code": self.diagnostic.code.as_str(),
            "rule": self.diagnostic.code.rule(),
            "level": self.diagnostic.level.as_str(),
            "message": self.diagnostic.message,
            "file": self.file,
            "line": self.start.0,
            "column": self.start.1,
            "end_line": self.end.0,
            "end_column": self.end.1,
            "labels": self.diagnostic.labels.iter().map(label).collect::<Vec<_>>(),
            "help": self.diagnostic.help,
            "fingerprint": self.fingerprint,
        })
    }

    /// A workflow command:
    /// <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>
    fn github(&self) -> String {
        let command = match self.diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        // GitHub accepts columns only if the finding is within one line.
        let columns = match self.start.0 == self.end.0 {
            true => format!(",col={},endColumn={}", self.start.1, self.end.1),
            false => String::new(),
        };
        format!(
            "::{command} file={},line={},endLine={}{columns},title={}::{}\n",
            property(&self.file),
            self.start.0,
            self.end.0,
            self.diagnostic.code,
            data(&self.text()),
        )
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A path as a relative URI reference. Escapes the bytes that RFC 3986 does not allow in a path.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_end_a_workflow_command() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        assert_eq!(uri("my project/periods.yml"), "my%20project/periods.yml");
    }
}
