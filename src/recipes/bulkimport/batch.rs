//! Writing a batch: all rows of all its users in a few statements, or, when one of them cannot be, without that one.

use std::collections::HashSet;

use auth_core::bulk_import::Recipe;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Outcome;
use super::prepare::Prepared;
use crate::db::{Undone, subtransaction};
use crate::recipes::account;
use crate::store::bulk_import::{
    self as rows, ClaimRow, DeviceRow, MappingRow, MetadataRow, MethodRow, RoleRow, UserRow,
    VerifiedRow,
};
use crate::store::{login_methods, users};

/// Users that cannot be written, by their place in the batch, and why.
type Refused = Vec<(usize, String)>;

/// Writes users; what came of each is added to `outcomes` under its index.
pub fn import_batch(app_id: &str, mut users: Vec<&Prepared>, outcomes: &mut Vec<(usize, Outcome)>) {
    while !users.is_empty() {
        match subtransaction(|| write(app_id, &users)) {
            Ok(()) => {
                outcomes.extend(users.iter().map(|user| (user.index, Ok(user.id()))));
                return;
            }
            // Once more without them. Each round is smaller than the one before.
            Err(Undone::Refused(refused)) => {
                let places: HashSet<_> = refused.iter().map(|(place, _)| *place).collect();
                for (place, error) in refused {
                    outcomes.push((users[place].index, Err(vec![error])));
                }
                let mut place = 0..;
                users.retain(|_| !places.contains(&place.next().unwrap_or_default()));
            }
            Err(Undone::Raised(message)) if users.len() == 1 => {
                outcomes.push((users[0].index, Err(vec![message])));
                return;
            }
            // Somebody's trigger, or a constraint, does not like one of them: halve until it is found.
            Err(Undone::Raised(_)) => {
                let rest = users.split_off(users.len() / 2);
                import_batch(app_id, users, outcomes);
                users = rest;
            }
        }
    }
}

/// Writes all rows of these users, or says which cannot be; what was written is to be undone then.
fn write(app_id: &str, users: &[&Prepared]) -> Result<(), Refused> {
    let shown_ids: Vec<_> = users.iter().map(|user| user.shown_id()).collect();
    write_users(app_id, users)?;
    write_claims(app_id, users)?;
    write_mappings(app_id, users)?;
    write_verified(app_id, users, &shown_ids);
    let with_ids = || users.iter().zip(&shown_ids);

    let metadata: Vec<_> = with_ids()
        .filter_map(|(user, id)| {
            let metadata = without_nulls(user.user.user_metadata.as_ref()?);
            Some((id, metadata))
        })
        .collect();
    let metadata: Vec<_> = metadata
        .iter()
        .map(|(user_id, metadata)| MetadataRow { user_id, metadata })
        .collect();
    if !metadata.is_empty() {
        rows::merge_metadata(app_id, &metadata);
    }

    let mut roles = Vec::new();
    for (user, user_id) in with_ids() {
        for role in &user.user.user_roles {
            roles.extend(role.tenant_ids.iter().map(|tenant_id| RoleRow {
                user_id,
                tenant_id,
                role: &role.role,
            }));
        }
    }
    if !roles.is_empty() {
        rows::insert_roles(app_id, &roles);
    }

    let mut devices = Vec::new();
    for (user, user_id) in with_ids() {
        devices.extend(user.devices.iter().map(|device| DeviceRow {
            user_id,
            name: &device.name,
            secret: device.secret.clone(),
            period_s: device.period_s,
            skew: device.skew,
        }));
    }
    if !devices.is_empty() {
        rows::insert_devices(app_id, &devices);
    }
    Ok(())
}

/// As a merge into nothing leaves it.
fn without_nulls(metadata: &Map<String, Value>) -> Map<String, Value> {
    let members = metadata.iter().filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn method_row<'a>(user: &'a Prepared, place: usize, joined: i64) -> MethodRow<'a> {
    let method = &user.user.login_methods[place];
    let mut row = MethodRow {
        id: user.ids[place],
        user_id: user.id(),
        user_time_joined: joined,
        recipe: users::Recipe::EmailPassword.name(),
        email: None,
        phone: None,
        third_party_id: None,
        third_party_user_id: None,
        password_hash: user.hashes[place].as_deref(),
        time_joined: method.time_joined_ms,
        tenants: &method.tenant_ids,
    };
    match &method.recipe {
        Recipe::EmailPassword { email, .. } => row.email = Some(email),
        Recipe::ThirdParty {
            email,
            third_party_id,
            third_party_user_id,
        } => {
            row.recipe = users::Recipe::ThirdParty.name();
            row.email = Some(email);
            row.third_party_id = Some(third_party_id);
            row.third_party_user_id = Some(third_party_user_id);
        }
        Recipe::Passwordless {
            email,
            phone_number,
        } => {
            row.recipe = users::Recipe::Passwordless.name();
            row.email = email.as_deref();
            row.phone = phone_number.as_deref();
        }
    }
    row
}

fn write_users(app_id: &str, users: &[&Prepared]) -> Result<(), Refused> {
    let mut user_rows = Vec::with_capacity(users.len());
    let mut methods = Vec::with_capacity(users.len());
    for user in users {
        let times = user.user.login_methods.iter().map(|m| m.time_joined_ms);
        let joined = times.min().unwrap_or_default();
        for place in 0..user.ids.len() {
            let method = method_row(user, place, joined);
            let is_first = method.id == user.id();
            user_rows.push(UserRow {
                id: method.id,
                email: method.email,
                phone: method.phone,
                is_primary: is_first && user.user.becomes_primary_user(),
                merged_into: (!is_first).then(|| user.id()),
                time_joined: if is_first { joined } else { method.time_joined },
            });
            methods.push(method);
        }
    }
    let made: HashSet<_> = rows::insert_users(app_id, &user_rows, &methods)
        .into_iter()
        .collect();
    let mut refused = Vec::new();
    for (place, user) in users.iter().enumerate() {
        let missing = user.ids.iter().position(|id| !made.contains(id));
        if let Some(missing) = missing {
            refused.push((place, taken(app_id, user, missing)));
        }
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(refused)
    }
}

/// What is said of a login method whose like there is.
fn taken(app_id: &str, user: &Prepared, place: usize) -> String {
    let method = &user.user.login_methods[place];
    match &method.recipe {
        Recipe::EmailPassword { email, .. } => {
            format!("E003: A user with email {email} already exists in emailpassword loginMethod.")
        }
        Recipe::ThirdParty {
            third_party_id,
            third_party_user_id,
            ..
        } => format!(
            "E005: A user with thirdPartyId {third_party_id} and thirdPartyUserId \
             {third_party_user_id} already exists in thirdparty loginMethod."
        ),
        Recipe::Passwordless {
            email,
            phone_number,
        } => {
            let other_has_email = || {
                let other = |tenant_id: &String| {
                    login_methods::find_passwordless(app_id, tenant_id, email.as_deref(), None)
                };
                let mut others = method.tenant_ids.iter().filter_map(other);
                others.any(|id| id != user.ids[place])
            };
            match (email, phone_number) {
                (Some(email), None) => email_taken(email),
                (Some(email), Some(_)) if other_has_email() => email_taken(email),
                (_, phone) => format!(
                    "E007: A user with phoneNumber {} already exists in passwordless loginMethod.",
                    phone.as_deref().unwrap_or_default()
                ),
            }
        }
    }
}

fn email_taken(email: &str) -> String {
    format!("E006: A user with email {email} already exists in passwordless loginMethod.")
}

/// Claims for those that become primary users all that they have, in all of their tenants.
fn write_claims(app_id: &str, users: &[&Prepared]) -> Result<(), Refused> {
    let mut claims = Vec::new();
    for user in users.iter().filter(|user| user.user.becomes_primary_user()) {
        let tenants: HashSet<_> = user
            .user
            .login_methods
            .iter()
            .flat_map(|method| &method.tenant_ids)
            .collect();
        let infos: HashSet<_> = user
            .user
            .login_methods
            .iter()
            .flat_map(|method| account_info(&method.recipe))
            .collect();
        for tenant_id in tenants {
            claims.extend(infos.iter().map(|(kind, value)| ClaimRow {
                user_id: user.id(),
                tenant_id: tenant_id.clone(),
                kind,
                value: value.clone(),
            }));
        }
    }
    if claims.is_empty() {
        return Ok(());
    }
    refused(users, &rows::insert_claims(app_id, &claims), |user| {
        format!(
            "E022: We tried to create the primary user for the userId {} but the account info is \
             already associated with another primary user.",
            user.id()
        )
    })
}

fn account_info(recipe: &Recipe) -> Vec<(&'static str, String)> {
    match recipe {
        Recipe::EmailPassword { email, .. } => vec![("email", email.clone())],
        Recipe::ThirdParty {
            email,
            third_party_id,
            third_party_user_id,
        } => vec![
            ("email", email.clone()),
            (
                "third_party",
                format!("{third_party_id}::{third_party_user_id}"),
            ),
        ],
        Recipe::Passwordless {
            email,
            phone_number,
        } => {
            let email = email.clone().map(|email| ("email", email));
            let phone = phone_number.clone().map(|phone| ("phone", phone));
            email.into_iter().chain(phone).collect()
        }
    }
}

fn write_mappings(app_id: &str, users: &[&Prepared]) -> Result<(), Refused> {
    let mapped: Vec<_> = users
        .iter()
        .filter_map(|user| Some((user.id(), user.user.external_user_id.as_deref()?)))
        .collect();
    if mapped.is_empty() {
        return Ok(());
    }
    // External ids in the form of ours, which must not be ours.
    let alike = |(id, external_id): &(Uuid, &str)| Some((*id, account::parse_id(external_id)?));
    let alike: Vec<_> = mapped.iter().filter_map(alike).collect();
    if !alike.is_empty() {
        let ids: Vec<_> = alike.iter().map(|(_, external_id)| *external_id).collect();
        let ours: HashSet<_> = rows::login_methods_among(app_id, &ids)
            .into_iter()
            .collect();
        let wrong: Vec<_> = alike
            .iter()
            .filter(|(_, external_id)| ours.contains(external_id))
            .map(|(id, _)| *id)
            .collect();
        refused(users, &wrong, |_| {
            "Cannot create a userId mapping where the externalId is also a SuperTokens userID"
                .to_owned()
        })?;
    }
    let mappings: Vec<_> = mapped
        .into_iter()
        .map(|(user_id, external_id)| MappingRow {
            user_id,
            external_id,
        })
        .collect();
    refused(users, &rows::insert_mappings(app_id, &mappings), |user| {
        format!(
            "E031: A user with externalId {} already exists",
            user.shown_id()
        )
    })
}

/// Those of the users that are among `ids`, with what is said of them.
fn refused(
    users: &[&Prepared],
    ids: &[Uuid],
    error: impl Fn(&Prepared) -> String,
) -> Result<(), Refused> {
    let places = users.iter().enumerate();
    let refused: Vec<_> = places
        .filter(|(_, user)| ids.contains(&user.id()))
        .map(|(place, user)| (place, error(user)))
        .collect();
    if refused.is_empty() {
        Ok(())
    } else {
        Err(refused)
    }
}

/// Notes verified addresses, each under the id by which its login method is known.
fn write_verified(app_id: &str, users: &[&Prepared], shown_ids: &[String]) {
    let mut verified = Vec::new();
    for (user, shown_id) in users.iter().zip(shown_ids) {
        for (place, method) in user.user.login_methods.iter().enumerate() {
            let email = match &method.recipe {
                Recipe::EmailPassword { email, .. } | Recipe::ThirdParty { email, .. } => email,
                Recipe::Passwordless {
                    email: Some(email), ..
                } => email,
                Recipe::Passwordless { email: None, .. } => continue,
            };
            if method.is_verified {
                let id = if place == user.user.primary_index() {
                    shown_id.clone()
                } else {
                    user.ids[place].to_string()
                };
                verified.push((id, email));
            }
        }
    }
    let verified: Vec<_> = verified
        .iter()
        .map(|(user_id, email)| VerifiedRow { user_id, email })
        .collect();
    if !verified.is_empty() {
        rows::insert_verified(app_id, &verified);
    }
}
