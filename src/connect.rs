//! Connections to databases that speak PostgreSQL's protocol: PostgreSQL itself, and Redshift. Whatever is said of them holds no
//! password.

use std::str::FromStr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ::postgres::config::Host;
use ::postgres::error::SqlState;
use ::postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;

/// A row of a query: its columns as texts, `None` for NULL.
pub type Record = Vec<Option<String>>;

/// How long to wait for an answer, unless `connect_timeout` says otherwise: a host behind a firewall gives none.
const PATIENCE: Duration = Duration::from_secs(10);

const NO_URL: &str = "the URL is neither postgres://user:password@host:5432/database nor a list of key=value pairs, or has an option \
                      that is not known here; a sign such as @, : or / in a password is written %40, %3A, %2F";

/// A session.
pub(crate) struct Connection(Client);

impl Connection {
    /// Connects. `url` is a URL or a list of `key=value` pairs; it is never shown. `password` is for those that hold none. Where the
    /// server offers TLS it is used, and its certificate must be that of the host: `sslmode=disable` goes without, `sslmode=require`
    /// never does.
    pub(crate) fn open(url: &str, password: Option<&str>) -> Result<Self, Error> {
        // Certificates are verified whenever there are any: the stricter words of libpq mean what `require` does here.
        let known =
            url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        // What the parser says may repeat parts of the text, a password among them; so may what it took for a host or a database.
        let parsed = Config::from_str(&known).ok().filter(|config| {
            let is_host = |host: &Host| !matches!(host, Host::Tcp(name) if name.contains('@'));
            config.get_hosts().iter().all(is_host) && !config.get_dbname().is_some_and(|name| name.contains('@'))
        });
        let mut config = parsed.ok_or_else(|| said(NO_URL))?;
        if config.get_password().is_none()
            && let Some(password) = password
        {
            config.password(password);
        }
        let patience = *config.get_connect_timeout().unwrap_or(&PATIENCE);
        config.connect_timeout(patience);
        let place = place(&config);
        // The library's own patience ends once the host has answered at all, be it with silence. Whoever waits in vain is left behind.
        let (told, answer) = mpsc::channel();
        let at = place.clone();
        std::thread::spawn(move || {
            // Nobody listens any more if it took too long.
            let _ = told.send(config.connect(tls()).map_err(|error| refused(&error, &at)));
        });
        // A name may stand for several addresses.
        match answer.recv_timeout(3 * patience) {
            Ok(connected) => connected.map(Self).map_err(said),
            Err(_) => {
                Err(said(format!("{place} does not go on: is it a PostgreSQL or Redshift server, and within reach?")))
            }
        }
    }

    /// Runs statements, separated by semicolons.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.0.batch_execute(sql).map_err(|error| said(why(&error)))
    }

    /// Runs a query.
    pub(crate) fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        let found = self.0.simple_query(sql).map_err(|error| said(why(&error)))?;
        let rows = found.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }
}

fn said(why: impl Into<String>) -> Error {
    Error::Engine { engine: "database", why: why.into() }
}

/// The certificates that the system trusts, or those of the file that `SSL_CERT_FILE` names.
fn tls() -> MakeRustlsConnect {
    let mut roots = rustls::RootCertStore::empty();
    // A system without certificates trusts nobody: then TLS fails, and says so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

/// Where a connection goes: host and port, which are no secret.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}")
}

/// What the server said, without the text of the statement or of the connection.
fn why(error: &::postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            let said = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
            said.split(" (os error").next().unwrap_or(&said).to_owned()
        }
    }
}

/// Why there is no connection, and what helps.
fn refused(error: &::postgres::Error, place: &str) -> String {
    let why = why(error);
    if let Some(code) = error.code() {
        let help = match *code {
            SqlState::INVALID_PASSWORD => "; check user and password in the URL",
            SqlState::INVALID_CATALOG_NAME => "; the part of the URL behind the last / names the database",
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION
                if why.contains("no encryption") || why.contains("SSL off") =>
            {
                "; the server wants TLS here: leave sslmode=disable out"
            }
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                "; check the user in the URL, and whom the server lets in from here"
            }
            _ => "",
        };
        return format!("{place} refuses: {why}{help}");
    }
    let source = std::error::Error::source(error);
    let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    let kind = io.map(std::io::Error::kind);
    let is = |part: &str| why.contains(part);
    if is("invalid peer certificate") {
        let help = "name the file of its authority as SSL_CERT_FILE, connect by the name that the certificate has, or say sslmode=disable to go without TLS";
        return format!("the certificate of {place} is not to be trusted: {}; {help}", last_part(&why));
    }
    if is("server does not support TLS") {
        return format!("{place} offers no TLS, and sslmode=require asks for it");
    }
    if is("password missing") {
        return format!("{place} asks for a password, and the URL has none");
    }
    match kind {
        Some(std::io::ErrorKind::ConnectionRefused) => {
            format!("nobody answers at {place}: is the server up, and the port right?")
        }
        Some(std::io::ErrorKind::NotFound) => format!("nobody answers at {place}: there is no such socket"),
        Some(std::io::ErrorKind::TimedOut) => {
            format!("no answer from {place} in time: is there a route, a VPN, a firewall that lets you through?")
        }
        _ if is("failed to lookup address") => {
            format!("the host of {place} is not known: is its name right, and a VPN up?")
        }
        _ => format!("no connection to {place}: {why}"),
    }
}

fn last_part(why: &str) -> &str {
    why.rsplit(": ").next().unwrap_or(why)
}
