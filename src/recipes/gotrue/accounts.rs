//! Users: finding them, making them, and what it means that an address is theirs (GoTrue reference, 4.1 and 4.5).

use auth_core::external_account::ExternalAccount;
use auth_core::ids::{self, Slot};
use auth_core::normalise::{self, MAX_KEY};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::hooks::{self, Event};
use super::{Context, Failure, Refusal, Result, factors, identities};
use crate::db::Time;
use crate::documents::gotrue::auth_user;
use crate::error::Error;
use crate::recipes::{self, account};
use crate::store::auth_users::{self, AuthUser};
use crate::store::identities::{self as methods, MethodRow, NewMethod};
use crate::store::login_methods::{self, Contact};
use crate::store::primary_claims::{self, Kind, Wanted};
use crate::store::users::{self, Recipe};
use crate::store::{auth_sessions, flow_states, one_time_codes, verified_emails};

/// The user with that address, which is in the form in which it is stored.
pub fn find_by_email(context: &Context, email: &str) -> Option<AuthUser> {
    let tenant = context.tenant;
    auth_users::find_by_email(&tenant.app_id, tenant.id(), &context.audience, email)
}

/// The user with that number, in the form in which it is stored.
pub fn find_by_phone(context: &Context, phone: &str) -> Option<AuthUser> {
    let tenant = context.tenant;
    auth_users::find_by_phone(&tenant.app_id, tenant.id(), &context.audience, phone)
}

/// The form in which a number is stored, of one that was checked: all doors share it. GoTrue knows it without the plus.
pub fn stored_phone(bare: &str) -> String {
    format!("+{bare}")
}

/// A number as GoTrue shows it.
pub fn bare_phone(stored: &str) -> &str {
    stored.strip_prefix('+').unwrap_or(stored)
}

/// A user who is about to be made. Addresses and numbers are in the form in which they are stored.
#[derive(Default)]
pub struct NewUser<'a> {
    /// In place of a new one.
    pub id: Option<Uuid>,
    pub aud: Option<&'a str>,
    pub role: Option<&'a str>,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub password_hash: Option<&'a str>,
    pub email_is_confirmed: bool,
    pub phone_is_confirmed: bool,
    pub app_metadata: Map<String, Value>,
    pub user_metadata: Map<String, Value>,
    /// The account at a provider that the user comes with; the address is that of it, then.
    pub external: Option<&'a ExternalAccount>,
    /// What the user said of themselves, besides what the server knows.
    pub identity_data: Map<String, Value>,
    pub is_anonymous: bool,
    pub banned_until: Option<Time>,
    pub is_invited: bool,
    /// Whether hooks are asked and told of the user: not of one whom an administrator makes.
    pub has_hooks: bool,
}

/// What identities of a new user begin with: reserved names of `data` lose.
pub fn identity_data(
    user_id: Uuid,
    email: Option<&str>,
    phone: Option<&str>,
    data: &Map<String, Value>,
) -> Map<String, Value> {
    let mut identity = data.clone();
    identity.insert("sub".into(), user_id.to_string().into());
    identity.insert("email_verified".into(), false.into());
    identity.insert("phone_verified".into(), false.into());
    if let Some(email) = email {
        identity.insert("email".into(), email.into());
    }
    if let Some(phone) = phone {
        identity.insert("phone".into(), bare_phone(phone).into());
    }
    identity
}

/// An id for a new user.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn new_id(context: &Context, email: Option<&str>, phone: Option<&str>) -> Result<Uuid> {
    Ok(match (email, phone) {
        (Some(email), _) => account::new_user_id(context.tenant, "email", email)?,
        (None, Some(phone)) => account::new_user_id(context.tenant, "phone", phone)?,
        (None, None) => ids::new_id(Slot::random()),
    })
}

/// Makes a user. To be called with its address and number locked, and to be undone on failure.
///
/// # Errors
/// [`Failure::Overtaken`] when somebody else has got the address or the number; [`Refusal`] when the id is taken.
pub fn create(context: &Context, new: NewUser) -> Result<AuthUser> {
    let (tenant, now) = (context.tenant, context.now);
    tenant.hold()?;
    let id = match new.id {
        Some(id) => id,
        None => new_id(context, new.email, new.phone)?,
    };
    let settings = &tenant.settings;
    let (aud, role) = (
        new.aud.unwrap_or(&context.audience),
        new.role.unwrap_or(settings.jwt_default_group_name()),
    );
    let row = AuthUser {
        email: new.email.map(str::to_owned),
        phone: new.phone.map(str::to_owned),
        email_confirmed_at: new.email_is_confirmed.then_some(now),
        phone_confirmed_at: new.phone_is_confirmed.then_some(now),
        invited_at: new.is_invited.then_some(now),
        app_metadata: new.app_metadata.into(),
        user_metadata: new.user_metadata.into(),
        is_anonymous: new.is_anonymous,
        banned_until: new.banned_until,
        ..AuthUser::new(id, aud, role, now)
    };
    if new.has_hooks {
        let input = json!({"user": auth_user(&row, &[], &[])});
        hooks::call(context, Event::BeforeUserCreated, input)?;
    }
    if !auth_users::insert(&tenant.app_id, &row) {
        return Err(Refusal::new(500, "", "Database error creating new user").into());
    }
    if let Some(account) = new.external {
        add_external(context, &row, account, new.email)?;
    } else if let Some(email) = new.email {
        let data = identity_data(id, Some(email), None, &new.identity_data);
        add_email(context, &row, email, new.password_hash, data)?;
    }
    if let Some(phone) = new.phone {
        let data = identity_data(id, None, Some(phone), &new.identity_data);
        let hash = new.password_hash.filter(|_| new.email.is_none());
        add_phone(context, &row, phone, hash, data)?;
    }
    // As it is now: an application's triggers may have changed it.
    let mut user = find(context, id)?;
    if new.email_is_confirmed || new.phone_is_confirmed {
        let given = user.app_metadata.clone();
        verified(context, &mut user)?;
        user.app_metadata = given;
        auth_users::update(&user, now);
    }
    if new.has_hooks {
        let input = json!({"user": hooks::shown_user(context, &user)});
        hooks::call(context, Event::AfterUserCreated, input)?;
    }
    Ok(user)
}

/// A user that is known to be there.
///
/// # Errors
/// [`Failure::Overtaken`] when it has just been deleted.
pub fn find(context: &Context, id: Uuid) -> Result<AuthUser> {
    auth_users::find(&context.tenant.app_id, id).ok_or(Failure::Overtaken)
}

/// The same, for a change: locked until this transaction ends.
///
/// # Errors
/// [`Failure::Overtaken`] when it has just been deleted, if only by name, or linked to another.
pub fn lock(context: &Context, id: Uuid) -> Result<AuthUser> {
    let user = lock_row(context, id)?;
    match user.deleted_at {
        None => Ok(user),
        Some(_) => Err(Failure::Overtaken),
    }
}

/// The same for administrators, who may change and delete what is left of a user who is deleted by name only.
///
/// # Errors
/// [`Failure::Overtaken`] when the row is gone, or linked to another.
pub fn lock_row(context: &Context, id: Uuid) -> Result<AuthUser> {
    auth_users::lock(&context.tenant.app_id, id).ok_or(Failure::Overtaken)
}

/// Takes from a locked user all that lets anybody in and all that waits for somebody's word: factors, codes, flows, sessions,
/// and what other doors keep. Gives its login methods, which are there still: when they go, the caller decides. So it does of
/// the changes that the user wanted.
pub fn clear(context: &Context, user: &AuthUser) -> Vec<MethodRow> {
    // Before the devices go, or nobody knows what was asked of them.
    factors::delete_all(context, user);
    recipes::users::forget(context.tenant, user.id);
    auth_sessions::delete_of(user.id, None);
    one_time_codes::delete_of(user.id);
    flow_states::delete_of(user.id);
    auth_users::set_pending_password(user.id, None);
    methods::methods_of(&context.tenant.app_id, user.id)
}

/// Has those who want one of these addresses and numbers take turns, all in one order. Before the user is locked: so do all.
pub fn lock_addresses<'a>(context: &Context, addresses: impl IntoIterator<Item = &'a str>) {
    let tenant = context.tenant;
    let mut addresses: Vec<_> = addresses.into_iter().collect();
    addresses.sort_unstable();
    for address in addresses {
        auth_users::lock_address(&tenant.app_id, tenant.id(), address);
    }
}

/// The id of a user's next login method: that of the user itself for the first.
fn method_id(context: &Context, user: &AuthUser) -> Uuid {
    if login_methods::exists(&context.tenant.app_id, user.id) {
        ids::new_id(Slot::of(user.id))
    } else {
        user.id
    }
}

/// Gives a user a way to sign in by an address: with a password if there is one, else by what is mailed there.
///
/// # Errors
/// [`Failure::Overtaken`] when somebody else has got it.
pub fn add_email(
    context: &Context,
    user: &AuthUser,
    email: &str,
    password_hash: Option<&str>,
    identity_data: Map<String, Value>,
) -> Result<()> {
    let recipe = match password_hash {
        Some(_) => Recipe::EmailPassword,
        None => Recipe::Passwordless,
    };
    add(
        context,
        user,
        &NewMethod {
            id: method_id(context, user),
            recipe,
            email: Some(email),
            phone: None,
            third_party: None,
            password_hash,
            identity_data: &identity_data.into(),
        },
    )
}

/// Gives a user a way to sign in by a number.
///
/// # Errors
/// [`Failure::Overtaken`] when somebody else has got it.
pub fn add_phone(
    context: &Context,
    user: &AuthUser,
    phone: &str,
    password_hash: Option<&str>,
    identity_data: Map<String, Value>,
) -> Result<()> {
    add(
        context,
        user,
        &NewMethod {
            id: method_id(context, user),
            recipe: Recipe::Passwordless,
            email: None,
            phone: Some(phone),
            third_party: None,
            password_hash,
            identity_data: &identity_data.into(),
        },
    )
}

/// Gives a user a way to sign in with an account at a provider; its id.
///
/// # Errors
/// [`Failure::Overtaken`] when somebody else has got it.
pub fn add_external(
    context: &Context,
    user: &AuthUser,
    account: &ExternalAccount,
    email: Option<&str>,
) -> Result<Uuid> {
    normalise::check_length("provider", &account.provider, MAX_KEY).map_err(Error::from)?;
    normalise::check_length("sub", &account.provider_id, MAX_KEY).map_err(Error::from)?;
    let id = method_id(context, user);
    add(
        context,
        user,
        &NewMethod {
            id,
            recipe: Recipe::ThirdParty,
            email,
            phone: None,
            third_party: Some((&account.provider, &account.provider_id)),
            password_hash: None,
            identity_data: &account.data.clone().into(),
        },
    )?;
    Ok(id)
}

fn add(context: &Context, user: &AuthUser, method: &NewMethod) -> Result<()> {
    let tenant = context.tenant;
    let is_added = methods::insert(&tenant.app_id, tenant.id(), user.id, method, context.now);
    is_added.then_some(()).ok_or(Failure::Overtaken)
}

/// Notes what follows from confirmed addresses and numbers of a user who is locked or new: verified addresses of its login
/// methods, its claim to what it has, and the list of its providers.
///
/// # Errors
/// [`Refusal`] when another primary user has one of them.
pub fn verified(context: &Context, user: &mut AuthUser) -> Result<()> {
    let app_id = &context.tenant.app_id;
    let methods = methods::methods_of(app_id, user.id);
    if user.email_confirmed_at.is_some() {
        for method in &methods {
            if method.email.is_some() && method.email == user.email && !method.email_is_verified {
                let shown = account::shown_id(context.tenant, method.id);
                verified_emails::insert(app_id, &shown, user.email.as_deref().unwrap_or_default());
            }
        }
        set_member(&mut user.user_metadata, "email_verified", true.into());
    }
    become_primary(context, user)?;
    recount_providers(context, user);
    auth_users::update(user, context.now);
    Ok(())
}

/// Whether an address or a number is the user's own and yet to be confirmed. One that was linked to it is not: whoever reads
/// what is sent there proves it.
pub fn is_unconfirmed(user: &AuthUser, address: &str) -> bool {
    let is = |own: &Option<String>| own.as_deref() == Some(address);
    (is(&user.email) && user.email_confirmed_at.is_none())
        || (is(&user.phone) && user.phone_confirmed_at.is_none())
}

/// Whether an address or a number is the user's, or that of what is linked to it.
pub fn has(context: &Context, user: &AuthUser, address: &str) -> bool {
    let is = |own: &Option<String>| own.as_deref() == Some(address);
    let methods = || methods::methods_of(&context.tenant.app_id, user.id);
    is(&user.email) || is(&user.phone) || methods().iter().any(|method| method.has(address))
}

/// Notes that a user has proven an address that is not its own but that of what is linked to it.
pub fn prove_linked(context: &Context, user: &AuthUser, email: &str) {
    let app_id = &context.tenant.app_id;
    for method in methods::methods_of(app_id, user.id) {
        if method.email.as_deref() == Some(email) && !method.email_is_verified {
            verified_emails::insert(app_id, &account::shown_id(context.tenant, method.id), email);
        }
    }
}

/// Makes a user primary: what it has is nobody else's from then on.
///
/// # Errors
/// [`Refusal`] when another primary user has some of it.
pub fn become_primary(context: &Context, user: &mut AuthUser) -> Result<()> {
    let app_id = &context.tenant.app_id;
    let wanted = Wanted {
        users: &[user.id],
        tenants: &[],
        contact: &Contact::default(),
    };
    primary_claims::claim(app_id, user.id, &wanted).map_err(|conflict| match conflict.kind {
        Kind::Phone => Refusal::phone_exists(),
        Kind::Email | Kind::ThirdParty => Refusal::email_exists(),
    })?;
    if !user.is_primary {
        users::set_primary(user.id, true);
        user.is_primary = true;
    }
    Ok(())
}

/// Sets a member of a document that is meant to be an object.
pub fn set_member(document: &mut Value, name: &str, value: Value) {
    if !document.is_object() {
        *document = json!({});
    }
    document[name] = value;
}

/// Merges members into a document; null takes one out.
pub fn merge(document: &mut Value, members: &Map<String, Value>) {
    if !document.is_object() {
        *document = json!({});
    }
    let object = document.as_object_mut().expect("made as an object");
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

/// Writes down which providers a user has, in the order in which they came.
pub fn recount_providers(context: &Context, user: &mut AuthUser) {
    let providers = identities::providers(&identities::list(context, user));
    if let Some(first) = providers.first() {
        set_member(&mut user.app_metadata, "provider", first.as_str().into());
        set_member(&mut user.app_metadata, "providers", json!(providers));
    } else if let Some(object) = user.app_metadata.as_object_mut() {
        object.remove("provider");
        object.remove("providers");
    }
}

/// Does so if other doors have made, linked or unlinked the user; whether they have.
pub fn recount_changed_providers(context: &Context, user: &mut AuthUser) -> bool {
    let providers = json!(identities::providers(&identities::list(context, user)));
    let known = user.app_metadata.get("providers").unwrap_or(&Value::Null);
    let is_changed = *known != providers && !user.is_anonymous;
    if is_changed {
        recount_providers(context, user);
    }
    is_changed
}
