//! One call of an operation: who is meant by it, and its input (CDI, "Input validation messages").

use std::rc::Rc;

use auth_core::signing::Algorithm;
use serde_json::{Map, Value};

use super::version::Cdi;
use crate::error::{Error, Result};
use crate::http::Request;
use crate::recipes::multitenancy;
use crate::recipes::session::Dialect;
use crate::store::users::Recipe;
use crate::tenant::{self, PUBLIC, Tenant};

/// A call whose key and version have been checked.
pub struct Call<'a> {
    pub request: &'a Request<'a>,
    pub app_id: String,
    pub tenant_id: String,
    pub cdi: &'static Cdi,
    /// Whether the caller speaks the simplified profile: it sends no version.
    pub is_simple: bool,
    /// Whether the caller sees and changes protected settings: it sent the secret for it, or there is none.
    pub sees_protected: bool,
    pub query: Vec<(String, String)>,
    /// `None` when the body is no JSON object.
    pub body: Option<Map<String, Value>>,
}

impl Call<'_> {
    /// The tenant that the call is for.
    ///
    /// # Errors
    /// [`Error::TenantNotFound`].
    pub fn tenant(&self) -> Result<Rc<Tenant>> {
        tenant::find(&self.app_id, &self.tenant_id)
    }

    /// The tenant, in which the recipe is enabled as far as callers of this version are concerned.
    ///
    /// # Errors
    /// [`Error::TenantNotFound`], [`Error::Forbidden`].
    pub fn tenant_with(&self, recipe: Recipe) -> Result<Rc<Tenant>> {
        let tenant = self.tenant()?;
        let rules = self.cdi.factor_rules;
        if self.cdi.checks_recipes && !multitenancy::is_enabled(&tenant.row, rules, recipe) {
            let name = match recipe {
                Recipe::EmailPassword => "Email password",
                Recipe::Passwordless => "Passwordless",
                Recipe::ThirdParty => "Third party",
                Recipe::WebAuthn => "WebAuthn",
            };
            return Err(Error::Forbidden(format!(
                "{name} login not enabled for tenant"
            )));
        }
        Ok(tenant)
    }

    /// The app that the call is for; operations of the app are not to be called through another tenant.
    ///
    /// # Errors
    /// [`Error::AppNotFound`], [`Error::Forbidden`].
    pub fn app(&self) -> Result<Rc<Tenant>> {
        if self.cdi.strict_app_scope && self.tenant_id != PUBLIC {
            return Err(Error::Forbidden(
                "Only public tenantId can call this app specific API".into(),
            ));
        }
        self.any_app()
    }

    /// The app that the call is for, through whichever tenant.
    ///
    /// # Errors
    /// [`Error::AppNotFound`].
    pub fn any_app(&self) -> Result<Rc<Tenant>> {
        tenant::find_app(&self.app_id)
    }

    /// How tokens are made for this caller.
    pub fn dialect(&self, app: &Tenant) -> Dialect {
        Dialect {
            token_version: self.cdi.token_version,
            algorithm: self.algorithm(app),
            rotation: self.cdi.rotation,
        }
    }

    /// What tokens of this door are signed with.
    pub fn algorithm(&self, app: &Tenant) -> Algorithm {
        app.settings.cdi_access_token_algorithm()
    }

    /// A query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A query parameter that must be there.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn required_param(&self, name: &str) -> Result<&str> {
        self.param(name)
            .ok_or_else(|| Error::invalid(format!("Field name '{name}' is missing in GET request")))
    }

    /// Whether a query parameter says `true`, in any case; `default` when it is absent.
    pub fn flag_param(&self, name: &str, default: bool) -> bool {
        self.param(name)
            .map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// A whole number in the query.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn int_param(&self, name: &str) -> Result<Option<i64>> {
        let parse = |text: &str| text.parse::<i32>().map(i64::from);
        self.param(name).map(parse).transpose().map_err(|_| {
            Error::invalid(format!(
                "Field name '{name}' must be an int in the GET request"
            ))
        })
    }

    /// The body.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no JSON object.
    pub fn body(&self) -> Result<&Map<String, Value>> {
        self.body
            .as_ref()
            .ok_or_else(|| Error::invalid("Invalid Json Input"))
    }

    /// A member of the body, read by `read`; absent is `None`, null is an error.
    fn field<'b, T>(
        &'b self,
        name: &str,
        read: impl FnOnce(&'b Value) -> Option<T>,
    ) -> Result<Option<T>> {
        match self.body()?.get(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| invalid_field(name)),
        }
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything but a text.
    pub fn text_opt(&self, name: &str) -> Result<Option<&str>> {
        self.field(name, Value::as_str)
    }

    /// A text.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is absent or anything but a text.
    pub fn text(&self, name: &str) -> Result<&str> {
        self.text_opt(name)?.ok_or_else(|| invalid_field(name))
    }

    /// True or false, or absent.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn bool_opt(&self, name: &str) -> Result<Option<bool>> {
        self.field(name, Value::as_bool)
    }

    /// True or false. In the simplified profile it may be absent, and is then `if_simple`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn bool_or_simple(&self, name: &str, if_simple: bool) -> Result<bool> {
        match self.bool_opt(name)? {
            Some(value) => Ok(value),
            None if self.is_simple => Ok(if_simple),
            None => Err(invalid_field(name)),
        }
    }

    /// A whole number, or a text that is one, or absent.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn long_opt(&self, name: &str) -> Result<Option<i64>> {
        self.field(name, |value| match value {
            Value::Number(number) => number.as_i64().or_else(|| {
                // 60.0 is whole.
                number
                    .as_f64()
                    .filter(|n| n.fract() == 0.0 && n.abs() < 9e15)
                    .map(|n| n as i64)
            }),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// A JSON object that may be absent.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn object_opt(&self, name: &str) -> Result<Option<&Map<String, Value>>> {
        self.field(name, Value::as_object)
    }

    /// A JSON object.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is absent or anything else.
    pub fn object(&self, name: &str) -> Result<&Map<String, Value>> {
        self.object_opt(name)?.ok_or_else(|| invalid_field(name))
    }

    /// An array.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is absent or anything else.
    pub fn array(&self, name: &str) -> Result<&Vec<Value>> {
        self.field(name, Value::as_array)?
            .ok_or_else(|| invalid_field(name))
    }

    /// An array of texts.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is absent or anything else.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.texts_opt(name)?.ok_or_else(|| invalid_field(name))
    }

    /// An array of texts that may be absent.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn texts_opt(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.field(name, |value| {
            let texts = value
                .as_array()?
                .iter()
                .map(|item| item.as_str().map(str::to_owned));
            texts.collect()
        })
    }
}

/// The error for a member of the body that is missing or of the wrong type.
pub fn invalid_field(name: &str) -> Error {
    Error::invalid(format!("Field name '{name}' is invalid in JSON input"))
}
