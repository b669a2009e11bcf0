//! Flags and environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use ipnet::IpNet;

/// Serves the auth extension of a Postgres database over HTTP.
///
/// Point SuperTokens' backend SDKs at it in place of the core: connectionURI = "http://127.0.0.1:3567". Every
/// flag can also be given by the environment variable that is named beside it.
#[derive(Debug, Clone, Parser)]
#[command(version, max_term_width = 100)]
pub struct Config {
    /// The database, as a URL (postgresql://user@host/db) or as key=value pairs. For a Unix socket give its
    /// directory as host. The role needs no more than membership in auth_gateway.
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        help_heading = "Database"
    )]
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

    /// How long a request waits for a connection, in milliseconds.
    #[arg(long, env = "AUTH_POOL_TIMEOUT_MS", default_value = "5000", value_name = "MS", help_heading = "Database",
          value_parser = milliseconds)]
    pub pool_timeout: Duration,

    /// Minutes between calls of auth.maintain(), which deletes what has expired and prepares signing keys; 0
    /// turns them off. Any number of gateways may do it.
    #[arg(
        long,
        env = "AUTH_MAINTENANCE_MINUTES",
        default_value_t = 60,
        value_name = "MIN",
        help_heading = "Database"
    )]
    pub maintenance_minutes: u32,

    /// Address and port to listen on. May be given several times.
    #[arg(
        long,
        env = "AUTH_LISTEN",
        default_value = "127.0.0.1:3567",
        value_delimiter = ',',
        value_name = "ADDR",
        help_heading = "HTTP"
    )]
    pub listen: Vec<SocketAddr>,

    /// Networks whose X-Forwarded-For header is believed, as CIDR. May be given several times.
    #[arg(
        long,
        env = "AUTH_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "CIDR",
        help_heading = "HTTP"
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// Bodies beyond this many bytes are refused.
    #[arg(long, env = "AUTH_MAX_BODY_BYTES", default_value_t = 1 << 20, value_name = "BYTES", help_heading = "HTTP")]
    pub max_body_bytes: usize,

    /// How long a request may take in all, in milliseconds; its statement is then cancelled.
    #[arg(long, env = "AUTH_REQUEST_TIMEOUT_MS", default_value = "30000", value_name = "MS", help_heading = "HTTP",
          value_parser = milliseconds)]
    pub request_timeout: Duration,

    /// How long requests may go on after SIGTERM or SIGINT, in milliseconds.
    #[arg(long, env = "AUTH_SHUTDOWN_GRACE_MS", default_value = "10000", value_name = "MS", help_heading = "HTTP",
          value_parser = milliseconds)]
    pub shutdown_grace: Duration,

    /// How log lines look. How much is logged is set by RUST_LOG, for example RUST_LOG=warn.
    #[arg(long, env = "AUTH_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, help_heading = "Logs")]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(ms) if ms > 0 => Ok(Duration::from_millis(ms)),
        _ => Err("must be a number of milliseconds above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Config::command().debug_assert();
    }

    #[test]
    fn lists_and_limits() {
        let parse = |extra: &[&str]| {
            let base = [
                "auth-gateway",
                "--database-url",
                "postgresql:///auth?host=/tmp",
            ];
            Config::try_parse_from(base.iter().chain(extra))
        };
        let config = parse(&[
            "--listen",
            "127.0.0.1:1,[::1]:2",
            "--trusted-proxies",
            "10.0.0.0/8",
        ]);
        let config = config.expect("the flags are good");
        assert_eq!((config.listen.len(), config.trusted_proxies.len()), (2, 1));
        for bad in [
            ["--pool-size", "0"],
            ["--request-timeout", "0"],
            ["--listen", "x"],
        ] {
            assert!(parse(&bad).is_err(), "{bad:?}");
        }
    }
}
