//! Flags and environment variables.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::error::{ContextKind, ErrorKind};
use clap::{Parser, ValueEnum};
use ipnet::IpNet;

/// Serves the auth extension of a Postgres database over HTTP.
///
/// Point SuperTokens' backend SDKs at it in place of the core: connectionURI = "http://127.0.0.1:3567". Every
/// flag can also be given by the environment variable that is named beside it. Times are written with their unit:
/// 500ms, 30s, 5m, 1h.
#[derive(Debug, Clone, Parser)]
#[command(version, max_term_width = 100)]
pub struct Config {
    /// The database, as a URL (postgresql://user@host/db) or as key=value pairs. For a Unix socket give its
    /// directory as host. The role needs no more than membership in auth_gateway.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = "Database",
          value_parser = database_url)]
    pub database_url: tokio_postgres::Config,

    /// Certificates (PEM) to trust for the database besides the system's own.
    #[arg(
        long,
        env = "AUTH_DATABASE_CA_FILE",
        value_name = "FILE",
        help_heading = "Database"
    )]
    pub database_ca_file: Option<PathBuf>,

    /// Connections to keep to the database at most. Password hashing holds one for its duration.
    #[arg(long, env = "AUTH_POOL_SIZE", default_value_t = 16, value_name = "N", help_heading = "Database",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub pool_size: u16,

    /// How long a request waits for a connection.
    #[arg(long, env = "AUTH_POOL_TIMEOUT", default_value = "5s", value_name = "TIME", help_heading = "Database",
          value_parser = some_time)]
    pub pool_timeout: Duration,

    /// Time between calls of auth.maintain(), which deletes what has expired and prepares signing keys; 0 turns
    /// them off. Any number of gateways may do it.
    #[arg(long, env = "AUTH_MAINTENANCE_INTERVAL", default_value = "1h", value_name = "TIME",
          help_heading = "Database", value_parser = time)]
    pub maintenance_interval: Duration,

    /// Time between looks at the queue of users to be imported; 0 turns them off. Any number of gateways may do it.
    #[arg(long, env = "AUTH_IMPORT_INTERVAL", default_value = "10s", value_name = "TIME",
          help_heading = "Database", value_parser = time)]
    pub import_interval: Duration,

    /// Time between looks into the outbox for mails, text messages and webhooks to deliver; 0 turns them off. Any
    /// number of gateways may do it.
    #[arg(long, env = "AUTH_COURIER_INTERVAL", default_value = "1s", value_name = "TIME",
          help_heading = "Courier", value_parser = time)]
    pub courier_interval: Duration,

    /// Messages to deliver at the same time. Mail servers may take fewer connections.
    #[arg(long, env = "AUTH_COURIER_CONCURRENCY", default_value_t = 8, value_name = "N", help_heading = "Courier",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub courier_concurrency: u16,

    /// How long one delivery may take. It is tried again later.
    #[arg(long, env = "AUTH_COURIER_TIMEOUT", default_value = "30s", value_name = "TIME", help_heading = "Courier",
          value_parser = some_time)]
    pub courier_timeout: Duration,

    /// Certificates (PEM) to trust for mail servers besides the system's own.
    #[arg(
        long,
        env = "AUTH_MAIL_CA_FILE",
        value_name = "FILE",
        help_heading = "Courier"
    )]
    pub mail_ca_file: Option<PathBuf>,

    /// For development: mails and text messages for which no server is configured are kept in this folder and
    /// printed on standard output, codes and all.
    #[arg(
        long,
        env = "AUTH_MAIL_FOLDER",
        value_name = "DIR",
        help_heading = "Courier"
    )]
    pub mail_folder: Option<PathBuf>,

    /// Address and port to listen on. May be given several times. With a path behind it, such as
    /// 127.0.0.1:9999=/auth/v1 or 127.0.0.1:9998=/appid-shop/eu/auth/v1, requests mean what is below that path: one
    /// door of one app and tenant gets a port of its own.
    #[arg(
        long,
        env = "AUTH_LISTEN",
        default_value = "127.0.0.1:3567",
        value_delimiter = ',',
        value_name = "ADDR[=PATH]",
        help_heading = "HTTP"
    )]
    pub listen: Vec<Listen>,

    /// Networks whose X-Forwarded-For header is believed, as CIDR or single addresses. May be given several times.
    #[arg(long, env = "AUTH_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR", help_heading = "HTTP",
          value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Bodies beyond this many bytes are refused. What a single operation takes may be less.
    #[arg(long, env = "AUTH_MAX_BODY_BYTES", default_value_t = 8 << 20, value_name = "BYTES", help_heading = "HTTP")]
    pub max_body_bytes: usize,

    /// How long a request may take in all; its statement is then cancelled.
    #[arg(long, env = "AUTH_REQUEST_TIMEOUT", default_value = "30s", value_name = "TIME", help_heading = "HTTP",
          value_parser = some_time)]
    pub request_timeout: Duration,

    /// How long requests may go on after SIGTERM or SIGINT.
    #[arg(long, env = "AUTH_SHUTDOWN_GRACE", default_value = "10s", value_name = "TIME", help_heading = "HTTP",
          value_parser = some_time)]
    pub shutdown_grace: Duration,

    /// Lets those whom the gateway asks or tells by HTTP (identity providers, webhooks, providers of text messages) be
    /// on this machine or in its private networks, where they need no encryption. Addresses of the link, with the
    /// metadata of clouds, are refused all the same.
    #[arg(long, env = "AUTH_ALLOW_PRIVATE_ADDRESSES", help_heading = "HTTP",
          value_parser = clap::builder::BoolishValueParser::new())]
    pub allow_private_addresses: bool,

    /// How log lines look. How much is logged is set by RUST_LOG, for example RUST_LOG=warn.
    #[arg(long, env = "AUTH_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, help_heading = "Logs")]
    pub log_format: LogFormat,
}

/// Where to listen, and what is meant there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    pub address: SocketAddr,
    /// What requests' paths are below; empty, or with a slash at its beginning and none at its end.
    pub path: String,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, path) = text.split_once('=').unwrap_or((text, ""));
        let address = address
            .parse()
            .map_err(|_| "is not an address and port: 127.0.0.1:3567 would be".to_owned())?;
        let path = path.trim_end_matches('/');
        if !path.is_empty() && !path.starts_with('/') {
            return Err("has a path without a slash at its beginning".to_owned());
        }
        Ok(Self {
            address,
            path: path.to_owned(),
        })
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads the flags and the environment. `--help` and `--version` are answered, and end the program.
    ///
    /// # Errors
    /// One line that says what is wrong. It never holds a database URL, which may contain a password.
    pub fn read() -> Result<Self, String> {
        Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                error.exit();
            }
            one_line(&error)
        })
    }
}

fn one_line(error: &clap::Error) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string);
    let cause = std::error::Error::source(error);
    match (error.kind(), context(ContextKind::InvalidArg), cause) {
        (ErrorKind::ValueValidation, Some(flag), Some(cause)) => {
            match context(ContextKind::InvalidValue) {
                Some(value) if !flag.starts_with("--database-url") => {
                    format!("{flag}: {value:?} {cause}")
                }
                _ => format!("{flag}: {cause}"),
            }
        }
        _ => {
            let text = error.to_string();
            let words = text.lines().take_while(|line| !line.trim().is_empty());
            let line = words.map(str::trim).collect::<Vec<_>>().join(" ");
            let line = line.strip_prefix("error: ").unwrap_or(&line);
            format!("{line} (--help lists the flags)")
        }
    }
}

/// A URL or key=value pairs, as libpq takes them. "verify-ca" and "verify-full" are "require" here, which checks
/// the server's certificate.
fn database_url(text: &str) -> Result<tokio_postgres::Config, String> {
    let text = text
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    text.parse::<tokio_postgres::Config>().map_err(|error| {
        // The driver's message may quote what it stumbled over: part of a password, perhaps.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let about_an_option = |cause: &String| cause.starts_with("invalid value for option");
        cause.filter(about_an_option).unwrap_or_else(|| {
            "must look like postgresql://user@host/database or \"host=... user=... dbname=...\", \
             with the characters :/?#@% in a URL's password percent-encoded"
                .to_owned()
        })
    })
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "is not a network: 10.0.0.0/8 or 192.0.2.7 would be".to_owned())
}

/// A number with its unit; 0 needs none.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let milliseconds = match (number.parse::<u64>(), unit) {
        (Ok(0), "") => Some(0),
        (Ok(number), "ms") => Some(number),
        (Ok(number), "s") => number.checked_mul(1_000),
        (Ok(number), "m") => number.checked_mul(60_000),
        (Ok(number), "h") => number.checked_mul(3_600_000),
        _ => None,
    };
    // Longer than ten years is a slip of the pen, and more than clocks can add.
    milliseconds
        .filter(|&ms| ms <= 10 * 366 * 24 * 3_600_000)
        .map(Duration::from_millis)
        .ok_or_else(|| "is not a time: 500ms, 30s, 5m or 1h would be".to_owned())
}

/// A time that is not 0.
fn some_time(text: &str) -> Result<Duration, String> {
    match time(text) {
        Ok(Duration::ZERO) => Err("must be more than 0".to_owned()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(extra: &[&str]) -> Result<Config, String> {
        let base = ["auth-gateway", "--database-url", "host=/tmp"];
        Config::try_parse_from(base.iter().chain(extra)).map_err(|error| one_line(&error))
    }

    #[test]
    fn the_flags_are_consistent() {
        Config::command().debug_assert();
    }

    #[test]
    fn lists_and_limits() {
        let listen = ["--listen", "127.0.0.1:1,[::1]:2", "--listen", "0.0.0.0:3"];
        assert_eq!(parse(&listen).expect("the flags are good").listen.len(), 3);
        let door = ["--listen", "127.0.0.1:1=/appid-a/t/auth/v1/"];
        let door = parse(&door).expect("the flags are good").listen;
        assert_eq!(door[0].path, "/appid-a/t/auth/v1");
        let proxies = ["--trusted-proxies", "10.0.0.0/8,::1"];
        let config = parse(&proxies).expect("the flags are good");
        assert_eq!(config.trusted_proxies.len(), 2);
        assert!(config.trusted_proxies[1].contains(&IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])));
        for bad in [
            ["--pool-size", "0"],
            ["--request-timeout", "0"],
            ["--listen", "x"],
            ["--listen", "127.0.0.1:1=auth"],
            ["--trusted-proxies", "10.0.0.0/33"],
            ["--log-format", "xml"],
        ] {
            let line = parse(&bad).expect_err("the value is bad");
            assert!(line.contains(bad[0]) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn times_have_units() {
        let seconds = |text| time(text).map(|time| time.as_secs_f64());
        assert_eq!(seconds("500ms"), Ok(0.5));
        assert_eq!(seconds("30s"), Ok(30.0));
        assert_eq!(seconds("5m"), Ok(300.0));
        assert_eq!(seconds("1h"), Ok(3600.0));
        assert_eq!(seconds("0"), Ok(0.0));
        for bad in [
            "",
            "5",
            "s",
            "-1s",
            "1.5s",
            "1d",
            "99999999999999999999s",
            "999999999h",
        ] {
            assert!(time(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn messages_do_not_hold_the_password() {
        for bad in [
            "postgresql://user:geheim@host:notaport/db",
            "host=x password=a geheim",
            "host=x geheim=1",
            "host=x password=geheim sslmode=geheim1",
        ] {
            let arguments = ["auth-gateway", "--database-url", bad];
            let error = Config::try_parse_from(arguments).expect_err("the URL is bad");
            let line = one_line(&error);
            assert!(line.starts_with("--database-url <URL>: "), "{line}");
            assert!(!line.contains("geheim"), "{line}");
        }
    }

    #[test]
    fn certificates_are_always_checked() {
        let url = database_url("postgresql://u@h/d?sslmode=verify-full").expect("a URL");
        assert_eq!(url.get_ssl_mode(), tokio_postgres::config::SslMode::Require);
    }
}
