//! The audit log (GoTrue reference, 4.15), written in the transaction of what it tells of.

use auth_core::ids::{self, Slot};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Context;
use crate::store::audit_log::{self, Entry};
use crate::store::auth_users::AuthUser;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Login,
    Logout,
    UserSignedUp,
    UserInvited,
    UserDeleted,
    TokenRefreshed,
    UserModified,
    UserRecoveryRequested,
    UserReauthenticateRequested,
    UserConfirmationRequested,
    UserRepeatedSignup,
    UserUpdatedPassword,
    IdentityLinked,
    IdentityUnlinked,
    FactorInProgress,
    FactorUnenrolled,
    FactorUpdated,
    FactorDeleted,
    ChallengeCreated,
    VerificationAttempted,
}

impl Action {
    /// Its name, and the kind that it is of.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Login => ("login", "account"),
            Self::Logout => ("logout", "account"),
            Self::UserSignedUp => ("user_signedup", "team"),
            Self::UserInvited => ("user_invited", "team"),
            Self::UserDeleted => ("user_deleted", "team"),
            Self::TokenRefreshed => ("token_refreshed", "token"),
            Self::UserModified => ("user_modified", "user"),
            Self::UserRecoveryRequested => ("user_recovery_requested", "user"),
            Self::UserReauthenticateRequested => ("user_reauthenticate_requested", "user"),
            Self::UserConfirmationRequested => ("user_confirmation_requested", "user"),
            Self::UserRepeatedSignup => ("user_repeated_signup", "user"),
            Self::UserUpdatedPassword => ("user_updated_password", "user"),
            Self::IdentityLinked => ("identity_linked", "user"),
            Self::IdentityUnlinked => ("identity_unlinked", "user"),
            Self::FactorInProgress => ("factor_in_progress", "factor"),
            Self::FactorUnenrolled => ("factor_unenrolled", "factor"),
            Self::FactorUpdated => ("factor_updated", "factor"),
            Self::FactorDeleted => ("factor_deleted", "factor"),
            Self::ChallengeCreated => ("challenge_created", "factor"),
            Self::VerificationAttempted => ("verification_attempted", "factor"),
        }
    }
}

/// Who did it.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    User(&'a AuthUser),
    /// The bearer of a token of this role.
    Admin(&'a str),
}

/// Notes what was done; `traits` are further members, or null.
pub fn note(context: &Context, actor: Actor, action: Action, traits: Value) {
    if context.is_on("audit_log_disable_postgres") {
        return;
    }
    let (name, log_type) = action.names();
    let mut payload = match actor {
        Actor::User(user) => {
            let bare = |phone: &String| phone.trim_start_matches('+').to_owned();
            let username = user.phone.as_ref().map(bare).or_else(|| user.email.clone());
            let mut payload = json!({
                "actor_id": user.id,
                "actor_username": username.unwrap_or_default(),
                "actor_via_sso": user.is_sso_user,
            });
            if let Some(full_name) = user.user_metadata.get("full_name").and_then(Value::as_str) {
                payload["actor_name"] = full_name.into();
            }
            payload
        }
        Actor::Admin(role) => json!({
            "actor_id": Uuid::nil(),
            "actor_username": role,
            "actor_via_sso": false,
        }),
    };
    payload["action"] = name.into();
    payload["log_type"] = log_type.into();
    if !traits.is_null() {
        payload["traits"] = traits;
    }
    let slot = match actor {
        Actor::User(user) => Slot::of(user.id),
        Actor::Admin(_) => Slot::random(),
    };
    audit_log::insert(
        &context.tenant.app_id,
        &Entry {
            id: ids::new_id(slot),
            payload,
            created_at: context.now,
            ip_address: context.client.address.unwrap_or_default().to_owned(),
        },
    );
}
