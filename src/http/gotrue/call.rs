//! One call of an operation: its input, and who makes it (GoTrue reference, 1.2 and section 2).

use std::net::IpAddr;
use std::rc::Rc;

use auth_core::pkce::Challenge;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::db::Time;
use crate::http::{CLIENT_ADDRESS, Request, holds_nul};
use crate::recipes::gotrue::limits::{self, Limit, Step, client_key};
use crate::recipes::gotrue::{Context, Failure, Refusal, Result, jwt, sessions};
use crate::store::auth_sessions::{self, AuthSession, Client};
use crate::store::auth_users::{self, AuthUser};
use crate::tenant::Tenant;

/// The largest body, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// A call.
pub struct Call<'a> {
    pub request: &'a Request<'a>,
    pub tenant: Rc<Tenant>,
    /// What stands for the `{id}`s of the path.
    pub ids: Vec<&'a str>,
    pub query: Vec<(String, String)>,
    pub now: Time,
}

/// A user who has shown a token.
pub struct Caller {
    pub user: AuthUser,
    /// None for a token that names none.
    pub session: Option<AuthSession>,
    pub claims: Map<String, Value>,
}

impl<'a> Call<'a> {
    pub fn new(request: &'a Request<'a>, tenant: Rc<Tenant>, ids: Vec<&'a str>) -> Self {
        Self {
            request,
            tenant,
            ids,
            query: request.query_pairs(),
            now: Time::now(),
        }
    }

    /// A query parameter; empty is absent.
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// The body. Unknown members are passed over, and null is absent.
    ///
    /// # Errors
    /// [`Refusal`] when it is no JSON, too long, or a member has the wrong type.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T> {
        if self.request.body.len() > MOST_BYTES {
            let message = format!("Request body exceeds {MOST_BYTES} bytes");
            return Err(Refusal::new(413, "request_entity_too_large", message).into());
        }
        let unreadable = |error: serde_json::Error| {
            Refusal::bad_json(format!("Could not parse request body as JSON: {error}"))
        };
        let body: Value = serde_json::from_slice(self.request.body).map_err(unreadable)?;
        if !body.is_object() || holds_nul(&body) {
            let message =
                "Could not parse request body as JSON: it must be an object without U+0000";
            return Err(Refusal::bad_json(message).into());
        }
        Ok(T::deserialize(body).map_err(unreadable)?)
    }

    /// What the operation knows of its request, for users of the audience that it names or of the usual one.
    pub fn context(&self) -> Context<'_> {
        let named = self
            .request
            .header("x-jwt-aud")
            .filter(|aud| !aud.is_empty());
        self.context_for(named.unwrap_or_else(|| self.tenant.settings.jwt_aud()))
    }

    /// The same for users of a caller's own audience, unless the request names another.
    pub fn context_of(&self, claims: &Map<String, Value>) -> Context<'_> {
        let named = self
            .request
            .header("x-jwt-aud")
            .filter(|aud| !aud.is_empty());
        let role = claims.get("role").and_then(Value::as_str);
        let is_admin = role.is_some_and(|role| self.tenant.settings.is_admin_role(role));
        // That of an administrator says nothing about users.
        let own = audiences(claims).first().copied().filter(|_| !is_admin);
        let own = own.map(str::to_owned);
        match named {
            Some(named) => self.context_for(named),
            None => {
                self.context_for(&own.unwrap_or_else(|| self.tenant.settings.jwt_aud().to_owned()))
            }
        }
    }

    fn context_for(&self, audience: &str) -> Context<'_> {
        let redirect_to = self.request.header("redirect_to");
        Context {
            tenant: &self.tenant,
            audience: audience.to_owned(),
            client: Client {
                user_agent: self.request.header("user-agent"),
                address: self.request.client_address(),
            },
            redirects: [
                redirect_to.or_else(|| self.param("redirect_to")),
                self.request.header("referer"),
            ],
            now: self.now,
            fetched: &self.request.fetched,
        }
    }

    /// Whom limits know the caller as, where there are any: by the header that a setting names, which may be the address
    /// that the gateway has verified.
    fn limited_as(&self) -> Option<String> {
        let settings = &self.tenant.settings;
        let first = |value: &str| {
            value
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        if settings.is_on("sb_forwarded_for_enabled")
            && let Some(address) = self.request.header("sb-forwarded-for").map(first)
            && address.parse::<IpAddr>().is_ok()
        {
            return Some(client_key(&address));
        }
        let name = settings
            .setting_text("rate_limit_header")?
            .to_ascii_lowercase();
        let value = match name.as_str() {
            CLIENT_ADDRESS => self.request.client_address(),
            name => self.request.header(name),
        };
        value
            .map(first)
            .filter(|key| !key.is_empty())
            .map(|key| client_key(&key))
    }

    /// The limit that the call falls under: signing up without a name has another.
    fn own_limit(&self, limit: Limit) -> Limit {
        let body: Value = serde_json::from_slice(self.request.body).unwrap_or_default();
        let has = |name: &str| body[name].as_str().is_some_and(|text| !text.is_empty());
        match limit {
            Limit::Signup if !has("email") && !has("phone") => Limit::Anonymous,
            limit => limit,
        }
    }

    /// Refuses a caller that has asked too often.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn look_at_limit(&self, limit: Limit) -> Result<()> {
        match self.limited_as() {
            Some(client) => {
                limits::client(&self.context(), self.own_limit(limit), &client, Step::Look)
            }
            None => Ok(()),
        }
    }

    /// Counts the call.
    pub fn count(&self, limit: Limit) {
        if let Some(client) = self.limited_as() {
            // What came in at the same time may have used it up: this call was let through all the same.
            let _ = limits::client(&self.context(), self.own_limit(limit), &client, Step::Count);
        }
    }

    /// The token that the caller shows.
    fn bearer(&self) -> Result<&str> {
        let header = self.request.header("authorization").unwrap_or_default();
        let token = header.split_once(' ').filter(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer")
                && !token.is_empty()
                && !token.contains(char::is_whitespace)
        });
        token.map(|(_, token)| token).ok_or_else(no_token)
    }

    /// The claims of the token that the caller shows.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn claims(&self) -> Result<Map<String, Value>> {
        match &self.request.claims {
            Some(claims) if claims.is_empty() => return Err(no_token()),
            Some(claims) => return Ok(claims.clone()),
            None => {}
        }
        let verified = jwt::verify(&self.tenant, self.bearer()?, self.now)?;
        Ok(verified.map_err(|error| bad_jwt(403, error.to_string()))?)
    }

    /// The user who calls.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn user(&self) -> Result<Caller> {
        let claims = self.claims()?;
        let sub = claims
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if sub.is_empty() {
            return Err(bad_jwt(403, "invalid claim: missing sub claim").into());
        }
        let Ok(id) = Uuid::parse_str(sub) else {
            return Err(bad_jwt(400, "invalid claim: sub claim must be a UUID").into());
        };
        let message = "User from sub claim in JWT does not exist";
        let is_gone = || Refusal::new(403, "user_not_found", message);
        let user = auth_users::find(&self.tenant.app_id, id).ok_or_else(is_gone)?;
        let session = self.session(&claims, Some(id))?;
        if user.deleted_at.is_some() {
            return Err(is_gone().into());
        }
        if user.is_banned(self.now) {
            return Err(Refusal::user_banned(403).into());
        }
        Ok(Caller {
            user,
            session,
            claims,
        })
    }

    /// The session that a token names, which must be there.
    fn session(
        &self,
        claims: &Map<String, Value>,
        user_id: Option<Uuid>,
    ) -> Result<Option<AuthSession>> {
        let named = claims
            .get("session_id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if named.is_empty() {
            return Ok(None);
        }
        let Ok(id) = Uuid::parse_str(named) else {
            return Err(bad_jwt(403, "invalid claim: session_id claim must be a UUID").into());
        };
        if id.is_nil() {
            return Ok(None);
        }
        let session = auth_sessions::find(&self.tenant.app_id, id)
            .filter(|session| user_id.is_none_or(|user_id| session.user_id == user_id));
        session.map(Some).ok_or_else(|| {
            let message = "Session from session_id claim in JWT does not exist";
            Refusal::new(403, "session_not_found", message).into()
        })
    }

    /// The role of the administrator who calls.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admin(&self) -> Result<String> {
        let claims = self.claims()?;
        if let Some(session) = self.session(&claims, None)? {
            let user = auth_users::find(&self.tenant.app_id, session.user_id);
            let user = user.ok_or_else(|| Refusal::user_not_found(403))?;
            if user.is_banned(self.now) {
                return Err(Refusal::user_banned(403).into());
            }
            sessions::check_life(&self.context(), &session).map_err(|failure| match failure {
                Failure::Refused(refusal) => Failure::from(Refusal {
                    status: 403,
                    ..*refusal
                }),
                other => other,
            })?;
        }
        let role = claims
            .get("role")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !self.tenant.settings.is_admin_role(role) {
            return Err(Refusal::new(403, "not_admin", "User not allowed").into());
        }
        Ok(role.to_owned())
    }

    /// An id in the path.
    ///
    /// # Errors
    /// [`Refusal`] when it is no UUID; `what` says whose it is meant to be.
    pub fn id(&self, place: usize, what: &str) -> Result<Uuid> {
        Uuid::parse_str(self.ids[place]).map_err(|_| {
            let message = format!("{what} must be an UUID");
            Refusal::new(404, "validation_failed", message).into()
        })
    }
}

fn no_token() -> Failure {
    let message = "This endpoint requires a valid Bearer token";
    Refusal::new(401, "no_authorization", message).into()
}

fn bad_jwt(status: i32, message: impl Into<String>) -> Refusal {
    Refusal::new(status, "bad_jwt", message)
}

/// The audiences of a token.
pub fn audiences(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("aud") {
        Some(Value::String(aud)) => vec![aud.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A text of a body that is given: an empty one is none, as in GoTrue, whose bodies know no difference.
pub fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The challenge of a request that uses PKCE.
///
/// # Errors
/// [`Refusal`].
pub fn challenge(text: Option<&str>, method: Option<&str>) -> Result<Option<Challenge>> {
    let (text, method) = (text.unwrap_or_default(), method.unwrap_or_default());
    Ok(Challenge::of_request(text, method)?)
}
