//! Users and their login methods (CDI, "User object").

use serde_json::{Value, json};
use uuid::Uuid;

use super::ok;
use crate::store::users::{LoginMethod, Recipe, User};

/// How users are shown (CDI, "User object").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserShape {
    /// One object a user with all its login methods; `webauthn` members from CDI 5.3 on.
    Full { webauthn: bool },
    /// The first login method alone (CDI before 4.0); `tenantIds` from CDI 3.0 on.
    FirstLoginMethod { tenant_ids: bool },
}

impl UserShape {
    /// What SQL functions answer.
    pub const NEWEST: Self = Self::Full { webauthn: true };

    /// Whether lists show a user in this shape: those from before passkeys have no form for one who has nothing else.
    fn lists(self, user: &User) -> bool {
        matches!(self, Self::Full { .. }) || user.login_methods[0].recipe != Recipe::WebAuthn
    }

    /// Whether callers know of passkeys.
    pub fn has_webauthn(self) -> bool {
        self == Self::Full { webauthn: true }
    }

    /// What operations from before login methods could be linked show: one login method.
    pub fn without_linking(self) -> Self {
        match self {
            Self::Full { .. } => Self::FirstLoginMethod { tenant_ids: true },
            first => first,
        }
    }
}

/// A user.
pub fn user(user: &User, shape: UserShape) -> Value {
    match shape {
        UserShape::Full { webauthn } => full_user(user, webauthn),
        UserShape::FirstLoginMethod { tenant_ids } => {
            first_login_method(&user.login_methods[0], tenant_ids)
        }
    }
}

/// `{"status":"OK","users":[...]}`, of those that the shape can show.
pub fn user_list(users: &[User], shape: UserShape) -> Value {
    let shown = users.iter().filter(|user| shape.lists(user));
    let mut document = ok(json!({}));
    // Moved in: `json!` would copy all of it.
    document["users"] = shown.map(|user| listed_user(user, shape)).collect();
    document
}

/// A user in a list: before CDI 4.0 wrapped with its recipe.
fn listed_user(user: &User, shape: UserShape) -> Value {
    match shape {
        UserShape::Full { .. } => self::user(user, shape),
        UserShape::FirstLoginMethod { .. } => json!({
            "recipeId": user.login_methods[0].recipe.name(),
            "user": self::user(user, shape),
        }),
    }
}

fn full_user(user: &User, webauthn: bool) -> Value {
    let methods = &user.login_methods;
    let has_top_level_email = |method: &&LoginMethod| webauthn || method.recipe != Recipe::WebAuthn;
    let emails = methods
        .iter()
        .filter(has_top_level_email)
        .filter_map(|m| m.email.clone());
    let phones = methods.iter().filter_map(|method| method.phone.clone());
    let third_party = methods
        .iter()
        .filter_map(|method| method.third_party.as_ref());
    let third_party = third_party.map(|(id, user_id)| json!({"id": id, "userId": user_id}));
    let tenants = methods
        .iter()
        .flat_map(|method| method.tenant_ids.iter().cloned());
    let mut document = json!({
        "id": user.shown_id(),
        "isPrimaryUser": user.is_primary,
        "tenantIds": distinct(tenants),
        "timeJoined": user.time_joined.0,
        "emails": distinct(emails),
        "phoneNumbers": distinct(phones),
        "thirdParty": distinct(third_party),
    });
    let shown = methods.iter().map(|method| login_method(method, webauthn));
    document["loginMethods"] = shown.collect();
    if webauthn {
        let ids = methods.iter().flat_map(|method| &method.credential_ids);
        document["webauthn"] = json!({"credentialIds": ids.collect::<Vec<_>>()});
    }
    document
}

fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

fn login_method(method: &LoginMethod, webauthn: bool) -> Value {
    let mut document = json!({
        "tenantIds": method.tenant_ids,
        "recipeUserId": method.shown_id(),
        "verified": method.verified,
        "timeJoined": method.time_joined.0,
        "recipeId": method.recipe.name(),
    });
    put_account_info(&mut document, method);
    if webauthn && method.recipe == Recipe::WebAuthn {
        document["webauthn"] = json!({"credentialIds": method.credential_ids});
    }
    document
}

/// Members that are present only when set, and never null.
fn put_account_info(document: &mut Value, method: &LoginMethod) {
    if let Some(email) = &method.email {
        document["email"] = email.as_str().into();
    }
    if let Some(phone) = &method.phone {
        document["phoneNumber"] = phone.as_str().into();
    }
    if let Some((id, user_id)) = &method.third_party {
        document["thirdParty"] = json!({"id": id, "userId": user_id});
    }
}

fn first_login_method(method: &LoginMethod, tenant_ids: bool) -> Value {
    let mut document = json!({"id": method.shown_id(), "timeJoined": method.time_joined.0});
    put_account_info(&mut document, method);
    if tenant_ids {
        document["tenantIds"] = json!(method.tenant_ids);
    }
    document
}

/// `{"status":"OK","user":...,"recipeUserId":...}`; the id is left out where the shape knows none.
pub fn signed_in(user: &User, recipe_user_id: Uuid, shape: UserShape) -> Value {
    let mut document = ok(json!({"user": self::user(user, shape)}));
    if matches!(shape, UserShape::Full { .. }) {
        let method = user.login_methods.iter().find(|m| m.id == recipe_user_id);
        document["recipeUserId"] = method
            .map_or_else(|| recipe_user_id.to_string(), LoginMethod::shown_id)
            .into();
    }
    document
}
