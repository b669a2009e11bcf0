//! What an identity provider says of a user (GoTrue reference, 4.11 and 4.22).

use serde_json::{Map, Value, json};

use crate::address;
use crate::id_token::IdToken;

/// An account at a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalAccount {
    /// The provider's name.
    pub provider: String,
    /// The user's id there.
    pub provider_id: String,
    /// The user's addresses there, in the form in which they are stored.
    pub emails: Vec<Email>,
    /// What is kept as the data of the identity.
    pub data: Map<String, Value>,
}

/// An address of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    pub address: String,
    /// Whether the provider vouches for it.
    pub is_verified: bool,
    pub is_primary: bool,
}

/// Claims about the user that are kept as they are (OpenID Connect Core 1.0, section 5.1), besides the address.
const KEPT: [&str; 17] = [
    "iss",
    "sub",
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
];
/// Claims of Azure that say nothing about the user.
const TECHNICAL: [&str; 13] = [
    "aud",
    "iat",
    "nbf",
    "exp",
    "c_hash",
    "at_hash",
    "aio",
    "nonce",
    "rh",
    "uti",
    "jti",
    "ver",
    "email_verified",
];

impl ExternalAccount {
    /// The account that an ID token is about; `None` without a `sub`.
    pub fn of_id_token(provider: &str, token: &IdToken) -> Option<Self> {
        let provider_id = token.text("sub")?.to_owned();
        let claims = &token.claims;
        let mut data = Map::new();
        for name in KEPT {
            if let Some(value) = claims.get(name).filter(|value| !value.is_null()) {
                data.insert(name.to_owned(), value.clone());
            }
        }
        for (name, also) in [("name", "full_name"), ("picture", "avatar_url")] {
            if let Some(text) = token.text(name) {
                data.insert(also.to_owned(), text.into());
            }
        }
        data.insert("provider_id".to_owned(), provider_id.as_str().into());
        let custom = custom_claims(provider, claims);
        if !custom.is_empty() {
            data.insert("custom_claims".to_owned(), custom.into());
        }
        if provider == "vercel_marketplace" {
            for (name, from) in [
                ("email", "user_email"),
                ("full_name", "user_name"),
                ("avatar_url", "user_avatar_url"),
            ] {
                if let Some(text) = token.text(from) {
                    data.insert(name.to_owned(), text.into());
                }
            }
        }
        let address = data.get("email").and_then(Value::as_str);
        let address = address.and_then(|address| address::email(address).ok());
        data.remove("email");
        let emails = address.into_iter().map(|address| Email {
            address,
            is_verified: is_vouched_for(provider, claims),
            is_primary: true,
        });
        let emails: Vec<_> = emails.collect();
        if let Some(email) = emails.first() {
            data.insert("email".to_owned(), email.address.as_str().into());
            data.insert("email_verified".to_owned(), email.is_verified.into());
        }
        Some(Self {
            provider: provider.to_owned(),
            provider_id,
            emails,
            data,
        })
    }

    /// The address that counts: the primary one, or the first.
    pub fn candidate(&self) -> Option<&Email> {
        let mut emails = self.emails.iter();
        emails
            .find(|email| email.is_primary)
            .or_else(|| self.emails.first())
    }
}

/// Whether the provider says that the address is the user's. Kakao's ID tokens do not say it.
fn is_vouched_for(provider: &str, claims: &Map<String, Value>) -> bool {
    match provider {
        // Both give out none that they have not checked.
        "facebook" | "vercel_marketplace" => true,
        // The address is one of a domain that the organisation has proven to own: anybody can write another into
        // their account (the "nOAuth" attack).
        "azure" => claims.get("xms_edov").is_some_and(is_true),
        _ => claims.get("email_verified").is_some_and(is_true),
    }
}

/// Apple writes its booleans as texts, Azure also as numbers.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::String(text) => text == "true" || text == "1",
        value => *value == json!(1),
    }
}

fn custom_claims(provider: &str, claims: &Map<String, Value>) -> Map<String, Value> {
    let is_custom = |name: &str| match provider {
        "google" => name == "hd",
        "apple" => ["is_private_email", "auth_time"].contains(&name),
        "azure" => !KEPT.contains(&name) && !TECHNICAL.contains(&name),
        _ => false,
    };
    let custom = claims
        .iter()
        .filter(|(name, value)| is_custom(name) && !value.is_null());
    custom
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(provider: &str, claims: Value) -> ExternalAccount {
        let Value::Object(claims) = claims else {
            panic!("an object")
        };
        let token = IdToken::from_claims(claims);
        ExternalAccount::of_id_token(provider, &token).expect("an account")
    }

    #[test]
    fn what_a_provider_says_is_kept() {
        let google = account(
            "google",
            json!({
                "iss": "https://accounts.google.com", "sub": "12", "email": "Ada@Example.org", "email_verified": true,
                "name": "Ada", "picture": "https://p/1", "hd": "example.org", "aud": "x", "exp": 1, "locale": null,
            }),
        );
        assert_eq!(
            Value::Object(google.data.clone()),
            json!({
                "iss": "https://accounts.google.com", "sub": "12", "provider_id": "12", "email": "ada@example.org",
                "email_verified": true, "name": "Ada", "full_name": "Ada", "picture": "https://p/1",
                "avatar_url": "https://p/1", "custom_claims": {"hd": "example.org"},
            })
        );
        let candidate = google.candidate().expect("an address");
        assert_eq!(
            (candidate.address.as_str(), candidate.is_verified),
            ("ada@example.org", true)
        );
        let azure = account(
            "azure",
            json!({"sub": "1", "tid": "t", "oid": "o", "ver": "2.0", "name": "Ada"}),
        );
        assert_eq!(azure.data["custom_claims"], json!({"tid": "t", "oid": "o"}));
        assert!(azure.emails.is_empty() && !azure.data.contains_key("email"));
        let vercel = account(
            "vercel_marketplace",
            json!({"sub": "1", "user_email": "a@example.org", "user_name": "Ada"}),
        );
        assert_eq!(
            (&vercel.data["email"], &vercel.data["full_name"]),
            (&json!("a@example.org"), &json!("Ada"))
        );
    }

    #[test]
    fn an_address_is_verified_if_the_provider_vouches_for_it() {
        let is_verified = |provider: &str, claim: &str, value: Value| {
            let mut claims = json!({"sub": "1", "email": "a@example.org"});
            claims[claim] = value;
            account(provider, claims).emails[0].is_verified
        };
        for (value, verified) in [
            (json!(true), true),
            (json!("true"), true),
            (json!("1"), true),
            (json!(1), true),
            (json!(false), false),
            (json!("false"), false),
            (json!(0), false),
            (json!(null), false),
            (json!("yes"), false),
        ] {
            assert_eq!(
                is_verified("apple", "email_verified", value.clone()),
                verified,
                "{value}"
            );
            assert_eq!(
                is_verified("azure", "xms_edov", value.clone()),
                verified,
                "{value}"
            );
        }
        assert!(!is_verified("azure", "email_verified", json!(true)));
        assert!(is_verified("facebook", "x", json!(null)));
        for other in ["kakao", "keycloak", "google", "https://issuer.example.org"] {
            assert!(!is_verified(other, "x", json!(null)), "{other}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for email in [json!("nobody"), json!(""), json!(5), json!("a@b@c")] {
            let account = account(
                "google",
                json!({"sub": "1", "email": email, "email_verified": true}),
            );
            assert_eq!(account.candidate(), None);
            assert!(!account.data.contains_key("email"));
        }
        let token = IdToken::from_claims(Map::new());
        assert_eq!(ExternalAccount::of_id_token("google", &token), None);
    }
}
