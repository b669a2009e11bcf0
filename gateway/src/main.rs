//! `auth-gateway`: carries HTTP requests into Postgres and the answers back.
//!
//! Everything that is decided is decided by the extension, in `auth.http`. The gateway keeps connections,
//! limits and logs, and delivers the messages that the extension has for people and other servers.
#![forbid(unsafe_code)]

mod client_address;
mod config;
mod courier;
mod database;
mod effect;
mod import_env;
mod logging;
mod maintenance;
mod measures;
mod outgoing;
mod proxy;
mod remedy;
mod server;
mod tls;

use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("auth-gateway: {message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the async runtime does not start: {error}"))?;
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq("import-env").is_some() {
        return runtime.block_on(import_env::run(arguments));
    }
    let config = config::Config::read()?;
    logging::init(config.log_format);
    runtime.block_on(server::run(config))
}
