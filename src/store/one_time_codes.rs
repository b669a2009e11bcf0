//! `one_time_codes`: codes that were mailed or texted, and the links that stand for them.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// What a code is for. A user has one code of each at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Confirms an address or a number, or signs in by the latter.
    Confirmation,
    /// Signs in by an address, or recovers the account.
    Recovery,
    /// Confirms a change of address at the old one.
    EmailChangeCurrent,
    /// The same at the new one.
    EmailChangeNew,
    PhoneChange,
    /// Proves once more who is signed in.
    Reauthentication,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Confirmation,
        Self::Recovery,
        Self::EmailChangeCurrent,
        Self::EmailChangeNew,
        Self::PhoneChange,
        Self::Reauthentication,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Recovery => "recovery",
            Self::EmailChangeCurrent => "email_change_current",
            Self::EmailChangeNew => "email_change_new",
            Self::PhoneChange => "phone_change",
            Self::Reauthentication => "reauthentication",
        }
    }

    fn from_name(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.name() == name)
            .expect("the table allows known kinds alone")
    }
}

/// A code that was sent.
#[derive(Debug, Clone)]
pub struct CodeRow {
    pub user_id: Uuid,
    pub kind: Kind,
    pub address: String,
    pub code_hash: Vec<u8>,
    pub wrong_attempts: i32,
    pub sent_at: Time,
}

impl CodeRow {
    fn read(row: &Row) -> Self {
        Self {
            user_id: row.uuid(1),
            kind: Kind::from_name(&row.text(2)),
            address: row.text(3),
            code_hash: row.bytes(4),
            wrong_attempts: row.int(5),
            sent_at: row.time(6),
        }
    }
}

/// Writes a new code in place of the one before it.
pub fn put(
    app_id: &str,
    user_id: Uuid,
    kind: Kind,
    address: &str,
    code_hash: &[u8],
    link_hash: Option<&[u8]>,
    now: Time,
) {
    db::execute(
        "INSERT INTO auth.one_time_codes (user_id, kind, app_id, address, code_hash, link_hash, sent_at)
         VALUES ($2, $3, $1, $4, $5, $6, $7)
         ON CONFLICT (user_id, kind) DO UPDATE SET address = excluded.address, code_hash = excluded.code_hash,
             link_hash = excluded.link_hash, sent_at = excluded.sent_at, wrong_attempts = 0",
        &[
            app_id.into(),
            user_id.into(),
            kind.name().into(),
            address.into(),
            code_hash.into(),
            link_hash.into(),
            now.into(),
        ],
    );
}

/// The code of a kind that a user was sent.
pub fn find(user_id: Uuid, kind: Kind) -> Option<CodeRow> {
    db::query_opt(
        "SELECT user_id, kind, address, code_hash, wrong_attempts, sent_at
         FROM auth.one_time_codes WHERE user_id = $1 AND kind = $2",
        &[user_id.into(), kind.name().into()],
        CodeRow::read,
    )
}

/// The code that a link stands for.
pub fn find_by_link(app_id: &str, link_hash: &[u8]) -> Option<CodeRow> {
    db::query_opt(
        "SELECT user_id, kind, address, code_hash, wrong_attempts, sent_at
         FROM auth.one_time_codes WHERE link_hash = $2 AND app_id = $1",
        &[app_id.into(), link_hash.into()],
        CodeRow::read,
    )
}

/// The codes of a kind that were sent to an address or number.
pub fn find_by_address(app_id: &str, address: &str, kind: Kind) -> Vec<CodeRow> {
    db::query(
        "SELECT user_id, kind, address, code_hash, wrong_attempts, sent_at
         FROM auth.one_time_codes WHERE app_id = $1 AND address = $2 AND kind = $3 ORDER BY sent_at DESC, user_id",
        &[app_id.into(), address.into(), kind.name().into()],
        CodeRow::read,
    )
}

/// Uses a code up; whether it was still there, for one of several callers only.
pub fn consume(code: &CodeRow) -> bool {
    db::execute(
        "DELETE FROM auth.one_time_codes WHERE user_id = $1 AND kind = $2 AND code_hash = $3",
        &[
            code.user_id.into(),
            code.kind.name().into(),
            code.code_hash.as_slice().into(),
        ],
    ) == 1
}

/// Counts a wrong code that was tried.
pub fn count_wrong(user_id: Uuid, kind: Kind) {
    db::execute(
        "UPDATE auth.one_time_codes SET wrong_attempts = wrong_attempts + 1 WHERE user_id = $1 AND kind = $2",
        &[user_id.into(), kind.name().into()],
    );
}

/// Removes all codes of a user.
pub fn delete_of(user_id: Uuid) {
    db::execute(
        "DELETE FROM auth.one_time_codes WHERE user_id = $1",
        &[user_id.into()],
    );
}

/// Removes codes of a user of one kind.
pub fn delete(user_id: Uuid, kind: Kind) {
    db::execute(
        "DELETE FROM auth.one_time_codes WHERE user_id = $1 AND kind = $2",
        &[user_id.into(), kind.name().into()],
    );
}

/// Removes at most `limit` codes that were sent before then; how many.
pub fn delete_sent_before(then: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.one_time_codes c USING (
             SELECT user_id, kind FROM auth.one_time_codes WHERE sent_at < $1
             ORDER BY sent_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS old
         WHERE c.user_id = old.user_id AND c.kind = old.kind",
        &[then.into(), limit.into()],
    )
}
