//! Administering second factors (GoTrue reference, 2.19).

use auth_core::address;
use serde::Deserialize;
use serde_json::Value;

use super::admin_users::named;
use super::call::{Call, given};
use super::{Route, atomic, route};
use crate::documents::gotrue::factor;
use crate::http::Reply;
use crate::recipes::gotrue::accounts::stored_phone;
use crate::recipes::gotrue::{Result, factors};
use crate::store::factors::FactorKind;

pub const ROUTES: &[Route] = &[
    route("GET", "/admin/users/{id}/factors", list).about("Lists a user's second factors"),
    atomic("PUT", "/admin/users/{id}/factors/{id}", update)
        .about("Changes name or number of a second factor"),
    atomic("DELETE", "/admin/users/{id}/factors/{id}", delete).about("Removes a second factor"),
];

fn list(call: &Call) -> Result<Reply> {
    call.admin()?;
    let context = call.context();
    let user = named(call, &context)?;
    let shown: Value = factors::list(&context, &user).iter().map(factor).collect();
    Ok(Reply::bare_json(200, &shown))
}

#[derive(Deserialize)]
struct Body {
    friendly_name: Option<String>,
    phone: Option<String>,
}

fn update(call: &Call) -> Result<Reply> {
    call.admin()?;
    let context = call.context();
    let user = named(call, &context)?;
    let found = factors::find(&context, &user, call.id(1, "factor_id")?)?;
    let body: Body = call.body()?;
    let phone = given(body.phone).filter(|_| found.kind != FactorKind::Totp);
    let phone = phone.map(|text| address::phone(&text)).transpose()?;
    let phone = phone.map(|phone| stored_phone(&phone));
    let name = given(body.friendly_name);
    let changed = factors::rename(&context, &user, &found, name.as_deref(), phone.as_deref())?;
    Ok(Reply::bare_json(200, &factor(&changed)))
}

fn delete(call: &Call) -> Result<Reply> {
    call.admin()?;
    let context = call.context();
    let user = named(call, &context)?;
    let found = factors::find(&context, &user, call.id(1, "factor_id")?)?;
    factors::delete(&context, &user, &found)?;
    Ok(Reply::bare_json(200, &factor(&found)))
}
