//! `signing_keys`.

use serde_json::Value;

use crate::db::{self, Time};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Signs for a time, and is replaced by the next one.
    Dynamic,
    /// Signs for ever.
    Static,
    /// Signs for ever, at the GoTrue door alone: neither door takes the other's tokens.
    GoTrue,
}

impl KeyKind {
    fn name(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::Static => "static",
            Self::GoTrue => "gotrue",
        }
    }

    fn from_name(name: &str) -> Self {
        let mut all = [Self::Dynamic, Self::Static, Self::GoTrue].into_iter();
        all.find(|kind| kind.name() == name)
            .expect("the table allows known kinds alone")
    }
}

/// A key's row; its private half is sealed.
pub struct KeyRow {
    pub kid: String,
    pub algorithm: String,
    pub kind: KeyKind,
    pub private_key: Vec<u8>,
    pub public_key: Value,
    pub created_at: Time,
}

/// All keys of an app, newest first.
pub fn list(app_id: &str) -> Vec<KeyRow> {
    db::query(
        "SELECT kid, algorithm, kind, private_key, public_key, created_at
         FROM auth.signing_keys WHERE app_id = $1 ORDER BY created_at DESC, kid DESC",
        &[app_id.into()],
        |row| KeyRow {
            kid: row.text(1),
            algorithm: row.text(2),
            kind: KeyKind::from_name(&row.text(3)),
            private_key: row.bytes(4),
            public_key: row.json(5),
            created_at: row.time(6),
        },
    )
}

pub fn insert(app_id: &str, key: &KeyRow) {
    db::execute(
        "INSERT INTO auth.signing_keys
             (app_id, kid, algorithm, kind, private_key, public_key, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            app_id.into(),
            (&key.kid).into(),
            (&key.algorithm).into(),
            key.kind.name().into(),
            key.private_key.as_slice().into(),
            (&key.public_key).into(),
            key.created_at.into(),
        ],
    );
}

/// Removes the dynamic keys of an app that were made before `time`; how many.
pub fn delete_dynamic_before(app_id: &str, time: Time) -> u64 {
    db::execute(
        "DELETE FROM auth.signing_keys WHERE app_id = $1 AND kind = 'dynamic' AND created_at < $2",
        &[app_id.into(), time.into()],
    )
}
