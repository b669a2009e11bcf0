//! Reading the audit log (GoTrue reference, 2.20).

use serde_json::{Value, json};

use super::call::Call;
use super::paging::Paging;
use super::{Route, route};
use crate::documents::gotrue::time;
use crate::http::Reply;
use crate::recipes::gotrue::{Refusal, Result};
use crate::store::audit_log;

pub const ROUTES: &[Route] = &[route("GET", "/admin/audit", list).about("A page of the audit log")];

fn list(call: &Call) -> Result<Reply> {
    call.admin()?;
    let paging = Paging::of(call)?;
    let search = call.param("query").map(search).transpose()?;
    let search = search
        .as_ref()
        .map(|(members, part)| (members.as_slice(), part.as_str()));
    let app_id = &call.tenant.app_id;
    let entries = audit_log::page(app_id, search, paging.offset(), paging.limit());
    let shown: Value = entries
        .iter()
        .map(|entry| {
            json!({
                "id": entry.id,
                "payload": entry.payload,
                "created_at": time(entry.created_at),
                "ip_address": entry.ip_address,
            })
        })
        .collect();
    let total = audit_log::count(app_id, search);
    Ok(paging.with_headers(call, Reply::bare_json(200, &shown), total))
}

/// The members of entries that are searched, and for what.
fn search(query: &str) -> Result<(Vec<String>, String)> {
    let members: Option<&[&str]> = match query.split_once(':') {
        Some(("author", _)) => Some(&["actor_username", "actor_name"]),
        Some(("action", _)) => Some(&["action"]),
        Some(("type", _)) => Some(&["log_type"]),
        _ => None,
    };
    let (Some(members), Some((_, part))) = (members, query.split_once(':')) else {
        let message =
            format!("Invalid query scope: {query:?}; author:, action: and type: are known");
        return Err(Refusal::validation(message).into());
    };
    let members = members.iter().map(|name| (*name).to_owned()).collect();
    Ok((members, part.to_owned()))
}
