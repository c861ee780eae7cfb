//! RK8xx: what a dbt project runs.

macro_rules! dbt_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// Rowkeep cannot use the dbt manifest.
            ///
            /// The file is not a dbt manifest, or dbt runs on another engine than the project is
            /// compiled for. So `check` does not know which hooks dbt runs.
            ///
            /// Fix: run `dbt parse` in the dbt project, which writes the manifest again. To check
            /// for another engine, pass `--dialect`.
            DbtManifest = "RK801",
            /// The dbt project has no enabled model for a table, or several models with its name.
            ///
            /// No hook archives or trims the mart, and the hooks of its children refer to a missing
            /// model.
            ///
            /// Fix: add the model, or remove the spec of the table.
            DbtModel = "RK802",
            /// dbt does not run a compiled hook.
            ///
            /// Every cycle lacks this step. Each step is necessary: without it, a law does not
            /// hold.
            ///
            /// Fix: connect the model to its hooks through the compiled macro or the compiled
            /// properties. Do not copy hooks by hand.
            DbtHookMissing = "RK803",
            /// dbt runs another version of a compiled hook, model or macro than Rowkeep compiles
            /// now.
            ///
            /// The usual cause is an older package. After a rotation, an older package archives
            /// only to the old periods.
            ///
            /// Fix: run `rowkeep compile` into the folder that dbt reads. If dbt copies the
            /// package, run `dbt deps` too.
            DbtHookChanged = "RK804",
            /// dbt runs a hook on the mart that Rowkeep did not compile.
            ///
            /// No rehearsal has tested its effect on rows. It is an error if the hook changes rows
            /// of the mart or of its history, and a warning otherwise. GRANT, ANALYZE, VACUUM and
            /// COMMENT are accepted.
            ///
            /// Fix: remove the hook, also if it is a leftover of hand-written retention.
            DbtHookExtra = "RK805",
            /// dbt runs the compiled hooks in another order, or one of them outside of the
            /// transaction.
            ///
            /// Steps rely on the steps before them. A trim before its archive finds no copy and
            /// deletes nothing. A safety check before the trim reports every due row. dbt runs
            /// hooks outside of the transaction after all others.
            ///
            /// Fix: connect the model to its hooks through the compiled macro or the compiled
            /// properties. Do not copy hooks by hand.
            DbtHookOrder = "RK806",
            /// dbt runs a hook more than once.
            ///
            /// dbt adds up the hooks of dbt_project.yml, of properties files and of the model's own
            /// config. If two of them name the hooks, each hook runs twice.
            ///
            /// Fix: keep the hooks in one of these places.
            DbtHookTwice = "RK807",
            /// The mart has a column that the spec lacks, or dbt could add one.
            ///
            /// Archive would not copy this column to history, and trim would delete the row as
            /// copied. The values of the column would be lost.
            ///
            /// Fix: add the column to the spec of the table and to its history tables, or remove it
            /// from the model. An enforced contract prevents new columns.
            DbtColumn = "RK808",
            /// dbt can rebuild the mart from the raw table.
            ///
            /// `dbt run --full-refresh`, or a model that is not incremental, replaces the mart with
            /// the rows that the raw table still has. All other rows are lost.
            ///
            /// Fix: set `materialized='incremental'` and `full_refresh=false` in the config of the
            /// model.
            DbtFullRefresh = "RK809",
            /// dbt may run a model before the parent that its hooks read.
            ///
            /// The child would then use the rows that the parent had in the last cycle.
            ///
            /// Fix: write `-- depends_on: {{ ref('the_parent') }}` in the model.
            DbtRunOrder = "RK810",
            /// dbt builds marts in different schemas, but the project has them in one schema.
            ///
            /// Hooks look for history, work and exceptions tables in the schema of their own mart.
            /// With several schemas, each mart would have its own tables, and a child would not
            /// find those of its parent.
            ///
            /// Fix: give the models one schema in dbt, or state their schemas as `relation:` in
            /// their specs.
            DbtSchemas = "RK811",
            /// dbt uses another name for a mart than the project.
            ///
            /// The names of history, work and exceptions tables come from the spec. If dbt targets
            /// differ only in the names of their marts, they share these tables, and one target
            /// would delete history of the other.
            ///
            /// Fix: give each target its own schema, or state the name as `relation:` in the spec
            /// of the table.
            DbtAlias = "RK812",
            /// dbt State may skip the load of a mart and run its hooks.
            ///
            /// With `execute_hooks_on_any_reuse`, the hooks run although dbt reuses the model. The
            /// last hook notes a completed cycle, and raw rows that no cycle has read are trimmed.
            ///
            /// Fix: remove `execute_hooks_on_any_reuse` from the config of the model. dbt then
            /// leaves the whole cycle out if it reuses the model, and rows wait. Or let Rowkeep
            /// load the mart: such a load is a hook too.
            DbtReuse = "RK813",
        }
    };
}
