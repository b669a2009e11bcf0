//! `/recipe/user`, which several recipes share: the header `rid` says which is meant. Absent or unknown it is that of
//! e-mail and password.

use super::call::Call;
use super::{Route, emailpassword, passwordless, route, thirdparty};
use crate::error::Result;
use crate::http::Reply;

pub const ROUTES: &[Route] = &[
    route("GET", "/recipe/user", get),
    route("PUT", "/recipe/user", update),
];

fn get(call: &Call) -> Result<Reply> {
    match call.request.header("rid") {
        Some("thirdparty") => thirdparty::get_user(call),
        Some("passwordless") => passwordless::get_user(call),
        _ => emailpassword::get_user(call),
    }
}

fn update(call: &Call) -> Result<Reply> {
    match call.request.header("rid") {
        Some("passwordless") => passwordless::update_user(call),
        _ => emailpassword::update_user(call),
    }
}
