//! Tokens of the application's own, and the published keys.

use auth_core::signing::Algorithm;
use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, dialect, object, required};
use crate::documents::ok;
use crate::keys::{self, KeyKind};
use crate::recipes::jwt;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_jwt(
    payload: Option<pgrx::JsonB>,
    validity_seconds: Option<i64>,
    use_static_key: default!(Option<bool>, true),
    jwks_domain: default!(Option<&str>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let payload = object("payload", payload)?;
        let validity = required("validity_seconds", validity_seconds)?;
        let kind = match required("use_static_key", use_static_key)? {
            true => KeyKind::Static,
            false => KeyKind::Dynamic,
        };
        let algorithm = dialect(&app).algorithm;
        let token = jwt::create(&app, payload, validity, jwks_domain, kind, algorithm)?;
        Ok(ok(json!({ "jwt": token })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn jwks(app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let mut algorithms = vec![
            dialect(&app).algorithm,
            app.settings.cdi_access_token_algorithm(),
        ];
        algorithms.dedup();
        let mut sorts = keys::supertokens_sorts(&algorithms);
        // Where the GoTrue door signs with a key of the app's own.
        if app.jwt_keys()?.is_none() {
            sorts.push((KeyKind::GoTrue, Algorithm::Es256));
        }
        Ok(json!({"keys": keys::published(&app, &sorts)?.keys}))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_jwt IS 'Signs a token with claims of your own, good for validity_seconds. jwks_domain becomes the issuer unless the payload names one. Status: OK with jwt';
COMMENT ON FUNCTION auth.jwks IS 'The public keys that verify every token of the app, as a JSON Web Key Set: {"keys": [...]}';
"#,
    name = "comments_jwt",
    requires = [create_jwt, jwks]
);
