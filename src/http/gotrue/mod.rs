//! The REST API of GoTrue (Supabase Auth): what its SDKs call, below `/auth/v1`.
//!
//! One file a resource; each lists its routes. This file finds the operation and runs it.

mod account;
mod admin_factors;
mod admin_users;
mod answer;
mod audit;
mod call;
mod captcha;
mod disabled;
mod factors;
mod general;
mod id_token;
mod identities;
mod links;
mod logout;
mod otp;
mod paging;
mod shown;
mod signup;
mod token;
mod verify;
mod verify_page;

use std::rc::Rc;

use self::call::Call;
use super::{Reply, Request};
use crate::db::{Undone, subtransaction};
use crate::error::Error;
use crate::hosts;
use crate::recipes::gotrue::limits::Limit;
use crate::recipes::gotrue::{Failure, Refusal, Result};
use crate::tenant::{self, PUBLIC, Tenant};

/// Below this path the door is.
const BASE: &str = "/auth/v1";
/// How often an operation is begun anew that was overtaken by another.
const ATTEMPTS: usize = 5;

/// An operation.
struct Route {
    method: &'static str,
    /// Without a slash at the end; `{id}` stands for any segment.
    path: &'static str,
    /// Whether what it wrote is undone when it refuses.
    is_atomic: bool,
    /// How often a client may ask for it.
    limit: Option<Limit>,
    /// Which answers must not tell by their time whether an address is known.
    discretion: Discretion,
    /// Whether it is for people, where that has to be shown.
    needs_captcha: bool,
    handler: fn(&Call) -> Result<Reply>,
    /// What it does, for the reference.
    summary: Option<&'static str>,
}

/// Which answers of an operation must not tell by their time whether an address is known: what is written and mailed to
/// those who are takes longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Discretion {
    None,
    /// Of those that refuse.
    Refusals,
    All,
}

/// An operation that writes nothing, or nothing but what goes with its refusal.
const fn route(
    method: &'static str,
    path: &'static str,
    handler: fn(&Call) -> Result<Reply>,
) -> Route {
    Route {
        method,
        path,
        is_atomic: false,
        limit: None,
        discretion: Discretion::None,
        needs_captcha: false,
        handler,
        summary: None,
    }
}

/// An operation that does all or nothing.
const fn atomic(
    method: &'static str,
    path: &'static str,
    handler: fn(&Call) -> Result<Reply>,
) -> Route {
    Route {
        is_atomic: true,
        ..route(method, path, handler)
    }
}

impl Route {
    /// The same, with what it does, for the reference.
    const fn about(self, summary: &'static str) -> Self {
        Self {
            summary: Some(summary),
            ..self
        }
    }

    /// The same, which a client may ask for only so often.
    const fn limited(self, limit: Limit) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// The same with answers whose time tells nothing.
    const fn discreet(self, discretion: Discretion) -> Self {
        Self { discretion, ..self }
    }

    /// The same for people alone.
    const fn for_people(self) -> Self {
        Self {
            needs_captcha: true,
            ..self
        }
    }

    fn handle(&self, call: &Call) -> Result<Reply> {
        if self.needs_captcha {
            captcha::check(call)?;
        }
        (self.handler)(call)
    }
}

/// The resources.
const RESOURCES: [&[Route]; 14] = [
    account::ROUTES,
    admin_factors::ROUTES,
    admin_users::ROUTES,
    audit::ROUTES,
    disabled::ROUTES,
    factors::ROUTES,
    general::ROUTES,
    identities::ROUTES,
    links::ROUTES,
    logout::ROUTES,
    otp::ROUTES,
    signup::ROUTES,
    token::ROUTES,
    verify::ROUTES,
];

/// All operations: method, path, and what they do.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>)> {
    let routes = RESOURCES.into_iter().flatten();
    routes.map(|route| (route.method, route.path, route.summary))
}

/// Which tenant a request is for, and which operation of it.
pub struct Place {
    app_id: String,
    tenant_id: String,
    operation: String,
}

/// Reads `[/appid-<id>][/<tenant>]/auth/v1<operation>`; `None` for the path of another door.
pub fn locate(request: &Request) -> Option<Place> {
    let at = request.path.find(BASE)?;
    let (prefix, rest) = (&request.path[..at], &request.path[at + BASE.len()..]);
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let mut segments: Vec<_> = prefix.split('/').filter(|s| !s.is_empty()).collect();
    let app_id = match segments
        .first()
        .and_then(|first| first.strip_prefix("appid-"))
    {
        Some(app_id) => {
            segments.remove(0);
            app_id.to_lowercase()
        }
        None => PUBLIC.to_owned(),
    };
    if segments.len() > 1 {
        return None;
    }
    let tenant_id = segments.pop().map(str::to_lowercase);
    let (app_id, tenant_id) = hosts::addressed(request.header("host"), app_id, tenant_id);
    Some(Place {
        app_id,
        tenant_id: tenant_id.unwrap_or_else(|| PUBLIC.to_owned()),
        operation: rest.trim_end_matches('/').to_owned(),
    })
}

/// Answers a request.
pub fn serve(request: &Request, place: &Place) -> Reply {
    let tenant = match tenant::find(&place.app_id, &place.tenant_id) {
        Ok(tenant) => tenant,
        Err(Error::TenantNotFound { .. }) => return Reply::text(404, "no such app or tenant"),
        Err(error) => return answer::failure(request, Failure::Failed(error)),
    };
    let reply = if request.method == "OPTIONS" {
        Reply::empty(204)
    } else {
        dispatch(request, &place.operation, tenant.clone())
    };
    answer::with_cors(&tenant, request, reply)
}

/// Answers a request that came as a call of a SQL function, by somebody whom others have identified.
pub fn serve_rpc(request: &Request, tenant: Rc<Tenant>, operation: &str) -> Reply {
    dispatch(request, operation, tenant)
}

fn dispatch(request: &Request, operation: &str, tenant: Rc<Tenant>) -> Reply {
    let routes = || RESOURCES.into_iter().flatten();
    let mut methods = Vec::new();
    for route in routes() {
        if let Some(segments) = segments(route.path, operation) {
            if route.method == request.method {
                let call = Call::new(request, tenant, segments);
                return run(route, &call);
            }
            methods.push(route.method);
        }
    }
    if methods.is_empty() {
        return Reply::text(404, "404 page not found");
    }
    Reply::empty(405).with_header("Allow", methods.join(", "))
}

/// What stands for the `{id}` of a path, if the operation is that path.
fn segments<'a>(path: &str, operation: &'a str) -> Option<Vec<&'a str>> {
    let (mut wanted, mut given) = (path.split('/'), operation.split('/'));
    let mut found = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some("{id}"), Some(segment)) if !segment.is_empty() => found.push(segment),
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

fn run(route: &Route, call: &Call) -> Reply {
    if let Some(limit) = route.limit
        && let Err(failure) = call.look_at_limit(limit)
    {
        return answer::failure(call.request, failure);
    }
    let mut reply = attempt(route, call);
    // In the end, so that requests of one client do not wait for each other's hashes; and once, however often the operation
    // is begun anew.
    if let Some(limit) = route.limit
        && call.request.fetched.is_empty()
    {
        call.count(limit);
    }
    if reply.fetch.is_some() {
        return reply;
    }
    if is_discreet(route.discretion, reply.status) {
        let least = call.tenant.settings.duration("discreet_answer_time");
        reply.least_ms = least.map(|least| least.micros() / 1000);
    }
    reply
}

fn is_discreet(discretion: Discretion, status: i32) -> bool {
    match discretion {
        Discretion::None => false,
        Discretion::Refusals => status >= 400,
        Discretion::All => true,
    }
}

fn attempt(route: &Route, call: &Call) -> Reply {
    for _ in 0..ATTEMPTS {
        let outcome = if route.is_atomic {
            undoing(|| route.handle(call))
        } else {
            route.handle(call).map_err(Trouble::Failure)
        };
        match outcome {
            Ok(reply) => return reply,
            Err(Trouble::Failure(Failure::Overtaken)) => {}
            Err(Trouble::Failure(failure)) => return answer::failure(call.request, failure),
            Err(Trouble::Raised(raised)) => return answer::raised(call.request, &raised),
        }
    }
    let message = "Too many requests want the same at the moment";
    let refusal = Refusal::new(409, "conflict", message);
    answer::failure(call.request, refusal.into())
}

enum Trouble {
    Failure(Failure),
    Raised(Box<crate::db::Raised>),
}

/// Undoes what was written when the work fails, unless its refusal says that it stays.
fn undoing(work: impl FnOnce() -> Result<Reply>) -> std::result::Result<Reply, Trouble> {
    let kept = subtransaction(|| match work() {
        Err(Failure::Refused(refusal)) if refusal.keeps_writes => Ok(Err(refusal)),
        Err(failure) => Err(failure),
        Ok(reply) => Ok(Ok(reply)),
    });
    match kept {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(refusal)) => Err(Trouble::Failure(Failure::Refused(refusal))),
        Err(Undone::Refused(failure)) => Err(Trouble::Failure(failure)),
        Err(Undone::Raised(raised)) => Err(Trouble::Raised(raised)),
    }
}
