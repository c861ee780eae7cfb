//! Decides whether a condition follows from others, so that a statement may repeat it. A condition
//! that follows in another way is not recognised, and the statement is refused.

use std::cmp::Ordering;

use crate::verify::meaning::{All, Comparison, Condition, Conjunct, Select, Term, compare};

/// Whether a row that passes all conditions also passes this one.
pub(super) fn by(all: &All<'_>, condition: &Condition<'_>) -> bool {
    if all.iter().any(|known| follows(&known.is, condition)) {
        return true;
    }
    match condition {
        // One alternative holds.
        Condition::Any(alternatives) => alternatives.iter().any(|each| holds(all, each)),
        // The same condition holds for an equal value.
        Condition::Compare(comparison, a, b) => {
            let known = |a: &Term<'_>, b: &Term<'_>| {
                let equal = compare(*comparison, a.clone(), b.clone());
                all.iter().any(|known| follows(&known.is, &equal))
            };
            equal_to(all, a).iter().any(|a| known(a, b)) || equal_to(all, b).iter().any(|b| known(a, b))
        }
        _ => false,
    }
}

/// The terms that are compared with this one by `=`.
fn equal_to<'t, 'a>(all: &'t All<'a>, term: &Term<'_>) -> Vec<&'t Term<'a>> {
    let equal = all.iter().filter_map(|known| match &known.is {
        Condition::Compare(Comparison::Equal, a, b) if a == term => Some(b),
        Condition::Compare(Comparison::Equal, a, b) if b == term => Some(a),
        _ => None,
    });
    equal.collect()
}

fn holds(all: &All<'_>, wanted: &All<'_>) -> bool {
    wanted.iter().all(|condition| by(all, &condition.is))
}

/// Whether the second condition is true wherever the first one is.
fn follows(known: &Condition<'_>, wanted: &Condition<'_>) -> bool {
    if known == wanted {
        return true;
    }
    match (known, wanted) {
        // A comparison with NULL is not true.
        (Condition::Compare(_, a, b), Condition::IsNotNull(term)) => a == term || b == term,
        (Condition::Compare(known, a, b), Condition::Compare(wanted, c, d)) => {
            bounds(Compared { how: *known, left: a, right: b }, Compared { how: *wanted, left: c, right: d })
        }
        // More conditions find fewer rows.
        (Condition::Exists(known), Condition::Exists(wanted)) => finds_more(wanted, known),
        (Condition::NotExists(known), Condition::NotExists(wanted)) => finds_more(known, wanted),
        _ => false,
    }
}

/// Two terms that are compared.
#[derive(Clone, Copy)]
struct Compared<'t, 'a> {
    how: Comparison,
    left: &'t Term<'a>,
    right: &'t Term<'a>,
}

/// Whether a comparison follows from a comparison of the same value with another bound.
fn bounds(known: Compared<'_, '_>, wanted: Compared<'_, '_>) -> bool {
    use Comparison::{Equal, Less, LessOrEqual, NotEqual};
    let Compared { how: known, left: a, right: b } = known;
    let Compared { how: wanted, left: c, right: d } = wanted;
    if a == c && b == d {
        return matches!((known, wanted), (Less, LessOrEqual | NotEqual) | (Equal, LessOrEqual));
    }
    // `a < 5` gives `a < 7`, and `5 <= a` gives `3 <= a`.
    let (order, is_strict) = match (known, wanted) {
        (Less | LessOrEqual, Less | LessOrEqual) if a == c => (literals(b, d), wanted == Less && known == LessOrEqual),
        (Less | LessOrEqual, Less | LessOrEqual) if b == d => (literals(c, a), wanted == Less && known == LessOrEqual),
        _ => return false,
    };
    match order {
        Some(Ordering::Less) => true,
        Some(Ordering::Equal) => !is_strict,
        _ => false,
    }
}

/// The order of two literals, if it is the same on every engine: whole numbers, and timestamps of
/// one form.
fn literals(a: &Term<'_>, b: &Term<'_>) -> Option<Ordering> {
    let (Term::Literal(a), Term::Literal(b)) = (a, b) else { return None };
    if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>()) {
        return Some(a.cmp(&b));
    }
    // `TIMESTAMP '2025-07-01 00:00:00'`: two texts differ only in digits.
    let form = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let is_utc = |text: &str| {
        text.matches('-').count() == 2 && (!text.contains('+') || text.ends_with("+00'") || text.ends_with("+00:00'"))
    };
    let is_day = |text: &str| {
        let digits = text.find('\'').and_then(|quote| text.get(quote + 1..quote + 11));
        digits.is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok())
    };
    let is_instant =
        ["TIMESTAMP", "DATE"].iter().any(|ty| a.starts_with(ty)) && is_utc(a) && is_utc(b) && is_day(a) && is_day(b);
    (is_instant && form(a) == form(b)).then(|| a.cmp(b))
}

/// Whether the first query finds a row wherever the second one does.
fn finds_more(wide: &Select<'_>, narrow: &Select<'_>) -> bool {
    let is_plain = |select: &Select<'_>| !select.distinct && select.group.is_none() && select.having.is_empty();
    let is_known = |conjunct: &Conjunct<'_>| by(&narrow.when, &conjunct.is);
    wide.from == narrow.from && is_plain(wide) && is_plain(narrow) && wide.when.iter().all(is_known)
}
