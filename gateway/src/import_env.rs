//! `auth-gateway import-env FILE`: takes the settings of a GoTrue over from its environment file.

use std::path::PathBuf;

use clap::Parser;
use serde_json::Value;

use crate::config::Config;
use crate::database::Database;

/// Sets a tenant up as a GoTrue was, from its environment file: GOTRUE_... and API_EXTERNAL_URL in lines of NAME=VALUE.
/// All of it, or nothing. The role in --database-url must be one that may call auth.import_env.
#[derive(Parser)]
#[command(name = "auth-gateway import-env", max_term_width = 100)]
struct Arguments {
    /// The environment file.
    file: PathBuf,

    /// The app.
    #[arg(long, default_value = "public", value_name = "ID")]
    app: String,

    /// The tenant.
    #[arg(long, default_value = "public", value_name = "ID")]
    tenant: String,

    #[command(flatten)]
    config: Config,
}

/// Runs the command with the arguments behind its name.
///
/// # Errors
/// What went wrong, in one line.
pub async fn run(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let name = "auth-gateway import-env".to_owned();
    let arguments = match Arguments::try_parse_from(std::iter::once(name).chain(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let file = &arguments.file;
    let env = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let database = Database::new(&arguments.config)?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&env, &arguments.tenant, &arguments.app];
    let report = database
        .tell("SELECT auth.import_env($1, $2, $3)", &parameters)
        .await?;
    print(&report);
    Ok(())
}

/// What became of the variables, for people.
fn print(report: &Value) {
    let entries = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for entry in entries("set") {
        println!(
            "set      {} as {}",
            text(&entry["variable"]),
            text(&entry["setting"])
        );
    }
    for entry in entries("without_effect") {
        println!(
            "kept     {} as {}, which has no effect in this version",
            text(&entry["variable"]),
            text(&entry["setting"])
        );
    }
    for entry in entries("ignored") {
        println!(
            "ignored  {}: {}",
            text(&entry["variable"]),
            text(&entry["reason"])
        );
    }
    for name in entries("unknown") {
        println!("unknown  {}", text(&name));
    }
}
