//! Writing a batch: all rows of all its users in a few statements.
//!
//! Users whose like there is are refused before anything is written: an application's triggers never see them. Two users
//! of one batch may still want the same, or somebody else may have come first; those are tried alone, after the others.

use std::collections::HashSet;
use std::iter;

use auth_core::bulk_import::Recipe;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Outcome;
use super::prepare::Prepared;
use crate::db::{Undone, subtransaction};
use crate::recipes::account;
use crate::store::bulk_import::{
    self as rows, ClaimRow, DeviceRow, KeyRow, MappingRow, MetadataRow, MethodRow, RoleRow,
    UserRow, VerifiedRow,
};
use crate::store::{login_methods, users};
use crate::tenant::{self, PUBLIC};

/// Users that cannot be written, by their place in the batch, and why.
type Refused = Vec<(usize, String)>;

/// Imports users; what came of each is added to `outcomes` under its index.
pub fn import_batch(app_id: &str, mut users: Vec<&Prepared>, outcomes: &mut Vec<(usize, Outcome)>) {
    for check in [check_methods, check_claims, check_mappings] {
        let refused = check(app_id, &users);
        refuse(&mut users, refused, outcomes);
    }
    if users.is_empty() {
        return;
    }
    match subtransaction(|| write(app_id, &users)) {
        Ok(()) => outcomes.extend(users.iter().map(|user| (user.index, Ok(user.id())))),
        Err(Undone::Refused(refused)) if users.len() == 1 => {
            refuse(&mut users, refused, outcomes);
        }
        Err(Undone::Refused(refused)) => {
            let places: HashSet<_> = refused.iter().map(|(place, _)| *place).collect();
            let (mut rivals, mut others) = (Vec::new(), Vec::new());
            for (place, user) in users.into_iter().enumerate() {
                let side = if places.contains(&place) {
                    &mut rivals
                } else {
                    &mut others
                };
                side.push(user);
            }
            import_batch(app_id, others, outcomes);
            for user in rivals {
                import_batch(app_id, vec![user], outcomes);
            }
        }
        Err(Undone::Raised(raised)) if users.len() == 1 => {
            outcomes.push((users[0].index, Err(vec![raised.message])));
        }
        // Somebody's trigger, or a constraint, does not like one of them: halve until it is found.
        Err(Undone::Raised(_)) => {
            let rest = users.split_off(users.len() / 2);
            import_batch(app_id, users, outcomes);
            import_batch(app_id, rest, outcomes);
        }
    }
}

/// Takes refused users out.
fn refuse(users: &mut Vec<&Prepared>, refused: Refused, outcomes: &mut Vec<(usize, Outcome)>) {
    let places: HashSet<_> = refused.iter().map(|(place, _)| *place).collect();
    for (place, error) in refused {
        outcomes.push((users[place].index, Err(vec![error])));
    }
    let mut place = 0..;
    users.retain(|_| !places.contains(&place.next().unwrap_or_default()));
}

/// Writes all rows of these users, or says which cannot be; what was written is to be undone then.
fn write(app_id: &str, users: &[&Prepared]) -> Result<(), Refused> {
    let shown_ids: Vec<_> = users.iter().map(|user| user.shown_id()).collect();
    write_users(app_id, users)?;
    let claims = claims(users);
    if !claims.is_empty() {
        none(refused(
            users,
            &rows::insert_claims(app_id, &claims),
            claimed,
        ))?;
    }
    let mappings = mappings(users);
    if !mappings.is_empty() {
        none(refused(
            users,
            &rows::insert_mappings(app_id, &mappings),
            mapped,
        ))?;
    }
    write_verified(app_id, users, &shown_ids);
    write_metadata(app_id, users, &shown_ids);
    write_roles(app_id, users, &shown_ids);
    write_devices(app_id, users, &shown_ids);
    Ok(())
}

fn none(refused: Refused) -> Result<(), Refused> {
    if refused.is_empty() {
        Ok(())
    } else {
        Err(refused)
    }
}

fn write_metadata(app_id: &str, users: &[&Prepared], shown_ids: &[String]) {
    let metadata: Vec<_> = users
        .iter()
        .zip(shown_ids)
        .filter_map(|(user, id)| Some((id, without_nulls(user.user.user_metadata.as_ref()?))))
        .collect();
    let metadata: Vec<_> = metadata
        .iter()
        .map(|(user_id, metadata)| MetadataRow { user_id, metadata })
        .collect();
    if !metadata.is_empty() {
        rows::merge_metadata(app_id, &metadata);
    }
}

fn write_roles(app_id: &str, users: &[&Prepared], shown_ids: &[String]) {
    let mut roles = Vec::new();
    for (user, user_id) in users.iter().zip(shown_ids) {
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
}

fn write_devices(app_id: &str, users: &[&Prepared], shown_ids: &[String]) {
    let mut devices = Vec::new();
    for (user, user_id) in users.iter().zip(shown_ids) {
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
}

/// As a merge into nothing leaves it.
fn without_nulls(metadata: &Map<String, Value>) -> Map<String, Value> {
    let members = metadata.iter().filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn method_row(user: &Prepared, place: usize) -> MethodRow<'_> {
    let method = &user.user.login_methods[place];
    let mut row = MethodRow {
        id: user.ids[place],
        user_id: user.id(),
        recipe: users::Recipe::EmailPassword.name(),
        email: None,
        phone: None,
        third_party_id: None,
        third_party_user_id: None,
        password_hash: user.hashes[place].as_deref(),
        time_joined: method.time_joined_ms,
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

/// When a user joined: with the first of its login methods.
fn time_joined(user: &Prepared) -> i64 {
    let times = user.user.login_methods.iter().map(|m| m.time_joined_ms);
    times.min().unwrap_or_default()
}

fn method_rows<'a>(user: &'a Prepared) -> impl Iterator<Item = MethodRow<'a>> {
    (0..user.ids.len()).map(|place| method_row(user, place))
}

fn key_rows<'a>(users: &[&'a Prepared]) -> Vec<KeyRow<'a>> {
    let mut keys = Vec::with_capacity(users.len());
    for user in users {
        let user_time_joined = time_joined(user);
        for (place, row) in method_rows(user).enumerate() {
            let tenant_ids = user.user.login_methods[place].tenant_ids.iter();
            keys.extend(tenant_ids.map(|tenant_id| KeyRow {
                tenant_id,
                login_method_id: row.id,
                user_id: row.user_id,
                user_time_joined,
                recipe: row.recipe,
                email: row.email,
                phone: row.phone,
                third_party_id: row.third_party_id,
                third_party_user_id: row.third_party_user_id,
            }));
        }
    }
    keys
}

/// Refuses users of whom another one has an address, a number or a provider's user.
fn check_methods(app_id: &str, users: &[&Prepared]) -> Refused {
    let taken = rows::keys_taken(app_id, &key_rows(users));
    refused_methods(app_id, users, taken)
}

/// The users with a login method that cannot be, and why.
fn refused_methods(app_id: &str, users: &[&Prepared], cannot_be: Vec<Uuid>) -> Refused {
    let cannot_be: HashSet<_> = cannot_be.into_iter().collect();
    let refusal = |(place, user): (usize, &&Prepared)| {
        let method = user.ids.iter().position(|id| cannot_be.contains(id))?;
        Some((place, taken(app_id, user, method)))
    };
    users.iter().enumerate().filter_map(refusal).collect()
}

fn write_users(app_id: &str, users: &[&Prepared]) -> Result<(), Refused> {
    let mut user_rows = Vec::with_capacity(users.len());
    let mut methods = Vec::with_capacity(users.len());
    for user in users {
        let rows: Vec<_> = method_rows(user).collect();
        for (place, method) in rows.iter().enumerate() {
            let is_first = method.id == user.id();
            // The user has what any of its login methods has, one that was linked to it has its own.
            let places = || iter::once(place).chain((0..rows.len()).filter(|_| is_first));
            let is_verified = |place: usize| user.user.login_methods[place].is_verified;
            let email = places().find_map(|place| rows[place].email);
            let phone = places().find_map(|place| rows[place].phone);
            user_rows.push(UserRow {
                id: method.id,
                email,
                phone,
                email_is_confirmed: email.is_some()
                    && places().any(|place| rows[place].email == email && is_verified(place)),
                phone_is_confirmed: phone.is_some()
                    && places().any(|place| rows[place].phone == phone && is_verified(place)),
                is_primary: is_first && user.user.becomes_primary_user(),
                merged_into: (!is_first).then(|| user.id()),
                time_joined: if is_first {
                    time_joined(user)
                } else {
                    method.time_joined
                },
            });
        }
        methods.extend(rows);
    }
    let app = tenant::find(app_id, PUBLIC);
    let names = app.as_ref().map_or(("", ""), |app| {
        (
            app.settings.jwt_aud(),
            app.settings.jwt_default_group_name(),
        )
    });
    let missed = rows::insert_users(app_id, &user_rows, &methods, &key_rows(users), names);
    none(refused_methods(app_id, users, missed))
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

/// What those that become primary users claim: all that they have, in all of their tenants.
fn claims(users: &[&Prepared]) -> Vec<ClaimRow> {
    let mut claims = Vec::new();
    for user in users.iter().filter(|user| user.user.becomes_primary_user()) {
        let methods = &user.user.login_methods;
        let tenants: HashSet<_> = methods
            .iter()
            .flat_map(|method| &method.tenant_ids)
            .collect();
        let infos: HashSet<_> = methods
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
    claims
}

/// Refuses primary users when another one holds what they have.
fn check_claims(app_id: &str, users: &[&Prepared]) -> Refused {
    let claims = claims(users);
    if claims.is_empty() {
        return Vec::new();
    }
    refused(users, &rows::claims_held(app_id, &claims), claimed)
}

fn claimed(user: &Prepared) -> String {
    format!(
        "E022: We tried to create the primary user for the userId {} but the account info is \
         already associated with another primary user.",
        user.id()
    )
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

fn mappings<'a>(users: &[&'a Prepared]) -> Vec<MappingRow<'a>> {
    let mapping = |user: &&'a Prepared| {
        Some(MappingRow {
            user_id: user.id(),
            external_id: user.user.external_user_id.as_deref()?,
        })
    };
    users.iter().filter_map(mapping).collect()
}

/// Refuses external ids that another user has, or that are ids of ours.
fn check_mappings(app_id: &str, users: &[&Prepared]) -> Refused {
    let mappings = mappings(users);
    if mappings.is_empty() {
        return Vec::new();
    }
    let mut found = refused(users, &rows::mappings_taken(app_id, &mappings), mapped);
    let alike =
        |mapping: &MappingRow| Some((mapping.user_id, account::parse_id(mapping.external_id)?));
    let alike: Vec<_> = mappings.iter().filter_map(alike).collect();
    if !alike.is_empty() {
        let ids: Vec<_> = alike.iter().map(|(_, external_id)| *external_id).collect();
        let ours = rows::login_methods_among(app_id, &ids);
        let wrong: Vec<_> = alike
            .iter()
            .filter(|(_, external_id)| ours.contains(external_id))
            .map(|(id, _)| *id)
            .collect();
        found.extend(refused(users, &wrong, |_| {
            "Cannot create a userId mapping where the externalId is also a SuperTokens userID"
                .to_owned()
        }));
    }
    found
}

fn mapped(user: &Prepared) -> String {
    format!(
        "E031: A user with externalId {} already exists",
        user.shown_id()
    )
}

/// Those of the users that are among `ids`, with what is said of them.
fn refused(users: &[&Prepared], ids: &[Uuid], error: impl Fn(&Prepared) -> String) -> Refused {
    let ids: HashSet<_> = ids.iter().collect();
    let places = users.iter().enumerate();
    places
        .filter(|(_, user)| ids.contains(&user.id()))
        .map(|(place, user)| (place, error(user)))
        .collect()
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
