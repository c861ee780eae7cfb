//! RK1xx: the shape of the YAML files.

macro_rules! shape_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// The text is not valid YAML.
            ///
            /// Rowkeep cannot read the file, so it compiles nothing. The message shows the line
            /// where the parser stopped. The cause is often on the line before: a missing colon, a
            /// tab, or a quote that is not closed. In braces, an unquoted comma splits a type in
            /// two.
            ///
            /// Fix: correct the line. Quote values that contain `: ` or `#`, and in braces also
            /// values that contain a comma, as in `amount: "decimal(12, 2)"`.
            Syntax = "RK101",
            /// A file is larger or more deeply nested than a project file may be.
            ///
            /// Such a file is a mistake or an attack, and Rowkeep could need hours to read it. The
            /// limits are wide: 480 periods, 1,600 columns, 8 levels of `while_in`. Anchors count
            /// with everything that they expand to.
            ///
            /// Fix: write the values out without anchors, merge old periods into one period that
            /// states its bounds, or split the project.
            Budget = "RK102",
            /// A mapping has the same key twice.
            ///
            /// Most YAML readers silently keep the last one. A column or a whole table would be
            /// lost.
            ///
            /// Fix: remove one of the two keys.
            DuplicateKey = "RK103",
            /// A key is not part of the file format.
            ///
            /// If Rowkeep ignored a misspelt key, its setting would silently have no effect.
            ///
            /// Fix: correct the key. The help names the nearest valid key. `rowkeep schema` prints
            /// a JSON Schema of all keys for editors.
            UnknownKey = "RK104",
            /// A value has the wrong type for its key.
            ///
            /// For example, there is a list where the key takes a text. Rowkeep does not guess: it
            /// does not read `2025_01` as a number, nor `no` as a boolean.
            ///
            /// Fix: write a value of the type that the message names.
            WrongType = "RK105",
            /// A required key is missing.
            ///
            /// No default value would be safe for this key.
            ///
            /// Fix: add the key. For all tables at once, write retention, time, rows or layout
            /// under `defaults:` in rowkeep.yml.
            MissingKey = "RK106",
            /// A value is not one of the words that its key accepts.
            ///
            /// These keys accept a fixed list of words, for example for the dialect, the unit of a
            /// time column, or the kind of rows.
            ///
            /// Fix: use one of the words that the message lists.
            UnknownWord = "RK107",
            /// A path leads out of the repository, or Rowkeep would ignore a file because of its
            /// name.
            ///
            /// Files outside of the repository are not in the commit that CI builds, and a link
            /// could make Rowkeep read or write files elsewhere. A table spec must end in `.yml`,
            /// and a template must have the name of the built-in template that it replaces.
            ///
            /// Fix: move the file into the repository, or give it the name that the help shows.
            Path = "RK108",
            /// The project refers to a file or value that is not there.
            ///
            /// For example, `periods: { file: dbt_project.yml, at: vars.hist_periods }` names a
            /// place that holds no list.
            ///
            /// Fix: correct the reference, or write the value at that place.
            Reference = "RK109",
        }
    };
}
