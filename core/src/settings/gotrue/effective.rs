//! GoTrue's settings as its rules ask for them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::address::AuthorizedAddresses;
use crate::duration::{GoDuration, Rate};
use crate::jwk_set::{JwtKeys, JwtKeysError};
use crate::password_rules::PasswordRules;
use crate::redirects::{RedirectError, RedirectPolicy};
use crate::settings::Settings;

use super::{HOOKS, PROVIDERS};

/// A built-in OAuth provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider<'a> {
    /// Whether it is one.
    pub enabled: bool,
    /// Our ids there; the first is used to sign in.
    pub client_ids: Vec<&'a str>,
    /// Our secret there.
    pub secret: Option<&'a str>,
    /// Where it sends browsers back to, by a setting of its own or of all providers.
    pub redirect_uri: Option<&'a str>,
    /// Where it is, if it is elsewhere.
    pub url: Option<&'a str>,
    /// Where its API is, if it is elsewhere.
    pub api_url: Option<&'a str>,
    /// Whether users may come without an address.
    pub email_optional: bool,
    /// Whether the nonce of its ID tokens goes unchecked.
    pub skip_nonce_check: bool,
}

/// A hook that is enabled.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook<'a> {
    /// Where it is.
    pub uri: &'a str,
    /// What calls over HTTP are signed with, each as `v1,whsec_<base64>`.
    pub secrets: Vec<&'a str>,
}

impl Settings {
    /// Whether a setting that is true or false is true.
    ///
    /// # Panics
    /// When it is another setting, or none.
    pub fn is_on(&self, key: &str) -> bool {
        self.boolean(key)
    }

    /// The entries of a list, without the blanks around them.
    pub fn list(&self, key: &str) -> Vec<&str> {
        let entries = self.text(key).unwrap_or_default().split(',');
        entries
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .collect()
    }

    /// A duration, if there is one.
    ///
    /// # Panics
    /// When the setting is no duration.
    pub fn duration(&self, key: &str) -> Option<GoDuration> {
        self.text(key)
            .map(|text| text.parse().expect("parse makes it a duration"))
    }

    /// A rate of what the whole server sends.
    ///
    /// # Panics
    /// When the setting is no rate.
    pub fn rate(&self, key: &str) -> Rate {
        let rate = self.text(key).map(str::parse);
        rate.and_then(Result::ok).expect("parse makes it a rate")
    }

    /// The text of a setting, if it has one.
    pub fn setting_text(&self, key: &str) -> Option<&str> {
        self.text(key)
    }

    /// A number.
    ///
    /// # Panics
    /// When the setting is none.
    pub fn setting_number(&self, key: &str) -> f64 {
        self.get(key).as_f64().expect("the setting is a number")
    }

    /// Where browsers reach the API; without a slash at the end.
    pub fn api_external_url(&self) -> Option<&str> {
        self.text("api_external_url")
            .map(|url| url.trim_end_matches('/'))
    }

    /// Where browsers are sent when nothing else is asked for.
    pub fn site_url(&self) -> Option<&str> {
        self.text("site_url")
    }

    /// Where browsers may be sent.
    ///
    /// # Errors
    /// [`RedirectError`] when there is no site.
    pub fn redirect_policy(&self) -> Result<RedirectPolicy, RedirectError> {
        RedirectPolicy::new(
            self.site_url().unwrap_or_default(),
            self.text("uri_allow_list").unwrap_or_default(),
        )
    }

    /// Whether nobody can become a user but by an administrator.
    pub fn disable_signup(&self) -> bool {
        self.boolean("disable_signup")
    }

    /// The keys of access tokens. To read them takes time: keep them.
    ///
    /// # Errors
    /// [`JwtKeysError`], most of all when there is no secret.
    pub fn jwt_keys(&self) -> Result<JwtKeys, JwtKeysError> {
        let text = |key| self.text(key).unwrap_or_default();
        JwtKeys::new(text("jwt_keys"), text("jwt_secret"), text("jwt_key_id"))
    }

    /// Life of an access token of GoTrue, in seconds.
    pub fn jwt_exp_s(&self) -> i64 {
        self.integer("jwt_exp")
    }

    /// The audience where a request names none; it may be empty.
    pub fn jwt_aud(&self) -> &str {
        self.text("jwt_aud").unwrap_or_default()
    }

    /// The role of new users; it may be empty.
    pub fn jwt_default_group_name(&self) -> &str {
        self.text("jwt_default_group_name").unwrap_or_default()
    }

    /// Whether tokens of this role may administer.
    pub fn is_admin_role(&self, role: &str) -> bool {
        self.list("jwt_admin_roles").contains(&role)
    }

    /// What is asked of passwords.
    pub fn password_rules(&self) -> PasswordRules {
        PasswordRules::new(
            self.integer("password_min_length"),
            self.text("password_required_characters")
                .unwrap_or_default(),
        )
    }

    /// The addresses that mail may be sent to.
    pub fn authorized_addresses(&self) -> AuthorizedAddresses {
        let list = self.text("external_email_authorized_addresses");
        AuthorizedAddresses::new(list.unwrap_or_default())
    }

    /// Whether new addresses count as confirmed.
    pub fn mailer_autoconfirm(&self) -> bool {
        self.boolean("mailer_autoconfirm")
    }

    /// Whether new phone numbers count as confirmed.
    pub fn sms_autoconfirm(&self) -> bool {
        self.boolean("sms_autoconfirm")
    }

    /// Life of a code that was mailed, in seconds.
    pub fn mailer_otp_exp_s(&self) -> i64 {
        self.integer("mailer_otp_exp")
    }

    /// How many digits it has.
    pub fn mailer_otp_length(&self) -> i64 {
        self.integer("mailer_otp_length")
    }

    /// Life of a code that was sent by text message, in seconds.
    pub fn sms_otp_exp_s(&self) -> i64 {
        self.integer("sms_otp_exp")
    }

    /// How many digits it has.
    pub fn sms_otp_length(&self) -> i64 {
        self.integer("sms_otp_length")
    }

    /// The port of the mail server.
    pub fn smtp_port(&self) -> i64 {
        self.integer("smtp_port")
    }

    /// How long a used refresh token is taken once more, in seconds.
    pub fn refresh_token_reuse_interval_s(&self) -> i64 {
        self.integer("refresh_token_reuse_interval")
    }

    /// The test code of a phone number, which is in the form in which it is stored. Until when it holds is another
    /// setting.
    pub fn sms_test_otp(&self, phone: &str) -> Option<&str> {
        self.list("sms_test_otp")
            .into_iter()
            .filter_map(|pair| pair.split_once(':'))
            .find(|(number, _)| crate::address::bare_phone(number.trim()) == phone)
            .map(|(_, code)| code.trim())
    }

    /// Until when test codes hold, in milliseconds since the epoch, if they do not for ever.
    pub fn sms_test_otp_valid_until_ms(&self) -> Option<i64> {
        let until = self.text("sms_test_otp_valid_until")?;
        Some(super::check::parse_moment(until).expect("parse makes it a time"))
    }

    /// Further headers of mails; several values of one become a list with commas.
    pub fn smtp_headers(&self) -> BTreeMap<String, String> {
        let text = self.text("smtp_headers").unwrap_or("{}");
        let headers: BTreeMap<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let joined = |value: Value| match value {
            Value::Array(values) => {
                let texts: Vec<_> = values.iter().filter_map(Value::as_str).collect();
                texts.join(", ")
            }
            value => value.as_str().unwrap_or_default().to_owned(),
        };
        headers
            .into_iter()
            .map(|(name, value)| (name, joined(value)))
            .collect()
    }

    /// The built-in provider of that name, enabled or not.
    pub fn provider(&self, name: &str) -> Option<Provider<'_>> {
        PROVIDERS.contains(&name).then(|| {
            let key = |what: &str| format!("external_{name}_{what}");
            Provider {
                enabled: self.boolean(&key("enabled")),
                client_ids: self.list(&key("client_id")),
                secret: self.text(&key("secret")),
                redirect_uri: self
                    .text(&key("redirect_uri"))
                    .or_else(|| self.text("external_redirect_url")),
                url: self.text(&key("url")),
                api_url: self.text(&key("api_url")),
                email_optional: self.boolean(&key("email_optional")),
                skip_nonce_check: self.boolean(&key("skip_nonce_check")),
            }
        })
    }

    /// The hook of that name, one of [`HOOKS`], if it is enabled.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn hook(&self, name: &str) -> Option<Hook<'_>> {
        let key = |what: &str| format!("hook_{name}_{what}");
        if !self.boolean(&key("enabled")) {
            return None;
        }
        let secrets = self.text(&key("secrets")).unwrap_or_default().split('|');
        Some(Hook {
            uri: self.text(&key("uri"))?,
            secrets: secrets.filter(|secret| !secret.is_empty()).collect(),
        })
    }
}

/// What is wrong with settings that are right each by itself.
pub(in crate::settings) fn check_combination(settings: &Settings) -> Option<String> {
    let on = |key| settings.boolean(key);
    let missing = |key| settings.get(key).is_null();
    if on("mailer_autoconfirm") && on("mailer_allow_unverified_email_sign_ins") {
        return Some(
            "mailer_autoconfirm and mailer_allow_unverified_email_sign_ins exclude each other"
                .into(),
        );
    }
    let needs = [
        ("captcha_enabled", "captcha_secret"),
        ("saml_enabled", "saml_private_key"),
        ("passkey_enabled", "webauthn_rp_id"),
        ("passkey_enabled", "webauthn_rp_display_name"),
        ("passkey_enabled", "webauthn_rp_origins"),
        ("db_encryption_encrypt", "db_encryption_key_id"),
        ("db_encryption_encrypt", "db_encryption_key"),
    ];
    let unmet = needs
        .into_iter()
        .find(|(enabled, needed)| on(enabled) && missing(needed))
        .map(|(enabled, needed)| format!("{enabled} needs {needed}"));
    unmet.or_else(|| {
        HOOKS.into_iter().find_map(|name| {
            let (enabled, uri) = (format!("hook_{name}_enabled"), format!("hook_{name}_uri"));
            (settings.boolean(&enabled) && settings.get(&uri).is_null())
                .then(|| format!("{enabled} needs {uri}"))
        })
    })
}
