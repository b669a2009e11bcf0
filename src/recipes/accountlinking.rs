//! Several login methods of one user (CDI, "Account linking"). Nothing is linked but by these calls: SDKs decide.

use uuid::Uuid;

use super::account::{self, Resolved};
use crate::error::{Error, Result};
use crate::store;
use crate::store::login_methods::Contact;
use crate::store::primary_claims::{self, Conflict, Kind, Wanted};
use crate::store::users::User;
use crate::tenant::Tenant;

/// Why a user cannot be a primary one, or cannot be linked to one.
pub enum Obstacle {
    /// It belongs to this user already, which is shown where something was to be done.
    AlreadyLinked { primary: Uuid, user: Option<User> },
    /// This primary user has the same address, number or third-party login.
    AccountInfo { primary: Uuid, kind: Kind },
    /// The user to link to is no primary one.
    NotPrimary,
}

impl From<Conflict> for Obstacle {
    fn from(conflict: Conflict) -> Self {
        Self::AccountInfo {
            primary: conflict.holder,
            kind: conflict.kind,
        }
    }
}

/// That everything is as wanted.
pub struct Done {
    /// Whether it was so before.
    pub was_already: bool,
    /// The user, where something was to be done.
    pub user: Option<User>,
}

/// What came of it, or what is in the way.
pub type Outcome = std::result::Result<Done, Obstacle>;

fn done(app: &Tenant, user_id: Uuid, was_already: bool, mode: Mode) -> Result<Outcome> {
    let user = shown(app, user_id, mode)?;
    Ok(Ok(Done { was_already, user }))
}

/// The user as it is now, unless this is but a check.
fn shown(app: &Tenant, user_id: Uuid, mode: Mode) -> Result<Option<User>> {
    (mode == Mode::Do).then(|| load(app, user_id)).transpose()
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Check,
    Do,
}

fn resolve(app: &Tenant, id: &str) -> Result<Resolved> {
    account::resolve(app, id).ok_or_else(|| Error::invalid("Unknown user ID provided"))
}

fn load(app: &Tenant, user_id: Uuid) -> Result<User> {
    let user = store::users::load(&app.app_id, &[user_id]).pop();
    user.ok_or_else(|| Error::invalid("Unknown user ID provided"))
}

/// Locks the users that ids stand for; what the ids stand for. The lock on the app comes first, so that nothing is linked
/// elsewhere meanwhile: links are rare, and one at a time in an app is fast enough.
fn lock(app: &Tenant, ids: &[&str]) -> Result<Vec<(Resolved, User)>> {
    store::tenants::lock_app(&app.app_id);
    let found = ids.iter().map(|id| resolve(app, id));
    let found = found.collect::<Result<Vec<_>>>()?;
    let users: Vec<_> = found.iter().map(|found| found.user_id).collect();
    store::users::lock(&users);
    let with_user = |found: Resolved| {
        let user = load(app, found.user_id)?;
        Ok((found, user))
    };
    found.into_iter().map(with_user).collect()
}

/// Makes a user primary, so that others can be linked to it.
///
/// # Errors
/// [`Error::Invalid`] for an unknown id.
pub fn create_primary(app: &Tenant, recipe_user_id: &str, mode: Mode) -> Result<Outcome> {
    let (found, user) = lock(app, &[recipe_user_id])?.remove(0);
    if found.id != user.id {
        let primary = user.id;
        return Ok(Err(Obstacle::AlreadyLinked {
            primary,
            user: None,
        }));
    }
    if user.is_primary {
        return done(app, user.id, true, mode);
    }
    let users = [user.id];
    let wanted = Wanted {
        users: &users,
        tenants: &[],
        contact: &Contact::default(),
    };
    let conflict = match mode {
        Mode::Check => primary_claims::conflict(&app.app_id, user.id, &wanted),
        Mode::Do => primary_claims::claim(&app.app_id, user.id, &wanted).err(),
    };
    if let Some(conflict) = conflict {
        return Ok(Err(conflict.into()));
    }
    if mode == Mode::Do {
        store::users::set_primary(user.id, true);
    }
    done(app, user.id, false, mode)
}

/// Links a user to a primary one: its login method becomes one of that user's.
///
/// # Errors
/// [`Error::Invalid`] for an unknown id.
pub fn link(
    app: &Tenant,
    recipe_user_id: &str,
    primary_user_id: &str,
    mode: Mode,
) -> Result<Outcome> {
    let mut locked = lock(app, &[recipe_user_id, primary_user_id])?;
    let (_, primary) = locked.remove(1);
    let (recipe, user) = locked.remove(0);
    if !primary.is_primary {
        return Ok(Err(Obstacle::NotPrimary));
    }
    if user.id == primary.id {
        return done(app, primary.id, true, mode);
    }
    if user.is_primary || recipe.id != user.id {
        let (primary, user) = (user.id, shown(app, user.id, mode)?);
        return Ok(Err(Obstacle::AlreadyLinked { primary, user }));
    }
    let users = [primary.id, user.id];
    let wanted = Wanted {
        users: &users,
        tenants: &[],
        contact: &Contact::default(),
    };
    let conflict = match mode {
        Mode::Check => primary_claims::conflict(&app.app_id, primary.id, &wanted),
        Mode::Do => primary_claims::claim(&app.app_id, primary.id, &wanted).err(),
    };
    if let Some(conflict) = conflict {
        return Ok(Err(conflict.into()));
    }
    if mode == Mode::Do {
        store::users::link(user.id, primary.id);
        // Its sessions name another user than the one that it belongs to now.
        store::sessions::delete_of(&app.app_id, &user.all_ids());
        let (from, to) = (user.id.to_string(), primary.id.to_string());
        store::active_users::merge(&app.app_id, &from, &to);
    }
    done(app, primary.id, false, mode)
}

/// What came of unlinking.
pub struct Unlinked {
    pub was_linked: bool,
    /// Whether the login method is gone: that of a primary user which others are linked to, since the user's id is its.
    pub was_recipe_user_deleted: bool,
}

/// Makes a login method a user of its own again, and no primary one.
///
/// # Errors
/// [`Error::Invalid`] for an unknown id.
pub fn unlink(app: &Tenant, recipe_user_id: &str) -> Result<Unlinked> {
    let (found, user) = lock(app, &[recipe_user_id])?.remove(0);
    let app_id = &app.app_id;
    if !user.is_primary {
        return Ok(Unlinked {
            was_linked: false,
            was_recipe_user_deleted: false,
        });
    }
    let (named, others): (Vec<_>, Vec<_>) = user
        .login_methods
        .iter()
        .partition(|method| method.id == found.id);
    // The id of a user whose first login method is gone stands for no login method.
    let Some(method) = named.first() else {
        return Ok(Unlinked {
            was_linked: false,
            was_recipe_user_deleted: false,
        });
    };
    store::sessions::delete_of(app_id, &method.all_ids());
    let was_recipe_user_deleted = method.id == user.id && !others.is_empty();
    if was_recipe_user_deleted {
        store::login_methods::delete(app_id, method.id);
        store::one_time_tokens::delete_of(app_id, &[method.id.to_string()]);
        store::users::refresh(user.id);
    } else if method.id == user.id {
        store::users::set_primary(user.id, false);
    } else {
        store::users::unlink(method.id, user.id);
    }
    primary_claims::release_unused(app_id, user.id);
    Ok(Unlinked {
        was_linked: true,
        was_recipe_user_deleted,
    })
}
