//! Taking over the environment of a GoTrue, and making the keys that its clients are configured with.

use auth_core::settings::{EnvError, find, from_env, has_effect};
use serde_json::{Map, Value, json};

use super::jwt;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::recipes::multitenancy;
use crate::tenant::Tenant;

/// What became of the variables of an environment file.
#[derive(Default)]
pub struct Imported {
    /// Name of the variable and key of the setting.
    pub set: Vec<(String, &'static str)>,
    /// The same of settings that are kept and change nothing.
    pub without_effect: Vec<(String, &'static str)>,
    /// Name of the variable, and why it means nothing here.
    pub ignored: Vec<(String, &'static str)>,
    /// GoTrue knows no such variables.
    pub unknown: Vec<String>,
}

/// Sets the settings of a tenant as an environment file of GoTrue says: all, or none when one cannot be.
///
/// # Errors
/// [`Error::Invalid`], which names the variable or the line and never a value.
pub fn import(tenant: &Tenant, file: &str) -> Result<Imported> {
    let (mut imported, mut update) = (Imported::default(), Map::new());
    for (name, value) in variables(file)? {
        match from_env(&name, &value) {
            Some(Ok((key, value))) => {
                update.insert(key.to_owned(), value);
                let changes = find(key).is_some_and(has_effect);
                match changes {
                    true => imported.set.push((name, key)),
                    false => imported.without_effect.push((name, key)),
                }
            }
            Some(Err(EnvError::Ignored(reason))) => imported.ignored.push((name, reason)),
            Some(Err(EnvError::Invalid(error))) => {
                return Err(Error::invalid(format!("{name}: {error}")));
            }
            None => imported.unknown.push(name),
        }
    }
    multitenancy::set_settings(&tenant.app_id, tenant.id(), update)?;
    Ok(imported)
}

/// The variables of a file with a NAME=VALUE in each line. Blank lines and those that begin with # are passed over, as are
/// `export` before a name and quotes around a value.
fn variables(file: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (index, line) in file.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or_else(|| {
            let number = index + 1;
            Error::invalid(format!("line {number} of the environment has no \"=\""))
        })?;
        let value = value.trim();
        let unquoted = ['"', '\'']
            .into_iter()
            .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
        found.push((name.trim().to_owned(), unquoted.unwrap_or(value).to_owned()));
    }
    Ok(found)
}

/// A token that names a role and no user: what clients send as `apikey`. It does not expire.
///
/// # Errors
/// [`Error::Invalid`] for an empty role, [`Error::Keys`].
pub fn create_api_key(tenant: &Tenant, role: &str) -> Result<String> {
    if role.trim().is_empty() {
        return Err(Error::invalid("argument \"role\" must not be empty"));
    }
    let claims: Value = json!({"role": role, "iss": "auth", "iat": Time::now().seconds()});
    jwt::sign(tenant, &claims)
}
