//! Signing in with an account at a provider (GoTrue reference, 4.11 and 4.12).

use auth_core::external_account::{Email, ExternalAccount};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::accounts::{self, NewUser};
use super::audit::{self, Action, Actor};
use super::notifications::{self, Happening};
use super::sessions::{self, Tokens};
use super::sign_in::SIGNUP_DISABLED;
use super::sign_up::{autoconfirm, send_confirmation};
use super::{Context, Failure, Refusal, Result, contacts};
use crate::recipes::{account, thirdparty};
use crate::store::auth_users::{self, AuthUser};
use crate::store::identities::{self, MethodRow};
use crate::store::users::{self, Recipe};
use crate::store::{login_methods, primary_claims, verified_emails};

/// Signs in to the user with that account, to the one who has proven its address, or to a new one.
///
/// # Errors
/// [`Refusal`].
pub fn sign_in(context: &Context, account: &ExternalAccount) -> Result<Tokens> {
    context.tenant.hold()?;
    let provider = context.tenant.settings.provider(&account.provider);
    let needs_email = !provider.is_some_and(|provider| provider.email_optional);
    if needs_email && account.candidate().is_none() {
        let message = "Error getting user email from external provider";
        return Err(Refusal::new(500, "", message).into());
    }
    let Met {
        mut user,
        method_id,
        was_proven,
    } = match find(context, account) {
        Some(method_id) => meet_again(context, account, method_id)?,
        None => meet(context, account)?,
    };
    if user.is_banned(context.now) {
        return Err(Refusal::user_banned(403).into());
    }
    let traits = json!({ "provider": account.provider });
    if was_proven {
        audit::note(context, Actor::User(&user), Action::Login, traits);
    } else if let Some(email) = account.candidate() {
        if email.is_verified || autoconfirm(context, true) {
            confirm(context, &mut user, &email.address)?;
            audit::note(context, Actor::User(&user), Action::UserSignedUp, traits);
        } else {
            ask_for_proof(context, &mut user, account, email)?;
        }
    }
    accounts::recount_providers(context, &mut user);
    auth_users::update(&user, context.now);
    sessions::open(context, user.id, Some(method_id), "oauth")
}

/// The user whose account it is, who is locked.
struct Met {
    user: AuthUser,
    /// The account as a login method.
    method_id: Uuid,
    /// Whether the user had proven anything before.
    was_proven: bool,
}

/// Refuses where users link and unlink nothing themselves.
///
/// # Errors
/// [`Refusal`].
pub fn refuse_unless_linking(context: &Context) -> Result<()> {
    if context.is_on("manual_linking_enabled") {
        return Ok(());
    }
    let message = "Manual linking is disabled";
    Err(Refusal::new(404, "manual_linking_disabled", message).into())
}

/// Gives a user who is signed in an account at a provider, too.
///
/// # Errors
/// [`Refusal`].
pub fn link(context: &Context, user: &AuthUser, account: &ExternalAccount) -> Result<Tokens> {
    refuse_unless_linking(context)?;
    context.tenant.hold()?;
    let app_id = &context.tenant.app_id;
    if let Some(method_id) = find(context, account) {
        let message = match users::find_user_id(app_id, method_id) == Some(user.id) {
            true => "Identity is already linked",
            false => "Identity is already linked to another user",
        };
        return Err(Refusal::new(422, "identity_already_exists", message).into());
    }
    let addresses = account.emails.iter().map(|email| email.address.as_str());
    accounts::lock_addresses(context, addresses);
    let mut user = accounts::lock(context, user.id)?;
    let methods = identities::methods_of(app_id, user.id);
    let proves = |email: &Email| email.is_verified || autoconfirm(context, true);
    // One that is still to be proven is held for nobody who has more than that.
    let has_nothing = methods.is_empty() && !is_proven_by(&user, &methods);
    let gets_address = user.email.is_none()
        && account
            .candidate()
            .is_some_and(|email| proves(email) || has_nothing);
    let usable = usable_address(context, account, Some(user.id));
    let address = usable.filter(|_| gets_address || account.candidate().is_some_and(proves));
    if gets_address && address.is_none() {
        return Err(Refusal {
            status: 400,
            ..Refusal::email_exists()
        }
        .into());
    }
    contacts::prepare_for_another(context, &mut user, &methods)?;
    let method_id = add(context, &mut user, account, address)?;
    note_linked(context, &user, account, method_id)?;
    merge_metadata(&mut user, account);
    if gets_address {
        user.email = address.map(str::to_owned);
        auth_users::update(&user, context.now);
    }
    match account.candidate() {
        Some(email) if gets_address && !proves(email) => {
            send_proof(context, &mut user, &email.address)?;
            accounts::recount_providers(context, &mut user);
            auth_users::update(&user, context.now);
            return Err(needs_proof("email_not_confirmed", account));
        }
        Some(email) if gets_address => confirm(context, &mut user, &email.address)?,
        _ => user.is_anonymous = false,
    }
    accounts::recount_providers(context, &mut user);
    auth_users::update(&user, context.now);
    sessions::open(context, user.id, Some(method_id), "oauth")
}

fn find(context: &Context, account: &ExternalAccount) -> Option<Uuid> {
    let tenant = context.tenant;
    let (provider, id) = (&account.provider, &account.provider_id);
    login_methods::find_third_party(&tenant.app_id, tenant.id(), provider, id)
}

/// The user whose account it is, with what the provider says now.
fn meet_again(context: &Context, account: &ExternalAccount, method_id: Uuid) -> Result<Met> {
    let tenant = context.tenant;
    let method = account::lock_method(tenant, method_id, Recipe::ThirdParty);
    let method = method.ok_or(Failure::Overtaken)?;
    let was_proven = is_proven(context, &accounts::find(context, method.user_id)?);
    identities::set_data(method_id, &account.data.clone().into());
    // Unless it is somebody else's: the account is what identifies the user.
    let usable = usable_address(context, account, Some(method.user_id));
    // Who has proven an address keeps it until the provider vouches for another.
    let is_taken_over = |email: &&Email| usable.is_some() && (email.is_verified || !was_proven);
    if let Some(email) = account.candidate().filter(is_taken_over) {
        let is_its = thirdparty::take_over(&tenant.app_id, &method, &email.address);
        if is_its && email.is_verified {
            thirdparty::verify(tenant, method_id, &email.address);
        }
    }
    let mut user = accounts::lock(context, method.user_id)?;
    merge_metadata(&mut user, account);
    Ok(Met {
        user,
        method_id,
        was_proven,
    })
}

/// The user whose account it is from now on: who has its address, or a new one.
fn meet(context: &Context, account: &ExternalAccount) -> Result<Met> {
    let addresses = account.emails.iter().map(|email| email.address.as_str());
    accounts::lock_addresses(context, addresses);
    let mut found: Vec<Uuid> = Vec::new();
    for email in account.emails.iter().filter(|email| email.is_verified) {
        let user = accounts::find_by_email(context, &email.address);
        let user = user.filter(|user| is_owner(context, user, &email.address));
        found.extend(user.map(|user| user.id));
    }
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [] => create(context, account),
        [id] => {
            let mut user = accounts::lock(context, id)?;
            let mut verified = account.emails.iter().filter(|email| email.is_verified);
            if !verified.any(|email| is_owner(context, &user, &email.address)) {
                return Err(Failure::Overtaken);
            }
            let was_proven = is_proven(context, &user);
            let method_id = match was_proven {
                true => link_proven(context, &mut user, account)?,
                false => replace_unproven(context, &mut user, account)?,
            };
            Ok(Met {
                user,
                method_id,
                was_proven,
            })
        }
        _ => {
            let message = "Multiple accounts with the same email address in the same linking domain detected: default";
            Err(Refusal::new(500, "", message).into())
        }
    }
}

/// Whether whoever proves an address may have a user: it has proven it itself, or has proven nothing at all. One who has
/// proven something else only says that the address is its own.
fn is_owner(context: &Context, user: &AuthUser, address: &str) -> bool {
    let is = |email: &Option<String>| email.as_deref() == Some(address);
    let methods = identities::methods_of(&context.tenant.app_id, user.id);
    let has_proven = |method: &MethodRow| is(&method.email) && method.email_is_verified;
    is(&user.email) && user.email_confirmed_at.is_some()
        || methods.iter().any(has_proven)
        || !is_proven_by(user, &methods)
}

/// Whether a user has proven anything.
fn is_proven(context: &Context, user: &AuthUser) -> bool {
    is_proven_by(
        user,
        &identities::methods_of(&context.tenant.app_id, user.id),
    )
}

fn is_proven_by(user: &AuthUser, methods: &[MethodRow]) -> bool {
    user.email_confirmed_at.is_some()
        || user.phone_confirmed_at.is_some()
        || methods.iter().any(|method| method.email_is_verified)
}

/// Gives an account to the user who has proven its address.
fn link_proven(context: &Context, user: &mut AuthUser, account: &ExternalAccount) -> Result<Uuid> {
    let methods = identities::methods_of(&context.tenant.app_id, user.id);
    contacts::prepare_for_another(context, user, &methods)?;
    let address = usable_address(context, account, Some(user.id));
    let method_id = add(context, user, account, address)?;
    note_linked(context, user, account, method_id)?;
    merge_metadata(user, account);
    Ok(method_id)
}

/// Gives an account the user with its address who has proven nothing, of whom nothing else remains: whoever signed up with
/// the address may be somebody who waited for its owner to come.
fn replace_unproven(
    context: &Context,
    user: &mut AuthUser,
    account: &ExternalAccount,
) -> Result<Uuid> {
    let app_id = &context.tenant.app_id;
    let former = accounts::clear(context, user);
    let address = usable_address(context, account, Some(user.id));
    let method_id = add(context, user, account, address)?;
    for method in &former {
        login_methods::delete(app_id, method.id);
    }
    users::refresh(user.id);
    primary_claims::release_unused(app_id, user.id);
    *user = accounts::lock(context, user.id)?;
    note_linked(context, user, account, method_id)?;
    user.user_metadata = account.data.clone().into();
    user.drop_changes();
    Ok(method_id)
}

fn create(context: &Context, account: &ExternalAccount) -> Result<Met> {
    if context.tenant.settings.disable_signup() {
        return Err(Refusal::new(422, "signup_disabled", SIGNUP_DISABLED).into());
    }
    let address = usable_address(context, account, None);
    if let (None, Some(email)) = (
        address,
        account.candidate().filter(|email| email.is_verified),
    ) {
        let user = accounts::find_by_email(context, &email.address);
        // Since a moment ago: nobody was there when we looked.
        if user.is_some_and(|user| is_owner(context, &user, &email.address)) {
            return Err(Failure::Overtaken);
        }
    }
    let identity = format!("{}|{}", account.provider, account.provider_id);
    let id = account::new_user_id(context.tenant, "thirdparty", &identity)?;
    let app_metadata = json!({"provider": account.provider, "providers": [account.provider]});
    let new = NewUser {
        id: Some(id),
        email: address,
        external: Some(account),
        app_metadata: app_metadata.as_object().cloned().unwrap_or_default(),
        user_metadata: account.data.clone(),
        has_hooks: true,
        ..NewUser::default()
    };
    Ok(Met {
        user: accounts::create(context, new)?,
        method_id: id,
        was_proven: false,
    })
}

/// The account's address, if it is nobody else's.
fn usable_address<'a>(
    context: &Context,
    account: &'a ExternalAccount,
    user: Option<Uuid>,
) -> Option<&'a str> {
    let tenant = context.tenant;
    let address = account.candidate()?.address.as_str();
    let is_taken = auth_users::email_is_taken(&tenant.app_id, tenant.id(), address, user);
    (!is_taken).then_some(address)
}

fn add(
    context: &Context,
    user: &mut AuthUser,
    account: &ExternalAccount,
    address: Option<&str>,
) -> Result<Uuid> {
    let method_id = accounts::add_external(context, user, account, address)?;
    if user.is_primary {
        accounts::become_primary(context, user)?;
    }
    let candidate = account.candidate().filter(|email| email.is_verified);
    if let Some(email) = candidate.filter(|_| address.is_some()) {
        let shown_id = account::shown_id(context.tenant, method_id);
        verified_emails::insert(&context.tenant.app_id, &shown_id, &email.address);
    }
    Ok(method_id)
}

/// Notes that an address of a user who is locked has been proven.
fn confirm(context: &Context, user: &mut AuthUser, address: &str) -> Result<()> {
    user.is_anonymous = false;
    if user.email.as_deref() == Some(address) {
        user.email_confirmed_at = Some(context.now);
        return accounts::verified(context, user);
    }
    accounts::prove_linked(context, user, address);
    Ok(())
}

/// Has a user prove the address that the provider does not vouch for, unless one may sign in without.
fn ask_for_proof(
    context: &Context,
    user: &mut AuthUser,
    account: &ExternalAccount,
    email: &Email,
) -> Result<()> {
    if user.email.as_ref() == Some(&email.address) {
        send_proof(context, user, &email.address)?;
    }
    accounts::recount_providers(context, user);
    auth_users::update(user, context.now);
    if context.is_on("mailer_allow_unverified_email_sign_ins") {
        return Ok(());
    }
    Err(needs_proof("provider_email_needs_verification", account))
}

fn send_proof(context: &Context, user: &mut AuthUser, address: &str) -> Result<()> {
    send_confirmation(context, user, address, Default::default(), None)?;
    Ok(())
}

fn needs_proof(code: &'static str, account: &ExternalAccount) -> Failure {
    let provider = &account.provider;
    let message = format!(
        "Unverified email with {provider}. A confirmation email has been sent to your {provider} email"
    );
    Refusal::new(422, code, message).keeping_writes().into()
}

fn merge_metadata(user: &mut AuthUser, account: &ExternalAccount) {
    let data: Map<String, Value> = account.data.clone();
    accounts::merge(&mut user.user_metadata, &data);
}

fn note_linked(
    context: &Context,
    user: &AuthUser,
    account: &ExternalAccount,
    method_id: Uuid,
) -> Result<()> {
    let traits = json!({
        "identity_id": method_id, "provider": account.provider, "provider_id": account.provider_id,
    });
    audit::note(context, Actor::User(user), Action::IdentityLinked, traits);
    let provider = account.provider.as_str();
    notifications::tell(context, user, &Happening::IdentityLinked { provider })
}
