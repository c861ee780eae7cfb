//! The `rowkeep` command.

fn main() -> std::process::ExitCode {
    rowkeep::cli::main()
}
