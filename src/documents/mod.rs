//! The JSON documents that doors and SQL functions answer with. Shapes only: no rule, no SQL.

mod bulk_import;
mod dashboard;
pub mod gotrue;
mod linking;
mod passwordless;
mod sessions;
mod tenants;
mod totp;
mod users;
mod webauthn;

use serde_json::{Value, json};

pub use bulk_import::{queue_entry, queued_user};
pub use dashboard::{dashboard_session, dashboard_user, refused_dashboard_user, shown_setting};
pub use linking::{associated, disassociated, linked, mapped, primary, user_id_mapping};
pub use passwordless::{consumed_device, device_codes, new_code, refused_code, updated_contact};
pub use sessions::{SessionShape, minted, refresh_failure, session, session_details, token};
pub use tenants::tenant;
pub use totp::{refused_totp, totp_device};
pub use users::{UserShape, signed_in, user, user_list};
pub use webauthn::{
    invalid_webauthn_options, refused_webauthn, webauthn_credential, webauthn_options,
    webauthn_register_options,
};

/// An answer with `status` and further members.
pub fn status(name: &str, members: Value) -> Value {
    let mut document = json!({ "status": name });
    if let Value::Object(members) = members {
        document
            .as_object_mut()
            .expect("made as an object")
            .extend(members);
    }
    document
}

/// `{"status":"OK", ...}`.
pub fn ok(members: Value) -> Value {
    status("OK", members)
}

/// `{"status":name}`.
pub fn only(name: &str) -> Value {
    json!({ "status": name })
}
