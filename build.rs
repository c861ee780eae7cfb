//! Lists the files below `templates/`, so that the crate embeds each and none is registered by hand.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[allow(clippy::disallowed_methods, reason = "a build script reads the tree that it lists")]
fn main() -> io::Result<()> {
    let variable = |name: &str| env::var(name).expect("cargo sets it for build scripts");
    let templates = Path::new(&variable("CARGO_MANIFEST_DIR")).join("templates");
    let mut files = Vec::new();
    collect(&templates, &mut files)?;
    files.sort();
    let entries = files.iter().map(|path| {
        let name = path.strip_prefix(&templates).expect("it is below").to_string_lossy().replace('\\', "/");
        format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string())
    });
    let list = format!("&[\n{}]\n", entries.collect::<String>());
    // A wheel has the DuckDB library beside the program.
    if env::var_os("CARGO_FEATURE_REHEARSE").is_some() && env::var_os("CARGO_FEATURE_BUNDLED").is_none() {
        match variable("CARGO_CFG_TARGET_OS").as_str() {
            "linux" => println!("cargo::rustc-link-arg-bins=-Wl,-rpath,$ORIGIN"),
            "macos" => println!("cargo::rustc-link-arg-bins=-Wl,-rpath,@loader_path"),
            _ => {}
        }
    }
    fs::write(Path::new(&variable("OUT_DIR")).join("templates.rs"), list)
}

#[allow(clippy::disallowed_methods, reason = "a build script reads the tree that it lists")]
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
