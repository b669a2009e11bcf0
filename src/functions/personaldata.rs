//! Everything about one person.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, required};
use crate::documents::{ok, only};
use crate::recipes::personaldata;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn export_user(user_id: Option<&str>, app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        let data = personaldata::export(&*app_of(app_id)?, required("user_id", user_id)?)?;
        Ok(ok(json!({ "data": data })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn erase_user(user_id: Option<&str>, app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        personaldata::erase(&*app_of(app_id)?, required("user_id", user_id)?)?;
        Ok(only("OK"))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.export_user IS 'Everything that is kept about a user, or under an id that is no user''s, but secrets: lists of rows by name, with the columns of the tables. Status: OK with data, whose lists are empty for an unknown id';
COMMENT ON FUNCTION auth.erase_user IS 'Deletes a user as auth.delete_user does, with all linked login methods, and what tells of it elsewhere: messages that wait, codes that were begun, names and addresses in the audit log, which keeps what was done by which id. Status: OK, also for an unknown id';
"#,
    name = "comments_personaldata",
    requires = [export_user, erase_user]
);
