//! The JSON Schemas in yaml-language-server, which gives editors completion, hover and errors in
//! YAML files.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A running server, which speaks the Language Server Protocol over its standard streams.
struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let program = std::env::var("ROWKEEP_YAML_SERVER").expect("it is set by scripts/with-yaml-server");
        let mut command = Command::new(program);
        let mut process =
            command.arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut server = Self { process, output };
        let capabilities = json!({ "textDocument": { "hover": {}, "completion": {} } });
        let root = format!("file://{}", folder.display());
        server.ask(0, "initialize", &json!({ "processId": null, "rootUri": root, "capabilities": capabilities }));
        server.say(&json!({ "method": "initialized", "params": {} }));
        server
    }

    fn say(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        let input = self.process.stdin.as_mut().expect("a pipe");
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
    }

    fn hear(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("text") > 0, "the server ended");
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("a number"),
                None if line == "\r\n" => break,
                None => {}
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).expect("a whole message");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// The first message that is wanted. Answers the requests of the server with nothing.
    fn wait_for(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let heard = self.hear();
            if is_wanted(&heard) {
                return heard;
            }
            if heard.get("method").is_some() && heard.get("id").is_some() {
                let result = if heard["method"] == "workspace/configuration" { json!([]) } else { Value::Null };
                self.say(&json!({ "id": heard["id"], "result": result }));
            }
        }
    }

    fn ask(&mut self, id: u64, method: &str, params: &Value) -> Value {
        self.say(&json!({ "id": id, "method": method, "params": params }));
        self.wait_for(|heard| heard["id"] == id && heard.get("method").is_none())["result"].clone()
    }

    /// Opens a file with a text. The findings of the server.
    fn open(&mut self, file: &Path, text: &str) -> Vec<String> {
        let uri = format!("file://{}", file.display());
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.say(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
        let said = self.wait_for(|heard| {
            heard["method"] == "textDocument/publishDiagnostics" && heard["params"]["uri"] == uri.as_str()
        });
        let found = said["params"]["diagnostics"].as_array().expect("a list");
        found.iter().map(|one| one["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_editor_completes_explains_and_checks_the_files_of_init() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut init = Command::new(env!("CARGO_BIN_EXE_rowkeep"));
    assert!(
        init.args(["init", "shop", "--today", "2026-05-01"])
            .current_dir(folder.path())
            .status()
            .expect("it starts")
            .success()
    );
    let shop = folder.path().canonicalize().expect("a path").join("shop");
    let read = |path: &str| std::fs::read_to_string(shop.join(path)).expect("init writes it");
    let mut server = Server::start(&shop);

    for path in ["rowkeep.yml", "periods.yml", "tables/mart_orders.yml"] {
        assert_eq!(server.open(&shop.join(path), &read(path)), Vec::<String>::new(), "{path}");
    }

    // A typo.
    let file = shop.join("typo.yml");
    let text = read("rowkeep.yml").replace("\nschema:", "\nschemo:");
    let found = server.open(&file, &text);
    assert!(found.iter().any(|message| message.contains("Property schemo is not allowed")), "{found:?}");

    // Hover over a key, and the keys that may stand in an empty line.
    let file = shop.join("more.yml");
    let text = format!("{}\nkeep_history: 5 years\n\n", read("rowkeep.yml").trim_end());
    server.open(&file, &text);
    let lines = text.lines().count();
    let at = |line: usize, character: usize| {
        let uri = format!("file://{}", file.display());
        json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
    };
    let hover = server.ask(1, "textDocument/hover", &at(lines - 2, 3)).to_string();
    assert!(hover.contains("How long archived rows must be kept") && hover.contains("5 years"), "{hover}");
    let completion = server.ask(2, "textDocument/completion", &at(lines - 1, 0));
    let labels = completion["items"].as_array().expect("a list").iter().filter_map(|item| item["label"].as_str());
    let labels: Vec<_> = labels.collect();
    for wanted in ["sealed_before", "maintenance", "time_zone"] {
        assert!(labels.contains(&wanted), "{labels:?}");
    }
    assert!(!labels.contains(&"schema"), "a key that is there already");
}
