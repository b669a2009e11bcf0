//! `auth-gateway`: carries HTTP requests into Postgres and the answers back.
//!
//! Everything that is decided is decided by the extension, in `auth.http`. The gateway keeps connections,
//! limits and logs.
#![forbid(unsafe_code)]

mod client_address;
mod config;
mod database;
mod logging;
mod maintenance;
mod measures;
mod proxy;
mod server;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let config = config::Config::parse();
    logging::init(config.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(server::run(config)),
        Err(error) => Err(format!("the async runtime does not start: {error}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("auth-gateway: {message}");
            ExitCode::from(2)
        }
    }
}
