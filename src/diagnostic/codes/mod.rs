//! The codes of diagnostics. The doc comment of a code is its page.
//!
//! Each family of codes has a file. The macro of a file adds the codes of its family to a list, and
//! passes the list to the next macro. The last macro, `declare_codes`, turns the list into one
//! enum.

use std::fmt;

#[macro_use]
mod shape;
#[macro_use]
mod period;
#[macro_use]
mod table;
#[macro_use]
mod statement;
#[macro_use]
mod law;
#[macro_use]
mod lint;
#[macro_use]
mod committed;
#[macro_use]
mod dbt;
#[macro_use]
mod live;

/// Declares [`Code`] from a list of variants. The doc comment of a variant is the page of its code.
macro_rules! declare_codes {
    (; $($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// The kind of mistake that a [`Diagnostic`](crate::diagnostic::Diagnostic) reports.
        ///
        /// A code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$variant,)+];

            /// The page of the code: what is wrong, the consequence, and the fix.
            pub fn page(self) -> String {
                let lines: &[&str] = match self { $(Code::$variant => &[$($doc),+],)+ };
                lines.iter().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
            }

            /// The first paragraph of the page, on one line.
            pub(crate) fn summary(self) -> String {
                let page = self.page();
                page.split("\n\n").next().unwrap_or_default().trim_end().replace('\n', " ")
            }

            /// The name of the rule, if the code is a rule of [`lint`](crate::lint).
            pub fn rule(self) -> Option<&'static str> {
                let lines: &[&'static str] = match self { $(Code::$variant => &[$($doc),+],)+ };
                let first = lines.first().filter(|_| self.as_str().starts_with("RK6"))?;
                first.split_once(':').map(|(name, _)| name.trim())
            }

            /// The code as it is printed, such as `RK202`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }
        }
    };
}

shape_codes! { period_codes table_codes statement_codes law_codes lint_codes committed_codes dbt_codes live_codes declare_codes; }

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
