//! Settings that change nothing: their features are not there yet, or what they decide is decided otherwise here. They are
//! kept, so that a GoTrue's environment is taken over whole.

use crate::settings::Setting;

/// Names, or beginnings of names with a `*`.
const WITHOUT_EFFECT: &[&str] = &[
    // The gateway's --request-timeout and log.
    "api_max_request_duration",
    "request_id_header",
    // A password always stands on an identity, and lists have pages.
    "create_email_identity_on_password_set_enabled",
    "cursor_pagination_enabled",
    // Links are built from api_external_url alone.
    "mailer_external_hosts",
    "custom_oauth_*",
    "db_decryption_keys",
    "db_encryption_*",
    "external_web3_*",
    "mailer_email_validation_*",
    "mfa_web_authn_*",
    "oauth_server_*",
    "passkey_*",
    "provider_linking_domains",
    "providers_with_own_linking_domain",
    "saml_*",
    "scim_*",
    "sms_messagebird_*",
    "sms_textlocal_*",
    "sms_twilio_content_sid",
    "sms_twilio_verify_*",
    "sms_vonage_*",
    "webauthn_*",
];

/// Whether a setting changes anything.
pub fn has_effect(setting: &Setting) -> bool {
    !WITHOUT_EFFECT
        .iter()
        .any(|name| super::env::covers(name, setting.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::all;

    #[test]
    fn each_of_them_is_a_setting() {
        for name in WITHOUT_EFFECT {
            let is_it = |setting: &&Setting| super::super::env::covers(name, setting.key);
            assert!(all().iter().any(|setting| is_it(&setting)), "{name}");
        }
    }
}
