//! Ids from another system (CDI, "UserIdMapping").

use auth_core::normalise::{self, MAX_KEY};
use uuid::Uuid;

use super::account;
use crate::error::{Error, Result};
use crate::store;
use crate::store::user_id_mappings::{self as rows, Mapping};
use crate::tenant::Tenant;

/// What came of making a mapping.
pub enum Create {
    Ok,
    UnknownUserId,
    AlreadyExists {
        user_has_one: bool,
        external_id_has_one: bool,
    },
}

/// What [`create`] is asked for.
pub struct CreateRequest<'a> {
    pub user_id: &'a str,
    pub external_id: &'a str,
    pub external_info: Option<&'a str>,
    /// Also when rows are kept under our id, which callers then lose sight of.
    pub force: bool,
    /// Whether verified addresses move to the external id, in place of standing in its way.
    pub moves_email_verification: bool,
}

/// Makes an external id for a login method.
///
/// # Errors
/// [`Error::Invalid`] for empty texts, an external id that is one of ours, and a user that other recipes know already.
pub fn create(app: &Tenant, request: &CreateRequest) -> Result<Create> {
    let user_id = named("superTokensUserId", request.user_id)?;
    let external_id = named("externalUserId", request.external_id)?;
    normalise::check_length("externalUserId", external_id, MAX_KEY)?;
    let external_info = request
        .external_info
        .map(|info| named("externalUserIdInfo", info))
        .transpose()?;
    let app_id = &app.app_id;
    let own = account::parse_id(user_id);
    if let Some(mapping) = rows::of_external_id(app_id, external_id) {
        return Ok(Create::AlreadyExists {
            user_has_one: Some(mapping.user_id) == own,
            external_id_has_one: true,
        });
    }
    let is_login_method = |id: Uuid| store::login_methods::exists(app_id, id);
    let Some(own) = own.filter(|id| is_login_method(*id) && store::users::hold(*id)) else {
        return Ok(Create::UnknownUserId);
    };
    if !request.force {
        if account::parse_id(external_id).is_some_and(is_login_method) {
            return Err(Error::invalid(
                "Cannot create a userId mapping where the externalId is also a SuperTokens userID",
            ));
        }
        let used = rows::recipes_using(app_id, user_id);
        let moves = request.moves_email_verification && used == ["EmailVerification"];
        if moves {
            rows::rekey_email_verification(app_id, user_id, external_id);
        } else {
            refuse_use(&used)?;
        }
    }
    let mapping = Mapping {
        user_id: own,
        external_id: external_id.to_owned(),
        external_info: external_info.map(str::to_owned),
    };
    crate::store::users::ensure_row(own);
    if rows::insert(app_id, &mapping) {
        return Ok(Create::Ok);
    }
    Ok(Create::AlreadyExists {
        user_has_one: rows::of_user(app_id, own).is_some(),
        external_id_has_one: rows::of_external_id(app_id, external_id).is_some(),
    })
}

fn named<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    match text.trim() {
        "" => Err(Error::invalid(format!(
            "Field name '{field}' cannot be an empty String"
        ))),
        text => Ok(text),
    }
}

fn refuse_use(recipes: &[String]) -> Result<()> {
    match recipes.first() {
        Some(recipe) => Err(Error::invalid(format!(
            "UserId is already in use in {recipe} recipe"
        ))),
        None => Ok(()),
    }
}

/// How an id is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdType {
    SuperTokens,
    External,
    Any,
}

impl IdType {
    /// Reads its name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other text.
    pub fn parse(text: &str) -> Result<Self> {
        match text.trim() {
            "SUPERTOKENS" => Ok(Self::SuperTokens),
            "EXTERNAL" => Ok(Self::External),
            "ANY" => Ok(Self::Any),
            _ => Err(Error::invalid(
                "Field name 'userIdType' should be one of 'SUPERTOKENS', 'EXTERNAL' or 'ANY'",
            )),
        }
    }
}

/// The mapping of an id. Where both readings have one, our own id counts.
///
/// # Errors
/// [`Error::Invalid`] for an empty id.
pub fn get(app: &Tenant, user_id: &str, id_type: IdType) -> Result<Option<Mapping>> {
    let user_id = named("userId", user_id)?;
    let own = || account::parse_id(user_id).and_then(|id| rows::of_user(&app.app_id, id));
    let external = || rows::of_external_id(&app.app_id, user_id);
    Ok(match id_type {
        IdType::SuperTokens => own(),
        IdType::External => external(),
        IdType::Any => own().or_else(external),
    })
}

/// Removes a mapping; whether it was there.
///
/// # Errors
/// [`Error::Invalid`] for an empty id, and, unless forced, when rows are kept under the external id.
pub fn remove(app: &Tenant, user_id: &str, id_type: IdType, force: bool) -> Result<bool> {
    let Some(mapping) = get(app, user_id, id_type)? else {
        return Ok(false);
    };
    // An external id that is also one of ours keeps that user's rows: they are none of the mapping's.
    let is_ours = account::parse_id(&mapping.external_id)
        .is_some_and(|id| store::login_methods::exists(&app.app_id, id));
    if !force && !is_ours {
        refuse_use(&rows::recipes_using(&app.app_id, &mapping.external_id))?;
    }
    Ok(rows::delete(mapping.user_id))
}

/// Replaces what is noted about an external id; whether there is one.
///
/// # Errors
/// [`Error::Invalid`] for empty texts.
pub fn set_info(app: &Tenant, user_id: &str, id_type: IdType, info: Option<&str>) -> Result<bool> {
    let info = info
        .map(|info| named("externalUserIdInfo", info))
        .transpose()?;
    let Some(mapping) = get(app, user_id, id_type)? else {
        return Ok(false);
    };
    rows::set_info(mapping.user_id, info);
    Ok(true)
}
