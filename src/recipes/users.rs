//! Finding, listing, counting and deleting users (CDI, "Users" and "Deletion of users").

use auth_core::normalise;
use base64::{Engine, engine::general_purpose::STANDARD};
use uuid::Uuid;

use super::account;
use crate::db::{Time, or_undo};
use crate::error::{Error, Result};
use crate::store;
use crate::store::login_methods::Contact;
use crate::store::user_search::{self, Prefixes, Search};
use crate::store::users::{AccountInfo, LoginMethod, Order, PageStart, Recipe, User};
use crate::tenant::Tenant;

/// The user that an id belongs to.
pub fn get(app: &Tenant, user_id: &str) -> Option<User> {
    let id = account::find_user_id(app, user_id)?;
    store::users::load(&app.app_id, &[id]).pop()
}

/// Which users a list or a count is about.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only users with a login method of one of these recipes.
    pub recipes: Option<Vec<String>>,
}

impl Filter {
    /// A filter by names of recipes.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is none.
    pub fn by_recipes(names: impl IntoIterator<Item = String>) -> Result<Self> {
        let names: Vec<_> = names.into_iter().collect();
        if let Some(unknown) = names.iter().find(|name| Recipe::from_name(name).is_none()) {
            return Err(Error::invalid(format!("Unknown recipe ID: {unknown}")));
        }
        Ok(Self {
            recipes: Some(names),
        })
    }
}

/// How many users a page has at most; more are refused.
pub const MAX_PAGE: i64 = 500;

/// What callers are told who ask for less than one user.
pub fn limit_too_small() -> Error {
    Error::invalid("limit must a positive integer with min value 1")
}

/// A page of users, and the token of the next one, if there is one.
pub struct Page {
    pub users: Vec<User>,
    pub next: Option<String>,
}

/// A page of a tenant's users by the time they joined.
///
/// # Errors
/// [`Error::Invalid`] for a limit out of range or a token that is none.
pub fn list(
    tenant: &Tenant,
    filter: &Filter,
    order: Order,
    limit: i64,
    pagination_token: Option<&str>,
) -> Result<Page> {
    if limit > MAX_PAGE {
        return Err(Error::invalid(format!("max limit allowed is {MAX_PAGE}")));
    }
    if limit < 1 {
        return Err(limit_too_small());
    }
    let start = pagination_token.map(decode_page_start).transpose()?;
    let recipes = filter.recipes.as_deref();
    let mut found = store::users::page(
        &tenant.app_id,
        tenant.id(),
        recipes,
        order,
        start,
        limit + 1,
    );
    let next = (found.len() as i64 > limit)
        .then(|| found.pop())
        .flatten()
        .map(|(user_id, time_joined)| {
            encode_page_start(PageStart {
                time_joined,
                user_id,
            })
        });
    let ids: Vec<Uuid> = found.into_iter().map(|(id, _)| id).collect();
    Ok(Page {
        users: store::users::load(&tenant.app_id, &ids),
        next,
    })
}

/// How many users a search finds at most.
const MAX_FOUND: i64 = 1000;

/// What to search for, as callers give it: texts with semicolons between, each the beginning of an address, of its
/// domain, of a number or of a provider's name. In upper or lower case.
#[derive(Debug, Default)]
pub struct SearchTags<'a> {
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub provider: Option<&'a str>,
}

/// The users of a tenant of whom one login method fits all tags that are given, at most 1000; `None` when no tag says
/// anything.
pub fn search(tenant: &Tenant, tags: &SearchTags, order: Order) -> Option<Vec<User>> {
    let prefixes = |tag: Option<&str>| {
        let parts = tag.unwrap_or_default().split(';').map(str::trim);
        let parts: Vec<_> = parts
            .filter(|part| !part.is_empty())
            .map(str::to_lowercase)
            .collect();
        Prefixes::new(&parts)
    };
    let search = Search {
        emails: prefixes(tags.email),
        phones: prefixes(tags.phone),
        providers: prefixes(tags.provider),
    };
    if search.emails.is_none() && search.phones.is_none() && search.providers.is_none() {
        return None;
    }
    let found = user_search::search(&tenant.app_id, tenant.id(), &search, order, MAX_FOUND);
    let ids: Vec<Uuid> = found.into_iter().map(|(id, _)| id).collect();
    Some(store::users::load(&tenant.app_id, &ids))
}

/// A page token names the first user of the page, so that it still works when users before it are deleted.
pub fn encode_page_start(start: PageStart) -> String {
    STANDARD.encode(format!("{};{}", start.user_id, start.time_joined.0))
}

/// # Errors
/// [`Error::Invalid`] for a text that is no token.
pub fn decode_page_start(token: &str) -> Result<PageStart> {
    let decode = || {
        let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        let (id, time) = text.split_once(';')?;
        Some(PageStart {
            user_id: account::parse_id(id)?,
            time_joined: Time(time.parse().ok()?),
        })
    };
    decode().ok_or_else(|| Error::invalid("invalid pagination token"))
}

/// How many users a tenant has.
pub fn count_in_tenant(tenant: &Tenant, filter: &Filter) -> i64 {
    store::users::count_in_tenant(&tenant.app_id, tenant.id(), filter.recipes.as_deref())
}

/// How many users an app has, those without a tenant included.
pub fn count_in_app(app: &Tenant, filter: &Filter) -> i64 {
    store::users::count_in_app(&app.app_id, filter.recipes.as_deref())
}

/// How many users were active since `time`.
pub fn count_active(app: &Tenant, since: Time) -> i64 {
    store::active_users::count_since(&app.app_id, since)
}

/// What to look users up by, as a caller gives it.
#[derive(Debug, Default)]
pub struct AccountInfoQuery {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub third_party_id: Option<String>,
    pub third_party_user_id: Option<String>,
    /// The id of a passkey.
    pub credential_id: Option<String>,
    /// Whether one match is enough; otherwise all that is given must match.
    pub union: bool,
}

/// The users of a tenant with this account info, oldest first.
///
/// # Errors
/// [`Error::Invalid`] when only one half of a third-party pair is given.
pub fn by_account_info(tenant: &Tenant, query: &AccountInfoQuery) -> Result<Vec<User>> {
    let third_party = match (&query.third_party_id, &query.third_party_user_id) {
        (Some(provider), Some(id)) => Some(AccountInfo::ThirdParty(provider.clone(), id.clone())),
        (None, None) => None,
        _ => {
            return Err(Error::invalid(
                "If 'thirdPartyId' is provided, 'thirdPartyUserId' must also be provided, and vice \
                 versa",
            ));
        }
    };
    let email = query
        .email
        .as_deref()
        .map(normalise::email)
        .map(AccountInfo::Email);
    let phone = query
        .phone
        .as_deref()
        .map(|p| AccountInfo::Phone(p.trim().to_owned()));
    let credential = query.credential_id.clone().map(AccountInfo::Credential);
    let wanted: Vec<_> = email
        .into_iter()
        .chain(phone)
        .chain(third_party)
        .chain(credential)
        .collect();
    let mut ids: Vec<Uuid> = wanted
        .iter()
        .flat_map(|info| store::users::find_by_account_info(&tenant.app_id, tenant.id(), info))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut users = store::users::load(&tenant.app_id, &ids);
    if !query.union {
        users.retain(|user| wanted.iter().all(|info| has(user, info)));
    }
    users.sort_by_key(|user| (user.time_joined, user.id));
    Ok(users)
}

/// Whether one of a user's login methods has this.
fn has(user: &User, info: &AccountInfo) -> bool {
    user.login_methods.iter().any(|method| match info {
        AccountInfo::Email(email) => method.email.as_ref() == Some(email),
        AccountInfo::Phone(phone) => method.phone.as_ref() == Some(phone),
        AccountInfo::ThirdParty(provider, id) => method
            .third_party
            .as_ref()
            .is_some_and(|(p, i)| p == provider && i == id),
        AccountInfo::Credential(id) => method.credential_ids.contains(id),
    })
}

/// Deletes a user, or only the login method that the id names while others remain. Unknown ids are ignored.
pub fn delete(app: &Tenant, user_id: &str, remove_all_linked_accounts: bool) {
    let app_id = &app.app_id;
    let found = loop {
        let Some(found) = account::resolve(app, user_id) else {
            return delete_nameless(app, user_id);
        };
        // The user first: whoever writes rows of it holds it, and those rows are there before we look for them. If it was
        // linked elsewhere while we waited, its row is let go of: others lock the one that it was linked into first.
        let held = or_undo(|| {
            store::users::lock_with_linked(app_id, found.user_id);
            let now = account::resolve(app, user_id);
            match now.is_some_and(|now| now.user_id == found.user_id) {
                true => Ok(()),
                false => Err(()),
            }
        });
        if held.is_ok() {
            break found;
        }
    };
    let Some(user) = store::users::load(app_id, &[found.user_id]).pop() else {
        return;
    };
    let (named, others): (Vec<_>, Vec<_>) = user
        .login_methods
        .iter()
        .partition(|method| method.id == found.id);
    if remove_all_linked_accounts || others.is_empty() {
        let ids = without_other_users(app, user.all_ids(), &user);
        user.login_methods
            .iter()
            .for_each(|method| delete_devices(app_id, method));
        store::sessions::lock_of(app_id, &ids, user.id);
        store::users::delete(app_id, &[user.id]);
        delete_what_hangs_on(app_id, &ids);
    } else if let Some(method) = named.first() {
        delete_devices(app_id, method);
        store::login_methods::delete(app_id, method.id);
        store::users::refresh(user.id);
        store::primary_claims::release_unused(app_id, user.id);
        // The group's own id goes on being used by the rest of it, and so do the rows under it.
        if method.id == user.id {
            store::one_time_tokens::delete_of(app_id, &[method.id.to_string()]);
        } else {
            let ids = without_other_users(app, method.all_ids(), &user);
            store::users::delete(app_id, &[method.id]);
            delete_what_hangs_on(app_id, &ids);
        }
    }
}

/// Deletes a user without a login method: somebody who has never said who they are, or of whom only the row was left.
fn delete_nameless(app: &Tenant, user_id: &str) {
    let app_id = &app.app_id;
    let Some(id) = account::parse_id(user_id) else {
        return;
    };
    store::users::lock(&[id]);
    if store::users::is_nameless(app_id, id) {
        forget(app, id);
        store::users::delete(app_id, &[id]);
    }
}

/// Removes what is kept under the ids of a user, though not the user: whoever deletes by name only leaves nothing else.
pub fn forget(app: &Tenant, id: Uuid) {
    let app_id = &app.app_id;
    let user = store::users::load(app_id, &[id]).pop();
    let ids = match &user {
        Some(user) => {
            let methods = user.login_methods.iter();
            methods.for_each(|method| delete_devices(app_id, method));
            without_other_users(app, user.all_ids(), user)
        }
        None => vec![id.to_string()],
    };
    delete_what_hangs_on(app_id, &ids);
    store::users::blank_linked(app_id, id);
}

/// Makes the codes worthless that were sent to a passwordless login method.
fn delete_devices(app_id: &str, method: &LoginMethod) {
    if method.recipe == Recipe::Passwordless {
        let contact = Contact {
            email: method.email.clone(),
            phone: method.phone.clone(),
        };
        store::passwordless::delete_devices_of(app_id, &method.tenant_ids, &contact);
    }
}

/// Leaves out external ids that are at the same time our ids of other users, which a forced mapping can bring about:
/// the rows under them are those users'.
fn without_other_users(app: &Tenant, mut ids: Vec<String>, user: &User) -> Vec<String> {
    ids.retain(|id| {
        let own = |id| id == user.id || user.login_methods.iter().any(|method| method.id == id);
        account::parse_id(id)
            .is_none_or(|id| own(id) || !store::login_methods::exists(&app.app_id, id))
    });
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Removes the rows under ids that no foreign key ties to users.
pub(super) fn delete_what_hangs_on(app_id: &str, ids: &[String]) {
    store::sessions::delete_of(app_id, ids);
    store::one_time_tokens::delete_of(app_id, ids);
    store::active_users::delete_of(app_id, ids);
    store::totp::delete_of(app_id, ids);
    store::users::delete_loose_ends(app_id, ids);
}
