//! Random mutations of the golden project files. Every mutation gives diagnostics or artifacts,
//! never a panic, and the diagnostics are deterministic.

use crate::projects;
use rowkeep::{Inputs, Style};

/// A small random generator that gives the same numbers on every platform (the constants are
/// Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n.max(1) as u64).expect("it was below a usize")
    }
}

/// Texts that typing errors, editors, merges or an attacker put into YAML.
const PIECES: [&str; 24] = [
    "'",
    "\"",
    ":",
    ": ",
    "\n",
    "\t",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "#",
    "&a ",
    "*a",
    "<<: ",
    "---\n",
    "\r",
    "\u{0}",
    "é",
    "\u{202e}",
    "99999999999999999999",
    "null",
    "{{ 7 }}",
    "; DROP TABLE x",
];

fn mutate(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(chars.len());
        match random.below(4) {
            0 => {
                let end = (at + 1 + random.below(12)).min(chars.len());
                chars.drain(at..end);
            }
            1 => {
                let piece = PIECES[random.below(PIECES.len())];
                chars.splice(at..at, piece.chars());
            }
            2 => {
                let end = (at + 1 + random.below(40)).min(chars.len());
                let copied = chars[at..end].to_vec();
                chars.splice(at..at, copied);
            }
            _ => {
                let other = random.below(chars.len());
                if at < chars.len() && other < chars.len() {
                    chars.swap(at, other);
                }
            }
        }
    }
    chars.into_iter().collect()
}

#[test]
fn mutated_projects_give_diagnostics_or_artifacts() {
    let text = |name: String| std::fs::read_to_string(projects::root().join("golden").join(name).join("rowkeep.yml"));
    let mut cases: Vec<_> = projects::goldens().into_iter().map(|name| text(name).expect("a golden")).collect();
    cases.sort();
    let (mut refused, mut compiled) = (0, 0);
    let mut random = Random(1);
    for case in &cases {
        for _ in 0..4 {
            let inputs = Inputs::new("rowkeep.yml", mutate(case, &mut random));
            match rowkeep::compile(&inputs) {
                Ok(_) => compiled += 1,
                Err(wrong) => {
                    let text = wrong.render(&inputs, Style::Plain);
                    assert!(text.starts_with("error[RK"), "{text}");
                    assert_eq!(text, rowkeep::compile(&inputs).expect_err("the same").render(&inputs, Style::Plain));
                    refused += 1;
                }
            }
        }
    }
    // Enough mutations must fail, and some must compile.
    assert!(refused > 500 && compiled > 10, "{refused} refused, {compiled} compiled");
}
