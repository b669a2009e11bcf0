//! Administering users (GoTrue reference, 2.19).

use auth_core::address;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::{Call, given};
use super::paging::Paging;
use super::{Route, atomic, route, shown};
use crate::documents::gotrue::auth_user;
use crate::http::Reply;
use crate::recipes::gotrue::accounts::stored_phone;
use crate::recipes::gotrue::admin::{self, Ban, Changes};
use crate::recipes::gotrue::{Context, Refusal, Result};
use crate::store::auth_users::{self, AuthUser, Page};

pub const ROUTES: &[Route] = &[
    route("GET", "/admin/users", list).about("A page of users"),
    atomic("POST", "/admin/users", create).about("Makes a user"),
    route("GET", "/admin/users/{id}", get).about("A user"),
    atomic("PUT", "/admin/users/{id}", update)
        .about("Changes a user at once; bans it, or ends the ban"),
    atomic("DELETE", "/admin/users/{id}", delete)
        .about("Deletes a user, or with should_soft_delete all but its row"),
];

fn list(call: &Call) -> Result<Reply> {
    call.admin()?;
    let context = call.context();
    let paging = Paging::of(call)?;
    let page = Page {
        aud: &context.audience,
        filter: call.param("filter"),
        newest_first: newest_first(call)?,
        offset: paging.offset(),
        limit: paging.limit(),
    };
    let app_id = &context.tenant.app_id;
    let users = auth_users::page(app_id, &page);
    let mut document = json!({ "aud": context.audience });
    document["users"] = users.iter().map(|user| auth_user(user, &[], &[])).collect();
    let total = auth_users::count(app_id, &context.audience, page.filter);
    Ok(paging.with_headers(call, Reply::bare_json(200, &document), total))
}

fn newest_first(call: &Call) -> Result<bool> {
    let mut newest_first = true;
    for (_, value) in call.query.iter().filter(|(name, _)| name == "sort") {
        newest_first = match value.split_whitespace().collect::<Vec<_>>()[..] {
            [] | ["created_at"] | ["created_at", "desc"] => true,
            ["created_at", "asc"] => false,
            _ => {
                let message = format!("Bad Sort Parameters: {value:?}");
                return Err(Refusal::validation(message).into());
            }
        };
    }
    Ok(newest_first)
}

/// The user that the path names.
///
/// # Errors
/// [`Refusal`].
pub fn named(call: &Call, context: &Context) -> Result<AuthUser> {
    let id = call.id(0, "user_id")?;
    auth_users::find(&context.tenant.app_id, id).ok_or_else(|| Refusal::user_not_found(404).into())
}

fn get(call: &Call) -> Result<Reply> {
    call.admin()?;
    let context = call.context();
    let user = named(call, &context)?;
    Ok(Reply::bare_json(200, &shown::user(&context, &user)))
}

#[derive(Deserialize)]
struct Body {
    id: Option<String>,
    aud: Option<String>,
    role: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    password_hash: Option<String>,
    email_confirm: Option<bool>,
    phone_confirm: Option<bool>,
    user_metadata: Option<Map<String, Value>>,
    app_metadata: Option<Map<String, Value>>,
    ban_duration: Option<String>,
}

impl Body {
    /// What is asked for, addresses and numbers in the form in which they are stored.
    fn changes(self) -> Result<Changes> {
        let email = given(self.email)
            .map(|text| address::email(&text))
            .transpose()?;
        let phone = given(self.phone)
            .map(|text| address::phone(&text))
            .transpose()?;
        let ban = given(self.ban_duration)
            .map(|text| Ban::parse(&text))
            .transpose()?;
        Ok(Changes {
            aud: given(self.aud),
            role: given(self.role),
            email,
            phone: phone.map(|phone| stored_phone(&phone)),
            password: self.password,
            password_hash: given(self.password_hash),
            email_confirm: self.email_confirm.unwrap_or_default(),
            phone_confirm: self.phone_confirm.unwrap_or_default(),
            user_metadata: self.user_metadata,
            app_metadata: self.app_metadata,
            ban,
        })
    }
}

fn create(call: &Call) -> Result<Reply> {
    let role = call.admin()?;
    let body: Body = call.body()?;
    let context = call.context();
    let id = match body.id.as_deref() {
        None | Some("") => None,
        Some(text) => match Uuid::parse_str(text) {
            Ok(id) if !id.is_nil() => Some(id),
            _ => {
                let message = "ID must conform to the uuid format and must not be nil";
                return Err(Refusal::validation(message).into());
            }
        },
    };
    let user = admin::create(&context, &role, id, body.changes()?)?;
    Ok(Reply::bare_json(200, &shown::user(&context, &user)))
}

fn update(call: &Call) -> Result<Reply> {
    let role = call.admin()?;
    let context = call.context();
    let user = named(call, &context)?;
    let body: Body = call.body()?;
    let user = admin::update(&context, &role, &user, body.changes()?)?;
    Ok(Reply::bare_json(200, &shown::user(&context, &user)))
}

#[derive(Deserialize)]
struct Deletion {
    should_soft_delete: Option<bool>,
}

fn delete(call: &Call) -> Result<Reply> {
    let role = call.admin()?;
    let context = call.context();
    let user = named(call, &context)?;
    let is_soft = if call.request.body.is_empty() {
        false
    } else {
        call.body::<Deletion>()?
            .should_soft_delete
            .unwrap_or_default()
    };
    admin::delete(&context, &role, &user, is_soft)?;
    Ok(Reply::bare_json(200, &json!({})))
}
