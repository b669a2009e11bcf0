//! The checks of settings that are texts. Each returns the text to store, `None` for no value.

use super::registry::SUPPORTED_CDI_VERSIONS;

/// A text in which nothing but blanks means no value.
pub(super) fn non_empty(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A list of API keys with commas between them.
pub(super) fn api_keys(text: &str) -> Result<Option<String>, &'static str> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let keys: Vec<&str> = text.split(',').map(str::trim).collect();
    if keys.iter().any(|key| key.len() < 20) {
        return Err("One of the API keys is too short. Please use at least 20 characters");
    }
    if !keys.iter().all(|key| has_key_alphabet(key)) {
        return Err(
            "Invalid characters in API key. Please only use '=', '-' and alpha-numeric (including capitals)",
        );
    }
    Ok(Some(keys.join(",")))
}

/// The second key, which sees and sets protected settings.
pub(super) fn saas_secret(text: &str) -> Result<Option<String>, &'static str> {
    let secret = text.trim();
    if secret.is_empty() {
        Ok(None)
    } else if secret.len() < 40 {
        Err("supertokens_saas_secret is too short. Please use at least 40 characters")
    } else if !has_key_alphabet(secret) {
        Err(
            "Invalid characters in supertokens_saas_secret. Please only use '=', '-' and alpha-numeric (including capitals)",
        )
    } else {
        Ok(Some(secret.to_owned()))
    }
}

fn has_key_alphabet(key: &str) -> bool {
    key.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'=' || byte == b'-')
}

pub(super) fn max_cdi_version(text: &str) -> Result<Option<String>, &'static str> {
    cdi_version(
        text,
        "supertokens_max_cdi_version is not a supported CDI version",
    )
}

pub(super) fn min_cdi_version(text: &str) -> Result<Option<String>, &'static str> {
    cdi_version(
        text,
        "supertokens_min_cdi_version is not a supported CDI version",
    )
}

fn cdi_version(text: &str, message: &'static str) -> Result<Option<String>, &'static str> {
    let version = text.trim();
    if version.is_empty() {
        Ok(None)
    } else if SUPPORTED_CDI_VERSIONS.contains(&version) {
        Ok(Some(version.to_owned()))
    } else {
        Err(message)
    }
}

pub(super) fn ip_allow_regex(text: &str) -> Result<Option<String>, &'static str> {
    regex(
        text,
        "Provided regular expression is invalid for ip_allow_regex config",
    )
}

pub(super) fn ip_deny_regex(text: &str) -> Result<Option<String>, &'static str> {
    regex(
        text,
        "Provided regular expression is invalid for ip_deny_regex config",
    )
}

fn regex(text: &str, message: &'static str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    // By itself first: `a)(b` is made an expression only by the group around it.
    regex_lite::Regex::new(text)
        .and_then(|_| whole_string(text))
        .map(|_| Some(text.to_owned()))
        .map_err(|_| message)
}

/// The expression that matches when `pattern` matches a whole string.
pub(super) fn whole_string(pattern: &str) -> Result<regex_lite::Regex, regex_lite::Error> {
    regex_lite::Regex::new(&format!(r"\A(?:{pattern})\z"))
}

/// A path that all paths begin with: a leading slash, none at the end, none doubled.
pub(super) fn base_path(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.contains(char::is_whitespace) {
        return Err("base_path must not contain spaces");
    }
    Ok(Some(
        text.split('/')
            .filter(|part| !part.is_empty())
            .flat_map(|part| ["/", part])
            .collect(),
    ))
}
