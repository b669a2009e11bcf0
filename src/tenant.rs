//! The app and tenant that a call is for, with the settings in force there.

use std::cell::OnceCell;
use std::rc::Rc;

use auth_core::jwk_set::JwtKeys;
use auth_core::settings::Settings;
use serde_json::Map;

use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::setting_values;
use crate::store;
use crate::store::tenants::TenantRow;

/// Name of the default app and of every app's default tenant.
pub const PUBLIC: &str = "public";

/// A tenant that exists.
pub struct Tenant {
    pub app_id: String,
    pub row: TenantRow,
    pub settings: Settings,
    jwt_keys: OnceCell<Option<JwtKeys>>,
}

impl Tenant {
    /// The tenant's id.
    pub fn id(&self) -> &str {
        &self.row.id
    }

    /// The connection URI domain that the app lies in; empty for the default one.
    pub fn domain(&self) -> &str {
        split_app_id(&self.app_id).0
    }

    /// Whether this is the public app of its domain.
    pub fn is_public_app(&self) -> bool {
        split_app_id(&self.app_id).1 == PUBLIC
    }

    /// Whether this is the base: the public tenant of the public app of the default domain.
    pub fn is_base(&self) -> bool {
        self.app_id == PUBLIC && self.id() == PUBLIC
    }

    /// The operator's own keys for the access tokens of the GoTrue door, if there are any.
    ///
    /// # Errors
    /// [`Error::Unconfigured`] when the settings give none that can be used.
    pub fn jwt_keys(&self) -> Result<Option<&JwtKeys>> {
        if let Some(keys) = self.jwt_keys.get() {
            return Ok(keys.as_ref());
        }
        let is_set = |key| self.settings.setting_text(key).is_some();
        let keys = (is_set("jwt_secret") || is_set("jwt_keys"))
            .then(|| self.settings.jwt_keys())
            .transpose()
            .map_err(|error| Error::Unconfigured(error.to_string()))?;
        Ok(self.jwt_keys.get_or_init(|| keys).as_ref())
    }

    /// Keeps the tenant from being removed until this transaction ends. To be called before rows are written that go
    /// with it.
    ///
    /// # Errors
    /// [`Error::TenantNotFound`] when it has just been removed.
    pub fn hold(&self) -> Result<()> {
        // The base cannot be removed, and needs no lock that all sign-ups would share.
        if self.is_base() || store::tenants::hold(&self.app_id, self.id()) {
            Ok(())
        } else {
            Err(not_found(&self.app_id, self.id()))
        }
    }
}

/// The connection URI domain (empty for the default one) and the name within it that an app's id stands for.
pub fn split_app_id(app_id: &str) -> (&str, &str) {
    // Names that apps are given hold no @.
    match app_id.split_once('@') {
        Some((name, domain)) => (domain, name),
        None => ("", app_id),
    }
}

/// The id of the app of that name in a domain: `name`, or `name@domain`.
pub fn app_id_in(domain: &str, name: &str) -> String {
    if domain.is_empty() {
        name.to_owned()
    } else {
        format!("{name}@{domain}")
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
    let found = TENANTS.with(|tenants| tenants.get(&key, || load(app_id, tenant_id)));
    match found {
        // Not to be remembered: whoever may write is to make it.
        Err(Error::TenantNotFound { .. }) if is_base(app_id, tenant_id) && db_is_read_only() => {
            with_row(app_id, TenantRow::unrestricted(PUBLIC)).map(Rc::new)
        }
        found => found,
    }
}

fn is_base(app_id: &str, tenant_id: &str) -> bool {
    app_id == PUBLIC && tenant_id == PUBLIC
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
    if row.is_none() && is_base(app_id, tenant_id) && !db_is_read_only() {
        // Made on first use, see sql/10_tenancy.sql.
        store::tenants::insert_app(PUBLIC);
        store::tenants::insert(PUBLIC, &TenantRow::unrestricted(PUBLIC));
        row = Some(TenantRow::unrestricted(PUBLIC));
    }
    with_row(app_id, row.ok_or_else(|| not_found(app_id, tenant_id))?)
}

fn with_row(app_id: &str, row: TenantRow) -> Result<Tenant> {
    let layers = setting_layers(app_id, &row.id)?;
    let layers: Vec<_> = layers.iter().collect();
    let settings = Settings::resolve(&layers).map_err(Error::StoredSettings)?;
    Ok(Tenant {
        app_id: app_id.to_owned(),
        row,
        settings,
        jwt_keys: OnceCell::new(),
    })
}

/// The settings that apply to a tenant, nearest first: its own, its app's, those of its domain's public app, those of
/// the base.
///
/// # Errors
/// [`Error::Keys`] when a secret among them cannot be opened.
pub fn setting_layers(
    app_id: &str,
    tenant_id: &str,
) -> Result<Vec<Map<String, serde_json::Value>>> {
    let public_of_domain = app_id_in(split_app_id(app_id).0, PUBLIC);
    let mut levels = vec![
        (app_id, tenant_id),
        (app_id, PUBLIC),
        (&public_of_domain, PUBLIC),
        (PUBLIC, PUBLIC),
    ];
    levels.dedup();
    levels
        .into_iter()
        .map(|(app_id, tenant_id)| setting_values::of_tenant(app_id, tenant_id))
        .collect()
}

/// Whether nothing can be written, as on a standby.
pub fn db_is_read_only() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pgrx::pg_sys::XactReadOnly }
}
