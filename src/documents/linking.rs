//! Account linking, ids from another system, users in tenants (CDI, "Account linking", "UserIdMapping", "Multitenancy").

use serde_json::{Value, json};

use super::{UserShape, ok, only, status, user};
use crate::recipes::account::shown_id;
use crate::recipes::accountlinking::{Obstacle, Outcome};
use crate::recipes::tenantusers::Associate;
use crate::recipes::useridmapping::Create;
use crate::store::primary_claims::Kind;
use crate::store::user_id_mappings::Mapping;
use crate::store::users::User;
use crate::tenant::Tenant;

/// What came of making a user primary.
pub fn primary(app: &Tenant, outcome: &Outcome, shape: UserShape) -> Value {
    match outcome {
        Ok(done) => with_user(
            ok(json!({ "wasAlreadyAPrimaryUser": done.was_already })),
            done.user.as_ref(),
            shape,
        ),
        Err(Obstacle::AlreadyLinked { primary, .. }) => status(
            "RECIPE_USER_ID_ALREADY_LINKED_WITH_PRIMARY_USER_ID_ERROR",
            json!({
                "primaryUserId": shown_id(app, *primary),
                "description": "This user ID is already linked to another user ID",
            }),
        ),
        Err(obstacle) => in_the_way(app, obstacle),
    }
}

/// What came of linking a user to a primary one.
pub fn linked(app: &Tenant, outcome: &Outcome, shape: UserShape) -> Value {
    match outcome {
        Ok(done) => with_user(
            ok(json!({ "accountsAlreadyLinked": done.was_already })),
            done.user.as_ref(),
            shape,
        ),
        Err(Obstacle::AlreadyLinked { primary, user }) => with_user(
            status(
                "RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR",
                json!({
                    "primaryUserId": shown_id(app, *primary),
                    "description": "The input recipe user ID is already linked to another user ID",
                }),
            ),
            user.as_ref(),
            shape,
        ),
        Err(obstacle) => in_the_way(app, obstacle),
    }
}

/// Adds the user, which answers of checks do not have.
fn with_user(mut document: Value, shown: Option<&User>, shape: UserShape) -> Value {
    if let Some(shown) = shown {
        document["user"] = user(shown, shape);
    }
    document
}

fn in_the_way(app: &Tenant, obstacle: &Obstacle) -> Value {
    match obstacle {
        Obstacle::AccountInfo { primary, kind } => status(
            "ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR",
            json!({
                "primaryUserId": shown_id(app, *primary),
                "description": claimed(*kind),
            }),
        ),
        Obstacle::NotPrimary | Obstacle::AlreadyLinked { .. } => {
            only("INPUT_USER_IS_NOT_A_PRIMARY_USER")
        }
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

/// What came of making such an id.
pub fn mapped(outcome: &Create) -> Value {
    match outcome {
        Create::Ok => only("OK"),
        Create::UnknownUserId => only("UNKNOWN_SUPERTOKENS_USER_ID_ERROR"),
        Create::AlreadyExists {
            user_has_one,
            external_id_has_one,
        } => status(
            "USER_ID_MAPPING_ALREADY_EXISTS_ERROR",
            json!({
                "doesSuperTokensUserIdExist": user_has_one,
                "doesExternalUserIdExist": external_id_has_one,
            }),
        ),
    }
}
