//! `rowkeep doctor` without a connection: the message names the cause, and never contains the
//! password.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::doctor::{run_doctor, text};

/// A fake server that sends `to_tls` as answer to a request for TLS, and `then` at the start of a
/// session.
fn server(to_tls: &'static [u8], then: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client connects");
            let mut asked = [0; 8];
            let _ = stream.read_exact(&mut asked);
            // 80877103 is the SSLRequest code:
            // https://www.postgresql.org/docs/current/protocol-message-formats.html
            if asked[4..] == 80_877_103_u32.to_be_bytes() {
                let _ = stream.write_all(to_tls);
                let mut length = [0; 4];
                let _ = stream.read_exact(&mut length);
                asked[..4].copy_from_slice(&length);
            }
            let _ = stream.write_all(&then);
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        }
    });
    format!("127.0.0.1:{port}")
}

/// The message of a server that refuses a session.
fn refusal(code: &str, message: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    let length = u32::try_from(fields.len() + 4).expect("short");
    [b"E".as_slice(), &length.to_be_bytes(), fields.as_bytes()].concat()
}

#[test]
fn a_failed_connection_is_explained_without_the_password() {
    let refused = |url: &str| {
        let output = run_doctor(&["--dialect", "postgres", "--url", url]);
        assert_eq!(output.status.code(), Some(2), "{url}: {}", text(&output.stdout));
        let said = text(&output.stderr);
        assert!(!said.contains("s3cret") && said.lines().count() == 1, "{said}");
        said
    };
    let ask_for_password = [b"R".as_slice(), &8_u32.to_be_bytes(), &3_u32.to_be_bytes()].concat();
    let servers = [
        (
            server(b"N", refusal("28P01", "password authentication failed for user \"ann\"")),
            "",
            "check the user and the password in the URL",
        ),
        (server(b"N", refusal("3D000", "database \"shop\" does not exist")), "", "after the last / is the database"),
        (
            server(
                b"N",
                refusal("28000", "no pg_hba.conf entry for host \"h\", user \"ann\", database \"shop\", no encryption"),
            ),
            "",
            "remove sslmode=disable",
        ),
        (server(b"N", refusal("28000", "role \"ann\" does not exist")), "", "the access rules of the server"),
        (server(b"N", Vec::new()), "?sslmode=require", "does not offer TLS"),
        (server(b"N", Vec::new()), "?sslmode=verify-full", "does not offer TLS"),
        (server(b"Sthis is no TLS", Vec::new()), "", "no connection to 127.0.0.1"),
    ];
    for (place, options, words) in servers {
        let said = refused(&format!("postgres://ann:s3cret@{place}/shop{options}"));
        assert!(said.contains(words) && said.contains(&place), "{words}: {said}");
    }
    let place = server(b"N", ask_for_password);
    assert!(refused(&format!("postgres://ann@{place}/shop")).contains("requires a password, and the URL has none"));
    assert!(refused("postgres://ann:s3cret@127.0.0.1:1/shop").contains("no server answers at 127.0.0.1:1"));
    assert!(refused("postgres://ann:s3cret@no-such-host.invalid/shop").contains("no-such-host.invalid:5432"));
    assert!(refused("host=/nowhere user=ann password=s3cret").contains("the socket does not exist"));
    assert!(refused("postgres://ann:s3cret@ss@host:port/shop").contains("%40"));
    // The URL parser can read a part of a password as the host.
    assert!(refused("postgres://ann:p@s3cret@host.invalid/shop").contains("%40"));
    assert!(refused("postgres://ann:5/s3cret@host.invalid/shop").contains("host.invalid:5432"));
    assert!(refused("mysql://ann:s3cret@host/shop").contains("postgres://"));
}
