//! Sign-ins with PKCE (RFC 7636; GoTrue reference, 4.8).

use auth_core::hash;
use auth_core::ids::{self, Slot};
use auth_core::pkce::{Challenge, Method};
use uuid::Uuid;

use super::{Context, Refusal, Result, accounts};
use crate::store::auth_users::AuthUser;
use crate::store::flow_states::{self, FlowRow};

/// What a flow is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowKind {
    Signup,
    Invite,
    MagicLink,
    Recovery,
    EmailChange,
}

impl FlowKind {
    /// How the session of such a flow was signed in to.
    pub fn amr(self) -> &'static str {
        match self {
            Self::Signup => "email/signup",
            Self::Invite => "invite",
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            Self::EmailChange => "email_change",
        }
    }

    fn provider_type(self) -> &'static str {
        match self {
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            _ => "email",
        }
    }
}

/// Notes that a user who has just been mailed a link will come back with the verifier of this challenge.
pub fn begin(context: &Context, user_id: Uuid, kind: FlowKind, challenge: &Challenge) {
    let flow = FlowRow {
        id: ids::new_id(Slot::of(user_id)),
        user_id,
        authentication_method: kind.amr().to_owned(),
        provider_type: kind.provider_type().to_owned(),
        code_challenge: challenge.text.clone(),
        code_challenge_method: challenge.method.name().to_owned(),
        code_issued_at: None,
        created_at: context.now,
    };
    flow_states::insert(&context.tenant.app_id, &flow);
}

/// The code that the user's newest flow of a kind is ended with.
///
/// # Errors
/// [`Refusal`] when there is none.
pub fn issue_code(context: &Context, user_id: Uuid, kind: FlowKind) -> Result<String> {
    let code = ids::new_id(Slot::of(user_id)).to_string();
    let code_hash = hash::sha256(code.as_bytes());
    if flow_states::issue_code(user_id, kind.amr(), &code_hash, context.now) {
        Ok(code)
    } else {
        Err(not_found().into())
    }
}

fn not_found() -> Refusal {
    Refusal::new(
        404,
        "flow_state_not_found",
        "invalid flow state, no valid flow state found",
    )
}

/// Ends a flow: what it was about, and whose it is, who is locked. A wrong verifier leaves it as it is.
///
/// # Errors
/// [`Refusal`]; [`super::Failure::Overtaken`] when the user has just been deleted or linked to another.
pub fn exchange(context: &Context, code: &str, verifier: &str) -> Result<(FlowRow, AuthUser)> {
    if code.is_empty() || verifier.is_empty() {
        return Err(Refusal::validation(
            "invalid request: both auth code and code verifier should be non-empty",
        )
        .into());
    }
    let code_hash = hash::sha256(code.as_bytes());
    let flow = flow_states::find_by_code(&context.tenant.app_id, &code_hash);
    let flow = flow.ok_or_else(not_found)?;
    let settings = &context.tenant.settings;
    let life = settings.duration("external_flow_state_expiry_duration");
    let life_ms = life.map_or(300_000, |life| life.micros() / 1000);
    // Whoever asks for a link may read the mail later.
    let begun = if flow.provider_type == "oauth" {
        flow.created_at
    } else {
        flow.code_issued_at.unwrap_or(flow.created_at)
    };
    if context.now > begun.plus(life_ms) {
        return Err(Refusal::new(
            422,
            "flow_state_expired",
            "invalid flow state, flow state has expired",
        )
        .into());
    }
    let challenge = Challenge {
        method: Method::parse(&flow.code_challenge_method)?,
        text: flow.code_challenge.clone(),
    };
    challenge.verify(verifier)?;
    // First, as whoever empties a user does: it is there still, or its flows are gone with it.
    let user = accounts::lock(context, flow.user_id)?;
    if flow_states::consume(flow.id) {
        Ok((flow, user))
    } else {
        Err(not_found().into())
    }
}
