//! What is in effect for one tenant.

use std::fmt;
use std::sync::{Arc, LazyLock};

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::registry::index;
use super::{SettingError, all, parse, text};
use crate::passwords;
use crate::signing::Algorithm;

/// The value of every setting for one tenant. Cheap to clone.
#[derive(Clone)]
pub struct Settings {
    /// In the order of the registry.
    values: Arc<[Value]>,
    ip_allow: Option<Regex>,
    ip_deny: Option<Regex>,
}

static DEFAULTS: LazyLock<Arc<[Value]>> = LazyLock::new(|| {
    let settings = all().iter();
    settings.map(|setting| setting.default_value()).collect()
});

impl fmt::Debug for Settings {
    /// Without values, since some are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl Default for Settings {
    /// Every setting at its default.
    fn default() -> Self {
        Self {
            values: Arc::clone(&DEFAULTS),
            ip_allow: None,
            ip_deny: None,
        }
    }
}

impl Settings {
    /// The values in effect, where the first of `layers` that has a key decides: own tenant, public
    /// tenant of the app, base.
    ///
    /// # Errors
    /// What [`parse`] says of a value that is not acceptable. Such a value was not checked when it
    /// was stored; falling back to another one could open what an operator has closed.
    pub fn resolve(layers: &[&Map<String, Value>]) -> Result<Self, SettingError> {
        let values = all()
            .iter()
            .map(
                |setting| match layers.iter().find_map(|layer| layer.get(setting.key)) {
                    Some(value) => parse(setting, value),
                    None => Ok(setting.default_value()),
                },
            )
            .collect::<Result<Arc<[_]>, _>>()?;
        let mut settings = Self {
            values,
            ip_allow: None,
            ip_deny: None,
        };
        settings.ip_allow = settings.regex("ip_allow_regex")?;
        settings.ip_deny = settings.regex("ip_deny_regex")?;
        Ok(settings)
    }

    /// The value of a setting, of the type that the registry gives it.
    ///
    /// # Panics
    /// When the registry has no such key: keys are constants of the code.
    pub fn get(&self, key: &str) -> &Value {
        &self.values[index(key).unwrap_or_else(|| panic!("no setting is called {key}"))]
    }

    /// Life of an access token, in seconds, before jitter.
    pub fn access_token_validity_s(&self) -> i64 {
        self.integer("access_token_validity")
    }

    /// By what fraction the life of an access token may be shortened at random, 0 to 0.25.
    pub fn access_token_validity_jitter(&self) -> f64 {
        self.number("access_token_validity_jitter")
    }

    /// Life of a refresh token and of its session, in milliseconds.
    pub fn refresh_token_validity_ms(&self) -> i64 {
        (self.number("refresh_token_validity") * 60_000.0) as i64
    }

    /// How long, in seconds, the refresh token before the current one still counts as a repeated
    /// request instead of a reuse.
    pub fn refresh_token_rotation_grace_period_s(&self) -> i64 {
        self.integer("refresh_token_rotation_grace_period")
    }

    /// Whether reuse of the refresh token before the current one, after the grace period, is theft.
    /// Otherwise it is merely refused.
    pub fn recent_token_reuse_is_theft(&self) -> bool {
        self.text("recent_token_reuse_behaviour") == Some("TOKEN_THEFT")
    }

    /// How long a dynamic signing key signs, in milliseconds.
    pub fn dynamic_signing_key_update_interval_ms(&self) -> i64 {
        (self.number("access_token_dynamic_signing_key_update_interval") * 3_600_000.0) as i64
    }

    /// Whether callers up to CDI 2.20, which do not say so themselves, have each access token checked
    /// against its session.
    pub fn access_token_blacklisting(&self) -> bool {
        self.boolean("access_token_blacklisting")
    }

    /// Whether callers up to CDI 2.20, which do not say so themselves, get access tokens signed by a
    /// dynamic key.
    pub fn access_token_signing_key_dynamic(&self) -> bool {
        self.boolean("access_token_signing_key_dynamic")
    }

    /// How access tokens are signed that are asked for through the CDI.
    pub fn cdi_access_token_algorithm(&self) -> Algorithm {
        self.token_algorithm("cdi_access_token_algorithm")
    }

    /// How access tokens are signed that are asked for in SQL.
    pub fn sql_access_token_algorithm(&self) -> Algorithm {
        self.token_algorithm("sql_access_token_algorithm")
    }

    /// How new password hashes are made.
    pub fn password_params(&self) -> passwords::Params {
        let small = |key| u32::try_from(self.integer(key)).expect("the registry bounds it");
        passwords::Params {
            algorithm: match self.text("password_hashing_alg") {
                Some("BCRYPT") => passwords::Algorithm::Bcrypt,
                _ => passwords::Algorithm::Argon2id,
            },
            argon2_memory_kib: small("argon2_memory_kb"),
            argon2_iterations: small("argon2_iterations"),
            argon2_parallelism: small("argon2_parallelism"),
            bcrypt_cost: small("bcrypt_log_rounds"),
        }
    }

    /// The key, in base64, that Firebase hashes are verified with.
    pub fn firebase_signer_key(&self) -> Option<&str> {
        self.text("firebase_password_hashing_signer_key")
    }

    /// Life of a password reset token, in milliseconds.
    pub fn password_reset_token_lifetime_ms(&self) -> i64 {
        self.integer("password_reset_token_lifetime")
    }

    /// Life of an e-mail verification token, in milliseconds.
    pub fn email_verification_token_lifetime_ms(&self) -> i64 {
        self.integer("email_verification_token_lifetime")
    }

    /// Wrong codes that a passwordless device takes before its flow must begin anew.
    pub fn passwordless_max_code_input_attempts(&self) -> i64 {
        self.integer("passwordless_max_code_input_attempts")
    }

    /// Life of a passwordless code, in milliseconds.
    pub fn passwordless_code_lifetime_ms(&self) -> i64 {
        self.integer("passwordless_code_lifetime")
    }

    /// Wrong TOTP codes before a user has to wait.
    pub fn totp_max_attempts(&self) -> i64 {
        self.integer("totp_max_attempts")
    }

    /// How long, in seconds, a user waits after too many wrong TOTP codes.
    pub fn totp_rate_limit_cooldown_s(&self) -> i64 {
        self.integer("totp_rate_limit_cooldown_sec")
    }

    /// Life of a WebAuthn account recovery token, in milliseconds.
    pub fn webauthn_recover_account_token_lifetime_ms(&self) -> i64 {
        self.integer("webauthn_recover_account_token_lifetime")
    }

    /// The API keys of the app; with none, and no [`Self::saas_secret`], everything is open.
    pub fn api_keys(&self) -> Vec<&str> {
        self.text("api_keys")
            .map(|keys| keys.split(',').collect())
            .unwrap_or_default()
    }

    /// The key beside the API keys that sees and sets protected settings.
    pub fn saas_secret(&self) -> Option<&str> {
        self.text("supertokens_saas_secret")
    }

    /// The newest CDI version that is answered, when it is not the newest supported.
    pub fn max_cdi_version(&self) -> Option<&str> {
        self.text("supertokens_max_cdi_version")
    }

    /// The oldest CDI version that is answered, when it is not the oldest supported.
    pub fn min_cdi_version(&self) -> Option<&str> {
        self.text("supertokens_min_cdi_version")
    }

    /// The expression that a client's whole address must match; see [`Self::ip_is_allowed`].
    pub fn ip_allow_regex(&self) -> Option<&str> {
        self.text("ip_allow_regex")
    }

    /// The expression that a client's whole address must not match; see [`Self::ip_is_allowed`].
    pub fn ip_deny_regex(&self) -> Option<&str> {
        self.text("ip_deny_regex")
    }

    /// Whether a client with this address is answered: it matches the first expression, if there is
    /// one, and not the second.
    pub fn ip_is_allowed(&self, address: &str) -> bool {
        !self
            .ip_deny
            .as_ref()
            .is_some_and(|deny| deny.is_match(address))
            && self
                .ip_allow
                .as_ref()
                .is_none_or(|allow| allow.is_match(address))
    }

    /// Whether telemetry is off, as SDKs are told.
    pub fn disable_telemetry(&self) -> bool {
        self.boolean("disable_telemetry")
    }

    /// What all paths of the CDI begin with: empty, or with a leading and without a trailing slash.
    pub fn base_path(&self) -> &str {
        self.text("base_path").unwrap_or_default()
    }

    pub(super) fn integer(&self, key: &str) -> i64 {
        self.get(key)
            .as_i64()
            .expect("parse makes it a whole number")
    }

    pub(super) fn number(&self, key: &str) -> f64 {
        self.get(key).as_f64().expect("parse makes it a number")
    }

    pub(super) fn boolean(&self, key: &str) -> bool {
        self.get(key).as_bool().expect("parse makes it a boolean")
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).as_str()
    }

    fn token_algorithm(&self, key: &str) -> Algorithm {
        match self.text(key) {
            Some("RS256") => Algorithm::Rs256,
            _ => Algorithm::Es256,
        }
    }

    fn regex(&self, key: &str) -> Result<Option<Regex>, SettingError> {
        self.text(key)
            .map(text::whole_string)
            .transpose()
            .map_err(|error| SettingError::Invalid(error.to_string()))
    }
}
