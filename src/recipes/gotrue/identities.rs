//! Identities: the login methods of a user, as GoTrue tells them apart (GoTrue reference, 3.3).
//!
//! All login methods with one address make one identity `email`, whether they have a password, a passkey or neither.

use auth_core::hash;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Context;
use super::accounts::bare_phone;
use crate::db::Time;
use crate::store::auth_users::AuthUser;
use crate::store::identities::{MethodRow, methods_of};

/// An identity.
#[derive(Debug, Clone)]
pub struct Identity {
    pub id: Uuid,
    pub user_id: Uuid,
    pub provider: String,
    /// The user's id there; for an address or a number the user's own.
    pub provider_id: String,
    pub data: Map<String, Value>,
    pub created_at: Time,
    pub updated_at: Time,
    pub last_sign_in_at: Option<Time>,
    /// The login methods that it is made of.
    pub method_ids: Vec<Uuid>,
    /// Their address.
    pub address: Option<String>,
    /// Whether it was verified for one of them.
    pub is_verified: bool,
}

impl Identity {
    /// The address that it shows, which at a provider may be another user's.
    pub fn email(&self) -> Option<String> {
        let email = self.data.get("email")?.as_str()?;
        Some(email.to_lowercase()).filter(|email| !email.is_empty())
    }
}

/// The identities of a user, oldest first.
pub fn list(context: &Context, user: &AuthUser) -> Vec<Identity> {
    of(user, &methods_of(&context.tenant.app_id, user.id))
}

/// The names of the providers, each once.
pub fn providers(identities: &[Identity]) -> Vec<String> {
    let mut providers: Vec<String> = Vec::new();
    for identity in identities {
        if !providers.contains(&identity.provider) {
            providers.push(identity.provider.clone());
        }
    }
    providers
}

/// What login methods are as identities.
pub fn of(user: &AuthUser, methods: &[MethodRow]) -> Vec<Identity> {
    let mut identities: Vec<Identity> = Vec::new();
    for method in methods {
        if let Some((provider, provider_id)) = &method.third_party {
            let mut identity = identity(user, method, provider, provider_id);
            identity
                .data
                .entry("sub")
                .or_insert(provider_id.as_str().into());
            if let Some(email) = &method.email {
                identity
                    .data
                    .entry("email")
                    .or_insert(email.as_str().into());
                let verified = method.email_is_verified.into();
                identity.data.entry("email_verified").or_insert(verified);
            }
            identities.push(identity);
            continue;
        }
        let own_id = user.id.to_string();
        if let Some(email) = &method.email {
            let same = |known: &&mut Identity| {
                known.provider == "email" && known.address.as_ref() == Some(email)
            };
            if let Some(known) = identities.iter_mut().find(same) {
                known.method_ids.push(method.id);
                known.is_verified |= method.email_is_verified;
                if method.email_is_verified {
                    known.data.insert("email_verified".into(), true.into());
                }
            } else {
                let mut identity = identity(user, method, "email", &own_id);
                identity.data.remove("phone");
                identity.data.insert("email".into(), email.as_str().into());
                let verified = method.email_is_verified.into();
                identity.data.insert("email_verified".into(), verified);
                complete(user, &mut identity);
                identities.push(identity);
            }
        }
        if let Some(phone) = &method.phone {
            let mut identity = identity(user, method, "phone", &own_id);
            if method.email.is_some() {
                identity.id = second_id(method.id);
            }
            identity.address = None;
            identity.data.remove("email");
            identity
                .data
                .insert("phone".into(), bare_phone(phone).into());
            let verified = user.phone_confirmed_at.is_some() && user.phone.as_ref() == Some(phone);
            identity
                .data
                .insert("phone_verified".into(), verified.into());
            complete(user, &mut identity);
            identities.push(identity);
        }
    }
    identities
}

/// The id of the second identity of a login method, that by its number: it follows from the first one's.
fn second_id(id: Uuid) -> Uuid {
    let hash = hash::sha256(format!("phone identity of {id}").as_bytes());
    let (bytes, _) = hash.split_first_chunk().expect("a hash is long enough");
    uuid::Builder::from_random_bytes(*bytes).into_uuid()
}

fn identity(user: &AuthUser, method: &MethodRow, provider: &str, provider_id: &str) -> Identity {
    Identity {
        id: method.id,
        user_id: user.id,
        provider: provider.to_owned(),
        provider_id: provider_id.to_owned(),
        data: method
            .identity_data
            .as_object()
            .cloned()
            .unwrap_or_default(),
        created_at: method.created_at,
        updated_at: method.created_at,
        last_sign_in_at: user.last_sign_in_at.or(Some(method.created_at)),
        method_ids: vec![method.id],
        address: method.email.clone(),
        is_verified: method.email_is_verified,
    }
}

/// What every identity by address or number has.
fn complete(user: &AuthUser, identity: &mut Identity) {
    identity
        .data
        .insert("sub".into(), user.id.to_string().into());
    for name in ["email_verified", "phone_verified"] {
        identity.data.entry(name).or_insert(false.into());
    }
}
