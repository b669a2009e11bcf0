//! What administrators do with users (GoTrue reference, 2.19 and 4.14).

use auth_core::duration::GoDuration;
use auth_core::hash;
use auth_core::passwords::{check_import, is_whole};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::accounts::{self, NewUser, bare_phone};
use super::audit::{self, Action, Actor};
use super::{Context, Refusal, Result, contacts, passwords};
use crate::db::Time;
use crate::recipes;
use crate::store::auth_users::{self, AuthUser};
use crate::store::{auth_sessions, login_methods, primary_claims};

/// Until when somebody may not sign in.
#[derive(Debug, Clone, Copy)]
pub enum Ban {
    None,
    For(GoDuration),
}

impl Ban {
    /// Reads `ban_duration`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn parse(text: &str) -> Result<Self> {
        if text == "none" {
            return Ok(Self::None);
        }
        text.parse().map(Self::For).map_err(|error| {
            let message = format!("invalid format for ban duration: {error}");
            Refusal::validation(message).into()
        })
    }

    fn until(self, now: Time) -> Option<Time> {
        match self {
            Self::None => None,
            Self::For(duration) => Some(now.plus(duration.micros() / 1000)),
        }
    }
}

/// What is to be set. Addresses and numbers are in the form in which they are stored.
pub struct Changes {
    pub aud: Option<String>,
    pub role: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub password: Option<String>,
    pub password_hash: Option<String>,
    pub email_confirm: bool,
    pub phone_confirm: bool,
    pub user_metadata: Option<Map<String, Value>>,
    pub app_metadata: Option<Map<String, Value>>,
    pub ban: Option<Ban>,
}

/// Makes a user, whatever is switched off.
///
/// # Errors
/// [`Refusal`].
pub fn create(context: &Context, role: &str, id: Option<Uuid>, new: Changes) -> Result<AuthUser> {
    if new.email.is_none() && new.phone.is_none() {
        let message = "Cannot create a user without either an email or phone";
        return Err(Refusal::validation(message).into());
    }
    if new.password.is_some() && new.password_hash.is_some() {
        let message = "Only a password or a password hash should be provided";
        return Err(Refusal::validation(message).into());
    }
    let hash = match (&new.password, &new.password_hash) {
        (_, Some(hash)) => Some(imported(context, hash)?),
        (Some(password), None) if !password.is_empty() => {
            passwords::check_maximum(password)?;
            Some(passwords::hash(context, password)?)
        }
        _ => None,
    };
    let (app_id, tenant_id) = (&context.tenant.app_id, context.tenant.id());
    for value in [&new.email, &new.phone].into_iter().flatten() {
        auth_users::lock_address(app_id, tenant_id, value);
    }
    refuse_taken(context, &new, None)?;
    let providers: Vec<_> = [("email", &new.email), ("phone", &new.phone)]
        .into_iter()
        .filter_map(|(name, value)| value.as_ref().map(|_| name))
        .collect();
    let mut app_metadata = json!({"provider": providers[0], "providers": providers});
    accounts::merge(
        &mut app_metadata,
        &new.app_metadata.clone().unwrap_or_default(),
    );
    let user = accounts::create(
        context,
        NewUser {
            id,
            aud: new.aud.as_deref(),
            role: new.role.as_deref(),
            email: new.email.as_deref(),
            phone: new.phone.as_deref(),
            password_hash: hash.as_deref(),
            email_is_confirmed: new.email_confirm && new.email.is_some(),
            phone_is_confirmed: new.phone_confirm && new.phone.is_some(),
            app_metadata: app_metadata.as_object().cloned().unwrap_or_default(),
            user_metadata: new.user_metadata.unwrap_or_default(),
            banned_until: new.ban.and_then(|ban| ban.until(context.now)),
            ..NewUser::default()
        },
    )?;
    let mut traits = traits(&user);
    traits["provider"] = providers[0].into();
    audit::note(context, Actor::Admin(role), Action::UserSignedUp, traits);
    Ok(user)
}

/// A hash from elsewhere.
fn imported(context: &Context, hash: &str) -> Result<String> {
    if !is_whole(hash) {
        return Err(Refusal::new(500, "", "Invalid password hash").into());
    }
    let signer_key = context.tenant.settings.firebase_signer_key();
    check_import(hash, None, signer_key)
        .map_err(|error| Refusal::new(500, "", format!("Invalid password hash: {error}")).into())
}

fn refuse_taken(context: &Context, wanted: &Changes, except: Option<Uuid>) -> Result<()> {
    let (app_id, tenant_id) = (&context.tenant.app_id, context.tenant.id());
    let email_is_taken =
        |email: &String| auth_users::email_is_taken(app_id, tenant_id, email, except);
    let phone_is_taken =
        |phone: &String| auth_users::phone_is_taken(app_id, tenant_id, phone, except);
    if wanted.email.as_ref().is_some_and(email_is_taken) {
        return Err(Refusal::email_exists().into());
    }
    if wanted.phone.as_ref().is_some_and(phone_is_taken) {
        return Err(Refusal::phone_exists().into());
    }
    Ok(())
}

/// Changes a user at once: nothing needs to be confirmed.
///
/// # Errors
/// [`Refusal`].
pub fn update(context: &Context, role: &str, user: &AuthUser, new: Changes) -> Result<AuthUser> {
    let hash = match &new.password {
        Some(password) => {
            passwords::check_new(context, password)?;
            Some(passwords::hash(context, password)?)
        }
        None => None,
    };
    let wanted = [new.email.as_deref(), new.phone.as_deref()];
    accounts::lock_addresses(context, wanted.into_iter().flatten());
    let mut user = accounts::lock_row(context, user.id)?;
    refuse_taken(context, &new, Some(user.id))
        .map_err(|_| Refusal::new(500, "", "Error updating user"))?;
    let email = new.email.filter(|email| Some(email) != user.email.as_ref());
    let phone = new.phone.filter(|phone| Some(phone) != user.phone.as_ref());
    if let Some(role) = new.role {
        user.role = role;
    }
    if let Some(data) = &new.user_metadata {
        accounts::merge(&mut user.user_metadata, data);
    }
    if let Some(data) = &new.app_metadata {
        accounts::merge(&mut user.app_metadata, data);
    }
    if let Some(ban) = new.ban {
        user.banned_until = ban.until(context.now);
    }
    if let Some(email) = email {
        let is_confirmed = user.email_confirmed_at.is_some() || new.email_confirm;
        user.is_anonymous &= !new.email_confirm;
        contacts::set_email(context, &mut user, &email, is_confirmed)?;
    } else if new.email_confirm && user.email.is_some() && user.email_confirmed_at.is_none() {
        user.email_confirmed_at = Some(context.now);
        user.is_anonymous = false;
        accounts::verified(context, &mut user)?;
    }
    if let Some(phone) = phone {
        let is_confirmed = user.phone_confirmed_at.is_some() || new.phone_confirm;
        user.is_anonymous &= !new.phone_confirm;
        contacts::set_phone(context, &mut user, &phone, is_confirmed)?;
    } else if new.phone_confirm && user.phone.is_some() && user.phone_confirmed_at.is_none() {
        user.phone_confirmed_at = Some(context.now);
        user.is_anonymous = false;
        accounts::verified(context, &mut user)?;
    }
    if let Some(hash) = hash {
        passwords::set(context, &mut user, &hash)?;
        auth_sessions::delete_of(user.id, None);
    }
    auth_users::update(&user, context.now);
    audit::note(
        context,
        Actor::Admin(role),
        Action::UserModified,
        traits(&user),
    );
    accounts::find(context, user.id)
}

fn traits(user: &AuthUser) -> Value {
    json!({
        "user_id": user.id,
        "user_email": user.email.as_deref().unwrap_or_default(),
        "user_phone": bare_phone(user.phone.as_deref().unwrap_or_default()),
    })
}

/// Deletes a user: wholly, or so that the row stays for the application's data.
///
/// # Errors
/// [`Refusal`].
pub fn delete(context: &Context, role: &str, user: &AuthUser, is_soft: bool) -> Result<()> {
    audit::note(
        context,
        Actor::Admin(role),
        Action::UserDeleted,
        traits(user),
    );
    // Or it could be linked to another meanwhile, whom this is not about.
    let mut user = accounts::lock_row(context, user.id)?;
    if !is_soft {
        recipes::users::delete(context.tenant, &user.id.to_string(), true);
        return Ok(());
    }
    if user.deleted_at.is_some() {
        return Ok(());
    }
    let app_id = &context.tenant.app_id;
    for method in accounts::clear(context, &user) {
        login_methods::delete(app_id, method.id);
    }
    primary_claims::release_unused(app_id, user.id);
    let hidden = |value: &Option<String>| {
        let text = format!("{}{}", user.id, value.as_deref().unwrap_or_default());
        URL_SAFE_NO_PAD.encode(hash::sha256(text.as_bytes()))
    };
    let bare = |value: &Option<String>| value.as_deref().map(|phone| bare_phone(phone).to_owned());
    let hidden_phone = |value| hidden(&bare(value)).chars().take(15).collect();
    user.email = Some(hidden(&user.email));
    user.phone = Some(hidden_phone(&user.phone));
    user.drop_changes();
    user.user_metadata = json!({});
    user.app_metadata = json!({});
    user.deleted_at = Some(context.now);
    auth_users::update(&user, context.now);
    Ok(())
}
