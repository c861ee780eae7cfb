//! A small project in which tests run commands.
#![allow(dead_code, reason = "each test target uses a part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

pub const PROJECT: &str = "name: shop
dialect: redshift
schema: ods
periods: periods.yml
exceptions: { table: shop_exceptions, key: order_id }
tables: tables/
";
pub const PERIODS: &str = "hist_periods:\n  - 2025_h2\n  - 2026_h1\n";
pub const ORDERS: &str = "model: mart_orders
history: hist_orders
unique_key: order_id
time: { column: updated_at, unit: epoch_seconds }
rows: latest
retention: { for: 180 days }
exception: ORDERS_GAP
columns: { order_id: bigint not null, updated_at: bigint }
";

/// A project in a temporary folder. The folder is the root of a git repository.
pub struct Shop {
    pub folder: tempfile::TempDir,
}

impl Shop {
    pub fn new() -> Self {
        let shop = Shop { folder: tempfile::tempdir().expect("a folder") };
        shop.write(".git/HEAD", "ref: refs/heads/main\n");
        shop.write("shop/rowkeep.yml", PROJECT);
        shop.write("shop/periods.yml", PERIODS);
        shop.write("shop/tables/orders.yml", ORDERS);
        shop
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.path(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowkeep"));
        command.args(arguments).current_dir(self.path("shop")).env_remove("NO_COLOR");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.outcome(&mut self.command(arguments))
    }

    pub fn outcome(&self, command: &mut Command) -> Outcome {
        let output = command.output().expect("the command starts");
        let root = self.folder.path().canonicalize().expect("a folder");
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
            text.replace(&root.display().to_string(), "[root]")
                .replace(&self.folder.path().display().to_string(), "[root]")
        };
        Outcome { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Every file in the repository, with its contents.
    pub fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut tree = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let kind = std::fs::symlink_metadata(&path).expect("metadata");
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    tree.insert(path.clone(), std::fs::read(path).expect("a file"));
                }
            }
        }
        tree
    }

    /// Runs a command that must fail and must change nothing on disk.
    pub fn refuses(&self, arguments: &[&str]) -> String {
        let before = self.tree();
        let outcome = self.run(arguments);
        assert_ne!(outcome.code, Some(0), "{outcome}");
        assert_eq!(before, self.tree(), "something was changed on disk");
        outcome.to_string()
    }
}

pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        write!(f, "exit {code}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}
