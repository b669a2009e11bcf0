//! `signing_keys`.

use serde_json::Value;

use crate::db::{self, Time};

/// A key's row; its private half is sealed.
pub struct KeyRow {
    pub kid: String,
    pub algorithm: String,
    pub is_static: bool,
    pub private_key: Vec<u8>,
    pub public_key: Value,
    pub created_at: Time,
}

/// All keys of an app, newest first.
pub fn list(app_id: &str) -> Vec<KeyRow> {
    db::query(
        "SELECT kid, algorithm, is_static, private_key, public_key, created_at
         FROM auth.signing_keys WHERE app_id = $1 ORDER BY created_at DESC, kid DESC",
        &[app_id.into()],
        |row| KeyRow {
            kid: row.text(1),
            algorithm: row.text(2),
            is_static: row.bool(3),
            private_key: row.bytes(4),
            public_key: row.json(5),
            created_at: row.time(6),
        },
    )
}

pub fn insert(app_id: &str, key: &KeyRow) {
    db::execute(
        "INSERT INTO auth.signing_keys
             (app_id, kid, algorithm, is_static, private_key, public_key, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            app_id.into(),
            (&key.kid).into(),
            (&key.algorithm).into(),
            key.is_static.into(),
            key.private_key.as_slice().into(),
            (&key.public_key).into(),
            key.created_at.into(),
        ],
    );
}

/// Removes the dynamic keys of an app that were made before `time`; how many.
pub fn delete_dynamic_before(app_id: &str, time: Time) -> u64 {
    db::execute(
        "DELETE FROM auth.signing_keys WHERE app_id = $1 AND NOT is_static AND created_at < $2",
        &[app_id.into(), time.into()],
    )
}
