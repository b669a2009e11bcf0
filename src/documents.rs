//! The JSON documents that doors and SQL functions answer with. Shapes only: no rule, no SQL.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::recipes::account::shown_id;
use crate::recipes::accountlinking::Obstacle;
use crate::recipes::multitenancy::{FactorRules, TenantConfig, enabled_factors, is_enabled};
use crate::recipes::passwordless::{ConsumedDevice, DeviceCodes, NewCode, Refused};
use crate::recipes::session::{DatedToken, Minted, Refresh, SessionDetails, SessionInfo};
use crate::recipes::tenantusers::Associate;
use crate::store::login_methods::Contact;
use crate::store::passwordless::Code;
use crate::store::primary_claims::Kind;
use crate::store::user_id_mappings::Mapping;
use crate::store::users::{LoginMethod, Recipe, User};
use crate::tenant::Tenant;

/// How users are shown (CDI, "User object").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserShape {
    /// One object a user with all its login methods; `webauthn` members from CDI 5.3 on.
    Full { webauthn: bool },
    /// The first login method alone (CDI before 4.0); `tenantIds` from CDI 3.0 on.
    FirstLoginMethod { tenant_ids: bool },
}

impl UserShape {
    /// What SQL functions answer.
    pub const NEWEST: Self = Self::Full { webauthn: true };

    /// What operations from before login methods could be linked show: one login method.
    pub fn without_linking(self) -> Self {
        match self {
            Self::Full { .. } => Self::FirstLoginMethod { tenant_ids: true },
            first => first,
        }
    }
}

/// An answer with `status` and further members.
pub fn status(name: &str, members: Value) -> Value {
    let mut document = json!({ "status": name });
    if let Value::Object(members) = members {
        document
            .as_object_mut()
            .expect("made as an object")
            .extend(members);
    }
    document
}

/// `{"status":"OK", ...}`.
pub fn ok(members: Value) -> Value {
    status("OK", members)
}

/// `{"status":name}`.
pub fn only(name: &str) -> Value {
    json!({ "status": name })
}

/// A user.
pub fn user(user: &User, shape: UserShape) -> Value {
    match shape {
        UserShape::Full { webauthn } => full_user(user, webauthn),
        UserShape::FirstLoginMethod { tenant_ids } => {
            first_login_method(&user.login_methods[0], tenant_ids)
        }
    }
}

/// A user in a list: before CDI 4.0 wrapped with its recipe.
pub fn listed_user(user: &User, shape: UserShape) -> Value {
    match shape {
        UserShape::Full { .. } => self::user(user, shape),
        UserShape::FirstLoginMethod { .. } => json!({
            "recipeId": user.login_methods[0].recipe.name(),
            "user": self::user(user, shape),
        }),
    }
}

fn full_user(user: &User, webauthn: bool) -> Value {
    let methods = &user.login_methods;
    let has_top_level_email = |method: &&LoginMethod| webauthn || method.recipe != Recipe::WebAuthn;
    let emails = methods
        .iter()
        .filter(has_top_level_email)
        .filter_map(|m| m.email.clone());
    let phones = methods.iter().filter_map(|method| method.phone.clone());
    let third_party = methods
        .iter()
        .filter_map(|method| method.third_party.as_ref());
    let third_party = third_party.map(|(id, user_id)| json!({"id": id, "userId": user_id}));
    let tenants = methods
        .iter()
        .flat_map(|method| method.tenant_ids.iter().cloned());
    let mut document = json!({
        "id": user.shown_id(),
        "isPrimaryUser": user.is_primary,
        "tenantIds": distinct(tenants),
        "timeJoined": user.time_joined.0,
        "emails": distinct(emails),
        "phoneNumbers": distinct(phones),
        "thirdParty": distinct(third_party),
        "loginMethods": methods.iter().map(|m| login_method(m, webauthn)).collect::<Vec<_>>(),
    });
    if webauthn {
        document["webauthn"] = json!({"credentialIds": []});
    }
    document
}

fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

fn login_method(method: &LoginMethod, webauthn: bool) -> Value {
    let mut document = json!({
        "tenantIds": method.tenant_ids,
        "recipeUserId": method.shown_id(),
        "verified": method.verified,
        "timeJoined": method.time_joined.0,
        "recipeId": method.recipe.name(),
    });
    put_account_info(&mut document, method);
    if webauthn && method.recipe == Recipe::WebAuthn {
        document["webauthn"] = json!({"credentialIds": []});
    }
    document
}

/// Members that are present only when set, and never null.
fn put_account_info(document: &mut Value, method: &LoginMethod) {
    if let Some(email) = &method.email {
        document["email"] = email.as_str().into();
    }
    if let Some(phone) = &method.phone {
        document["phoneNumber"] = phone.as_str().into();
    }
    if let Some((id, user_id)) = &method.third_party {
        document["thirdParty"] = json!({"id": id, "userId": user_id});
    }
}

fn first_login_method(method: &LoginMethod, tenant_ids: bool) -> Value {
    let mut document = json!({"id": method.shown_id(), "timeJoined": method.time_joined.0});
    put_account_info(&mut document, method);
    if tenant_ids {
        document["tenantIds"] = json!(method.tenant_ids);
    }
    document
}

/// `{"status":"OK","user":...,"recipeUserId":...}`; the id is left out where the shape knows none.
pub fn signed_in(user: &User, recipe_user_id: Uuid, shape: UserShape) -> Value {
    let mut document = ok(json!({"user": self::user(user, shape)}));
    if matches!(shape, UserShape::Full { .. }) {
        let method = user.login_methods.iter().find(|m| m.id == recipe_user_id);
        document["recipeUserId"] = method
            .map_or_else(|| recipe_user_id.to_string(), LoginMethod::shown_id)
            .into();
    }
    document
}

/// A code that was just made.
pub fn new_code(code: &NewCode) -> Value {
    ok(json!({
        "preAuthSessionId": code.pre_auth_session_id,
        "codeId": code.code_id,
        "deviceId": code.device_id,
        "userInputCode": code.user_input_code,
        "linkCode": code.link_code,
        "timeCreated": code.created_at.0,
        "codeLifetime": code.lifetime_ms,
    }))
}

/// The device whose code was presented.
pub fn consumed_device(device: &ConsumedDevice) -> Value {
    let mut document = json!({
        "preAuthSessionId": device.pre_auth_session_id,
        "failedCodeInputAttemptCount": device.failed_attempts,
    });
    put_contact(&mut document, &device.contact);
    document
}

/// A device that waits, with its codes.
pub fn device_codes(listed: &DeviceCodes, lifetime_ms: i64) -> Value {
    let code = |code: &Code| json!({"codeId": code.id, "timeCreated": code.created_at.0, "codeLifetime": lifetime_ms});
    let mut document = json!({
        "preAuthSessionId": listed.device.id,
        "failedCodeInputAttemptCount": listed.device.failed_attempts,
        "codes": listed.codes.iter().map(code).collect::<Vec<_>>(),
    });
    put_contact(&mut document, &listed.device.contact);
    document
}

fn put_contact(document: &mut Value, contact: &Contact) {
    if let Some(email) = &contact.email {
        document["email"] = email.as_str().into();
    }
    if let Some(phone) = &contact.phone {
        document["phoneNumber"] = phone.as_str().into();
    }
}

/// Why a code was not accepted.
pub fn refused_code(refused: &Refused) -> Value {
    let (name, failed_attempts, max) = match refused {
        Refused::RestartFlow => return only("RESTART_FLOW_ERROR"),
        Refused::Incorrect {
            failed_attempts,
            max,
        } => ("INCORRECT_USER_INPUT_CODE_ERROR", failed_attempts, max),
        Refused::Expired {
            failed_attempts,
            max,
        } => ("EXPIRED_USER_INPUT_CODE_ERROR", failed_attempts, max),
    };
    let counts = json!({
        "failedCodeInputAttemptCount": failed_attempts,
        "maximumCodeInputAttempts": max,
    });
    status(name, counts)
}

/// Why a user cannot be a primary one.
pub fn primary_obstacle(app: &Tenant, obstacle: &Obstacle) -> Value {
    match obstacle {
        Obstacle::AlreadyLinked { primary } => status(
            "RECIPE_USER_ID_ALREADY_LINKED_WITH_PRIMARY_USER_ID_ERROR",
            json!({
                "primaryUserId": shown_id(app, *primary),
                "description": "This user ID is already linked to another user ID",
            }),
        ),
        other => link_obstacle(app, other),
    }
}

/// Why a user cannot be linked.
pub fn link_obstacle(app: &Tenant, obstacle: &Obstacle) -> Value {
    match obstacle {
        Obstacle::NotPrimary => only("INPUT_USER_IS_NOT_A_PRIMARY_USER"),
        Obstacle::AlreadyLinked { primary } => status(
            "RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR",
            json!({
                "primaryUserId": shown_id(app, *primary),
                "description": "The input recipe user ID is already linked to another user ID",
            }),
        ),
        Obstacle::AccountInfo { primary, kind } => status(
            "ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR",
            json!({
                "primaryUserId": shown_id(app, *primary),
                "description": claimed(*kind),
            }),
        ),
    }
}

fn claimed(kind: Kind) -> String {
    let what = match kind {
        Kind::ThirdParty => "third party login",
        Kind::Email => "email",
        Kind::Phone => "phone number",
    };
    format!("This user's {what} is already associated with another user ID")
}

/// What came of putting a login method into a tenant.
pub fn associated(outcome: &Associate) -> Value {
    match outcome {
        Associate::Ok {
            was_already_associated,
        } => ok(json!({ "wasAlreadyAssociated": was_already_associated })),
        Associate::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
        Associate::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
        Associate::PhoneNumberAlreadyExists => only("PHONE_NUMBER_ALREADY_EXISTS_ERROR"),
        Associate::ThirdPartyUserAlreadyExists => only("THIRD_PARTY_USER_ALREADY_EXISTS_ERROR"),
        Associate::NotAllowed(conflict) => status(
            "ASSOCIATION_NOT_ALLOWED_ERROR",
            json!({ "reason": claimed(conflict.kind) }),
        ),
    }
}

/// What came of taking one out.
pub fn disassociated(was_associated: Option<bool>) -> Value {
    match was_associated {
        Some(was_associated) => ok(json!({ "wasAssociated": was_associated })),
        None => only("UNKNOWN_USER_ID_ERROR"),
    }
}

/// An id from another system, beside ours.
pub fn user_id_mapping(mapping: &Mapping) -> Value {
    let mut document = json!({
        "superTokensUserId": mapping.user_id,
        "externalUserId": mapping.external_id,
    });
    if let Some(info) = &mapping.external_info {
        document["externalUserIdInfo"] = info.as_str().into();
    }
    document
}

/// How sessions are shown.
#[derive(Debug, Clone, Copy)]
pub struct SessionShape {
    /// From CDI 4.0 on.
    pub recipe_user_id: bool,
}

impl SessionShape {
    /// What SQL functions answer.
    pub const NEWEST: Self = Self {
        recipe_user_id: true,
    };
}

/// The `session` member of answers.
pub fn session(session: &SessionInfo, shape: SessionShape) -> Value {
    let mut document = json!({
        "handle": session.handle,
        "userId": session.user_id,
        "userDataInJWT": session.payload,
        "tenantId": session.tenant_id,
    });
    if shape.recipe_user_id {
        document["recipeUserId"] = session.recipe_user_id.as_str().into();
    }
    document
}

/// Everything about a session.
pub fn session_details(details: &SessionDetails, shape: SessionShape) -> Value {
    let info = &details.info;
    let mut document = ok(json!({
        "sessionHandle": info.handle,
        "userId": info.user_id,
        "userDataInDatabase": details.data,
        "userDataInJWT": info.payload,
        "expiry": details.expires_at.0,
        "timeCreated": details.created_at.0,
        "tenantId": info.tenant_id,
    }));
    if shape.recipe_user_id {
        document["recipeUserId"] = info.recipe_user_id.as_str().into();
    }
    document
}

/// A token with its times in milliseconds.
pub fn token(token: &DatedToken) -> Value {
    json!({"token": token.token, "expiry": token.expiry, "createdTime": token.created})
}

/// A session with new tokens.
pub fn minted(minted: &Minted, shape: SessionShape) -> Value {
    let mut document = ok(json!({
        "session": session(&minted.session, shape),
        "accessToken": token(&minted.access_token),
        "refreshToken": token(&minted.refresh_token),
    }));
    if let Some(anti_csrf) = &minted.anti_csrf {
        document["antiCsrfToken"] = anti_csrf.as_str().into();
    }
    document
}

/// What a refresh that failed answers.
pub fn refresh_failure(refreshed: &Refresh) -> Value {
    let (mut document, subtype) = match refreshed {
        Refresh::Ok(_) => (only("OK"), &None),
        Refresh::Unauthorised { message, subtype } => (
            status("UNAUTHORISED", json!({ "message": message })),
            subtype,
        ),
        Refresh::TokenTheftDetected {
            handle,
            user_id,
            recipe_user_id,
            subtype,
        } => {
            let session =
                json!({"handle": handle, "userId": user_id, "recipeUserId": recipe_user_id});
            (
                status("TOKEN_THEFT_DETECTED", json!({ "session": session })),
                subtype,
            )
        }
    };
    if let Some(subtype) = subtype {
        document["recentTokenReuseSubtype"] = subtype.name().into();
    }
    document
}

/// A tenant's configuration (CDI, "Multitenancy", "Answers").
pub fn tenant(config: &TenantConfig, shape: FactorRules) -> Value {
    let row = &config.row;
    let mut document = Map::new();
    document.insert("tenantId".into(), row.id.as_str().into());
    document.insert("coreConfig".into(), json!(config.core_config));
    let providers = json!({"providers": row.third_party_providers});
    document.insert("thirdParty".into(), providers);
    let all_on = row.email_password_enabled && row.third_party_enabled && row.passwordless_enabled;
    let mut first_factors = row.first_factors.clone();
    if shape == FactorRules::Lists && first_factors.is_none() && !all_on {
        first_factors = Some(enabled_factors(row));
    }
    if shape != FactorRules::Lists {
        let enabled = |recipe| json!({"enabled": is_enabled(row, shape, recipe)});
        document.insert("emailPassword".into(), enabled(Recipe::EmailPassword));
        document.insert("passwordless".into(), enabled(Recipe::Passwordless));
        document["thirdParty"]["enabled"] = is_enabled(row, shape, Recipe::ThirdParty).into();
        first_factors = first_factors.filter(|factors| !factors.is_empty());
    }
    if shape != FactorRules::Switches {
        if let Some(factors) = first_factors {
            document.insert("firstFactors".into(), json!(factors));
        }
        if let Some(factors) = &row.required_secondary_factors {
            document.insert("requiredSecondaryFactors".into(), json!(factors));
        }
    }
    Value::Object(document)
}
