//! Users and providers of a tenant (CDI, "Multitenancy").

use serde_json::json;

use super::call::Call;
use super::{Route, route};
use crate::documents::{associated, disassociated, ok};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::{tenantusers, thirdpartyconfig};

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/multitenancy/tenant/user", associate),
    route(
        "POST",
        "/recipe/multitenancy/tenant/user/remove",
        disassociate,
    ),
    route(
        "PUT",
        "/recipe/multitenancy/config/thirdparty",
        put_provider,
    ),
    route(
        "POST",
        "/recipe/multitenancy/config/thirdparty/remove",
        remove_provider,
    ),
];

fn associate(call: &Call) -> Result<Reply> {
    let id = call.text(call.cdi.login_method_id_field)?;
    let outcome = tenantusers::associate(&*call.tenant()?, id)?;
    Ok(Reply::json(200, &associated(&outcome)))
}

fn disassociate(call: &Call) -> Result<Reply> {
    let id = call.text(call.cdi.login_method_id_field)?;
    let was_associated = tenantusers::disassociate(&*call.tenant()?, id)?;
    Ok(Reply::json(200, &disassociated(was_associated)))
}

fn put_provider(call: &Call) -> Result<Reply> {
    let config = call.object("config")?;
    let skip_validation = call.bool_opt("skipValidation")?.unwrap_or(false);
    let created = thirdpartyconfig::put(&*call.tenant()?, config, skip_validation)?;
    Ok(Reply::json(200, &ok(json!({ "createdNew": created }))))
}

fn remove_provider(call: &Call) -> Result<Reply> {
    let third_party_id = call.text("thirdPartyId")?;
    let existed = thirdpartyconfig::remove(&*call.tenant()?, third_party_id)?;
    Ok(Reply::json(200, &ok(json!({ "didConfigExist": existed }))))
}
