//! Adding the next period.

use std::fmt::Write;

use crate::diff::{Preview, diff};
use crate::rotate::{Refused, Rotation, rotate};
use crate::runbook::refused;
use crate::source::Inputs;

pub(super) fn text(inputs: &Inputs) -> Result<String, Refused> {
    let (next, period, file) = match rotate(inputs, None)? {
        Rotation::Added { inputs, period, file, .. } => (*inputs, period, file),
        // Without a name, it is always the next one.
        Rotation::Listed { period, file, .. } => (inputs.clone(), period, file),
    };
    let preview = diff(inputs, &next).map_err(|wrong| refused(*wrong, inputs, &next))?;
    Ok(written(&period, &file, &preview))
}

fn written(period: &str, file: &str, preview: &Preview) -> String {
    let mut out = format!("# Add the period {period}\n\nOne line in {file}: {}.\n\n", preview.numbers());
    for flow in &preview.flows {
        let from = flow.from.as_deref().unwrap_or("never");
        let _ = writeln!(out, "- from {from} on, due rows of {} go to `{}`", flow.model, flow.to);
    }
    for edge in &preview.edges {
        let horizon = edge.horizon_after.as_deref().unwrap_or("the year 9999");
        let _ = writeln!(out, "- due rows of {} have a period until {horizon} then", edge.model);
    }
    let _ = write!(
        out,
        "\nNothing flows before those days, so that there is time: any day before will do. A day that is missed loses nothing. Rows that became
due in the meantime stay in their mart, each with an open exception, and the first cycle with the new period takes them.

## 1. Add the line

```sh
rowkeep rotate {period}
rowkeep compile
rowkeep check
```

Expect one line more in {file}, and `check` to exit 0. Commit both, and deploy what is compiled.

To go back: take the line out again, and `rowkeep compile --allow period`.

## 2. Create what is new

With the dbt package there is nothing to do: its next run creates the tables first. Otherwise run this before the next cycle; twice does no harm.

```sql
"
    );
    for relation in preview.created.iter().chain(&preview.replaced) {
        let _ = write!(out, "{};\n\n", relation.sql);
    }
    out.truncate(out.trim_end().len());
    let _ = write!(
        out,
        "
```

Expect {} new tables, all empty. If a cycle runs before they are there, it fails at its first statement that names one, and loses nothing:
run it again afterwards.

To go back: while they are empty, drop them, after the line is gone.

## 3. Look again

After the next cycle and the next sweep, no exception of these tables should be open for rows of {period}:

```sh
rowkeep check --today now
```

says nothing of the horizon for the days that come.
",
        preview.created.len()
    );
    out
}
