//! Codes to type in and links to click (GoTrue reference, 4.7).
//!
//! GoTrue's link is a hash of address and code, so whoever can guess six digits can make it. Here it is random: clients
//! take it as it is. What is stored of a code is under a key from outside of the database.

use auth_core::{hash, otp};
use uuid::Uuid;

use super::{Context, Refusal, Result};
use crate::keyring::keyring;
use crate::store::auth_users::AuthUser;
use crate::store::one_time_codes::{self, CodeRow, Kind};

/// Names the MAC keys of codes among the derived ones.
const MAC_PURPOSE: &str = "one-time-code";
/// After so many wrong ones a code does not work any more.
const MOST_WRONG: i32 = 10;
/// What a caller is told whose code is wrong, expired, used, or was never sent.
pub const WRONG: &str = "Token has expired or is invalid";
/// The same of a link.
pub const WRONG_LINK: &str = "Email link is invalid or has expired";

/// A code, and the link that stands for it.
pub struct NewCode {
    pub code: String,
    /// What the link carries.
    pub link: String,
}

/// Makes a code for a user, in place of the one of its kind before. With PKCE the link says so.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn issue(
    context: &Context,
    user_id: Uuid,
    kind: Kind,
    address: &str,
    digits: i64,
    is_pkce: bool,
) -> Result<NewCode> {
    let code = otp::new(digits);
    put(context, user_id, kind, address, &code, is_pkce)
}

/// The same with a code that is given.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn put(
    context: &Context,
    user_id: Uuid,
    kind: Kind,
    address: &str,
    code: &str,
    is_pkce: bool,
) -> Result<NewCode> {
    let link = otp::new_link(is_pkce);
    let app_id = &context.tenant.app_id;
    let code_hash = &code_hash(context, address, code)?;
    let link_hash = hash::sha256(link.as_bytes());
    one_time_codes::put(
        app_id,
        user_id,
        kind,
        address,
        code_hash,
        Some(&link_hash),
        context.now,
    );
    Ok(NewCode {
        code: code.to_owned(),
        link,
    })
}

/// What may be stored of a code, by each of the keys, the newest first.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn code_hashes(context: &Context, address: &str, code: &str) -> Result<Vec<Vec<u8>>> {
    let keys = keyring()?.mac_keys(MAC_PURPOSE, &context.tenant.app_id);
    let hashes = keys.iter().map(|key| otp::code_hash(key, address, code));
    Ok(hashes.collect())
}

/// What is stored of a new code.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn code_hash(context: &Context, address: &str, code: &str) -> Result<Vec<u8>> {
    let mut hashes = code_hashes(context, address, code)?;
    Ok(hashes.swap_remove(0))
}

/// How long codes of a kind are good, in seconds.
fn validity_s(context: &Context, code: &CodeRow) -> i64 {
    let settings = &context.tenant.settings;
    if code.address.contains('@') {
        settings.mailer_otp_exp_s()
    } else {
        settings.sms_otp_exp_s()
    }
}

fn is_expired(context: &Context, code: &CodeRow) -> bool {
    otp::is_expired(code.sent_at.0, validity_s(context, code), context.now.0)
}

/// The code of one of these kinds that a user was sent to an address and typed in; a wrong one is counted, unless the
/// caller undoes it.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn find_typed(
    context: &Context,
    user: &AuthUser,
    kinds: &[Kind],
    address: &str,
    typed: &str,
) -> Result<Option<CodeRow>> {
    let candidates: Vec<_> = kinds
        .iter()
        .filter_map(|kind| one_time_codes::find(user.id, *kind))
        .filter(|code| code.address == address)
        .collect();
    find_among(context, candidates, address, typed)
}

/// The same where the user is found by the address that is to become its own.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn find_by_address(
    context: &Context,
    kinds: &[Kind],
    address: &str,
    typed: &str,
) -> Result<Option<CodeRow>> {
    let app_id = &context.tenant.app_id;
    let candidates = kinds
        .iter()
        .flat_map(|kind| one_time_codes::find_by_address(app_id, address, *kind))
        .collect();
    find_among(context, candidates, address, typed)
}

fn find_among(
    context: &Context,
    candidates: Vec<CodeRow>,
    address: &str,
    typed: &str,
) -> Result<Option<CodeRow>> {
    let hashes = code_hashes(context, address, typed)?;
    let is_right = |code: &CodeRow| {
        hashes.iter().fold(false, |found, hash| {
            hash::equal(hash, &code.code_hash) | found
        })
    };
    let (right, wrong): (Vec<_>, Vec<_>) = candidates.into_iter().partition(is_right);
    if right.is_empty() {
        // Of several users who want one address, each was sent a code: a right one is no wrong one of the others.
        for code in &wrong {
            one_time_codes::count_wrong(code.user_id, code.kind);
        }
    }
    let works = |code: &CodeRow| code.wrong_attempts < MOST_WRONG && !is_expired(context, code);
    let found = right.into_iter().find(works);
    Ok(found)
}

/// The code that a link stands for, if it is of one of these kinds.
///
/// # Errors
/// [`Refusal`].
pub fn find_linked(context: &Context, kinds: &[Kind], link: &str) -> Result<CodeRow> {
    let link_hash = hash::sha256(link.as_bytes());
    one_time_codes::find_by_link(&context.tenant.app_id, &link_hash)
        .filter(|code| kinds.contains(&code.kind) && !is_expired(context, code))
        .ok_or_else(|| Refusal::otp_expired(WRONG_LINK).into())
}
