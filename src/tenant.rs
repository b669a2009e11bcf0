//! The app and tenant that a call is for, with the settings in force there.

use std::rc::Rc;

use auth_core::settings::Settings;
use serde_json::Map;

use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::store;
use crate::store::tenants::TenantRow;

/// Name of the default app and of every app's default tenant.
pub const PUBLIC: &str = "public";

/// A tenant that exists.
pub struct Tenant {
    pub app_id: String,
    pub row: TenantRow,
    pub settings: Settings,
}

impl Tenant {
    /// The tenant's id.
    pub fn id(&self) -> &str {
        &self.row.id
    }

    /// Keeps the tenant from being removed until this transaction ends. To be called before rows are written that go
    /// with it.
    ///
    /// # Errors
    /// [`Error::TenantNotFound`] when it has just been removed.
    pub fn hold(&self) -> Result<()> {
        // The base cannot be removed, and needs no lock that all sign-ups would share.
        let is_base = self.app_id == PUBLIC && self.id() == PUBLIC;
        if is_base || store::tenants::hold(&self.app_id, self.id()) {
            Ok(())
        } else {
            Err(not_found(&self.app_id, self.id()))
        }
    }
}

fn not_found(app_id: &str, tenant_id: &str) -> Error {
    Error::TenantNotFound {
        app_id: app_id.to_owned(),
        tenant_id: tenant_id.to_owned(),
    }
}

thread_local! {
    static TENANTS: Cache<Tenant> = Cache::default();
}

/// The tenant of that name; both ids are given as callers write them, in lower case.
///
/// # Errors
/// [`Error::TenantNotFound`].
pub fn find(app_id: &str, tenant_id: &str) -> Result<Rc<Tenant>> {
    // Neither id can hold a slash.
    let key = format!("{app_id}/{tenant_id}");
    TENANTS.with(|tenants| tenants.get(&key, || load(app_id, tenant_id)))
}

/// The app of that name, as its tenant `public`, whose settings are the app's.
///
/// # Errors
/// [`Error::AppNotFound`].
pub fn find_app(app_id: &str) -> Result<Rc<Tenant>> {
    find(app_id, PUBLIC).map_err(|error| match error {
        Error::TenantNotFound { app_id, .. } => Error::AppNotFound { app_id },
        other => other,
    })
}

fn load(app_id: &str, tenant_id: &str) -> Result<Tenant> {
    let mut row = store::tenants::find(app_id, tenant_id);
    if row.is_none() && app_id == PUBLIC && tenant_id == PUBLIC {
        // Made on first use, see sql/10_tenancy.sql. On a standby nothing can be made, nor need be.
        if !db_is_read_only() {
            store::tenants::insert_app(PUBLIC);
            store::tenants::insert(PUBLIC, &TenantRow::unrestricted(PUBLIC));
        }
        row = Some(TenantRow::unrestricted(PUBLIC));
    }
    let row = row.ok_or_else(|| not_found(app_id, tenant_id))?;
    let [own, app, base] = setting_layers(app_id, tenant_id);
    let settings = Settings::resolve(&[&own, &app, &base]).map_err(Error::StoredSettings)?;
    Ok(Tenant {
        app_id: app_id.to_owned(),
        row,
        settings,
    })
}

/// The settings that apply to a tenant, nearest first: its own, its app's, those of the base.
pub fn setting_layers(app_id: &str, tenant_id: &str) -> [Map<String, serde_json::Value>; 3] {
    let own = store::settings::of_tenant(app_id, tenant_id);
    let app = if tenant_id == PUBLIC {
        Map::new()
    } else {
        store::settings::of_tenant(app_id, PUBLIC)
    };
    let base = if app_id == PUBLIC {
        Map::new()
    } else {
        store::settings::of_tenant(PUBLIC, PUBLIC)
    };
    [own, app, base]
}

fn db_is_read_only() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pgrx::pg_sys::XactReadOnly }
}
