//! Connections to databases that use the PostgreSQL protocol: PostgreSQL and Redshift.
//!
//! Invariant: no error message contains a password.

use std::str::FromStr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ::postgres::config::Host;
use ::postgres::error::SqlState;
use ::postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;

/// A result row: its columns as text, `None` for NULL.
pub type Record = Vec<Option<String>>;

/// The default of `connect_timeout`. A host behind a firewall never answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const INVALID_URL: &str = "the URL is neither postgres://user:password@host:5432/database nor a list of key=value pairs, or has an \
                           unknown option; write @, : and / in a password as %40, %3A and %2F";

/// An open session.
pub(crate) struct Connection(Client);

impl Connection {
    /// Connects. `url` is a URL or a list of `key=value` pairs, and no message shows it. `password`
    /// is used if `url` has none. The connection uses TLS if the server offers it, and the
    /// certificate must be valid for the host. `sslmode=disable` turns TLS off, and
    /// `sslmode=require` refuses a connection without TLS.
    pub(crate) fn open(url: &str, password: Option<&str>) -> Result<Self, Error> {
        // Certificates are always verified, so the stricter modes of libpq are the same as
        // `require`.
        let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        // The error of the parser may repeat parts of the URL, such as the password. The parser may
        // also take a part of the password as host or database, so these must not contain `@`.
        let parsed = Config::from_str(&url).ok().filter(|config| {
            let is_host = |host: &Host| !matches!(host, Host::Tcp(name) if name.contains('@'));
            config.get_hosts().iter().all(is_host) && !config.get_dbname().is_some_and(|name| name.contains('@'))
        });
        let mut config = parsed.ok_or_else(|| database_error(INVALID_URL))?;
        if config.get_password().is_none()
            && let Some(password) = password
        {
            config.password(password);
        }
        let timeout = *config.get_connect_timeout().unwrap_or(&CONNECT_TIMEOUT);
        config.connect_timeout(timeout);
        let address = address(&config);
        // The library applies its timeout only until the TCP connection is open. A server that then
        // sends nothing would block forever, so a thread connects, and is abandoned after a
        // timeout.
        let (sender, receiver) = mpsc::channel();
        let shown = address.clone();
        std::thread::spawn(move || {
            // Sending fails if the receiver has timed out.
            let _ = sender.send(config.connect(tls()).map_err(|error| connection_error(&error, &shown)));
        });
        // A host name may resolve to several addresses, which are tried in turn.
        match receiver.recv_timeout(3 * timeout) {
            Ok(connected) => connected.map(Self).map_err(database_error),
            Err(_) => Err(database_error(format!(
                "{address} does not complete the connection: check that a PostgreSQL or Redshift server listens there"
            ))),
        }
    }

    /// Runs one or more statements, separated by semicolons.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.0.batch_execute(sql).map_err(|error| database_error(server_message(&error)))
    }

    /// Runs a query.
    pub(crate) fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        let found = self.0.simple_query(sql).map_err(|error| database_error(server_message(&error)))?;
        let rows = found.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }
}

fn database_error(why: impl Into<String>) -> Error {
    Error::Engine { engine: "database", why: why.into() }
}

/// TLS with the certificates that the system trusts, or those in the file `SSL_CERT_FILE`.
fn tls() -> MakeRustlsConnect {
    let mut roots = rustls::RootCertStore::empty();
    // Without any certificate, the TLS handshake fails with a message.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

/// Host and port of a connection. They are not secret.
fn address(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}")
}

/// The message of the server, without the statement and without the URL.
fn server_message(error: &::postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            let text = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

/// The reason why a connection failed, and how to fix it.
fn connection_error(error: &::postgres::Error, address: &str) -> String {
    let why = server_message(error);
    if let Some(code) = error.code() {
        let help = match *code {
            SqlState::INVALID_PASSWORD => "; check the user and the password in the URL",
            SqlState::INVALID_CATALOG_NAME => "; the part of the URL after the last / is the database",
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION
                if why.contains("no encryption") || why.contains("SSL off") =>
            {
                "; the server requires TLS: remove sslmode=disable"
            }
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                "; check the user in the URL, and the access rules of the server for this client"
            }
            _ => "",
        };
        return format!("{address} refuses the connection: {why}{help}");
    }
    let source = std::error::Error::source(error);
    let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    let kind = io.map(std::io::Error::kind);
    let is = |part: &str| why.contains(part);
    if is("invalid peer certificate") {
        let help = "set SSL_CERT_FILE to the file of its authority, connect by the host name of the certificate, or set sslmode=disable to connect without TLS";
        return format!("the certificate of {address} is not trusted: {}; {help}", last_part(&why));
    }
    if is("server does not support TLS") {
        return format!("{address} does not offer TLS, which sslmode=require needs");
    }
    if is("password missing") {
        return format!("{address} requires a password, and the URL has none");
    }
    match kind {
        Some(std::io::ErrorKind::ConnectionRefused) => {
            format!("no server answers at {address}: check that it is running, and that the port is correct")
        }
        Some(std::io::ErrorKind::NotFound) => format!("no server answers at {address}: the socket does not exist"),
        Some(std::io::ErrorKind::TimedOut) => {
            format!("{address} did not answer in time: check the network route, the VPN and the firewall")
        }
        _ if is("failed to lookup address") => {
            format!("the host of {address} is unknown: check the host name, and the VPN if you need one")
        }
        _ => format!("no connection to {address}: {why}"),
    }
}

fn last_part(why: &str) -> &str {
    why.rsplit(": ").next().unwrap_or(why)
}
