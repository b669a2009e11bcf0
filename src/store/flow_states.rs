//! `flow_states`: sign-ins with PKCE that are under way.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// A flow that has a user.
#[derive(Debug, Clone)]
pub struct FlowRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub authentication_method: String,
    pub provider_type: String,
    pub code_challenge: String,
    pub code_challenge_method: String,
    pub code_issued_at: Option<Time>,
    pub created_at: Time,
}

impl FlowRow {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            user_id: row.uuid(2),
            authentication_method: row.text(3),
            provider_type: row.text(4),
            code_challenge: row.text(5),
            code_challenge_method: row.text(6),
            code_issued_at: row.time_opt(7),
            created_at: row.time(8),
        }
    }
}

pub fn insert(app_id: &str, flow: &FlowRow) {
    db::execute(
        "INSERT INTO auth.flow_states (id, app_id, user_id, authentication_method, provider_type, code_challenge,
             code_challenge_method, created_at)
         VALUES ($2, $1, $3, $4, $5, $6, $7, $8)",
        &[
            app_id.into(),
            flow.id.into(),
            flow.user_id.into(),
            (&flow.authentication_method).into(),
            (&flow.provider_type).into(),
            (&flow.code_challenge).into(),
            (&flow.code_challenge_method).into(),
            flow.created_at.into(),
        ],
    );
}

/// Issues the code of a user's newest flow with that method; whether there is one.
pub fn issue_code(user_id: Uuid, authentication_method: &str, code_hash: &[u8], now: Time) -> bool {
    db::execute(
        "UPDATE auth.flow_states SET code_hash = $3, code_issued_at = $4 WHERE id = (
             SELECT id FROM auth.flow_states WHERE user_id = $1 AND authentication_method = $2
             ORDER BY created_at DESC LIMIT 1)",
        &[
            user_id.into(),
            authentication_method.into(),
            code_hash.into(),
            now.into(),
        ],
    ) == 1
}

/// The flow of a code.
pub fn find_by_code(app_id: &str, code_hash: &[u8]) -> Option<FlowRow> {
    db::query_opt(
        "SELECT id, user_id, authentication_method, provider_type, code_challenge, code_challenge_method,
                code_issued_at, created_at
         FROM auth.flow_states WHERE code_hash = $2 AND app_id = $1 AND user_id IS NOT NULL",
        &[app_id.into(), code_hash.into()],
        FlowRow::read,
    )
}

/// Ends a flow; whether it was still there, for one of several callers only.
pub fn consume(id: Uuid) -> bool {
    db::execute("DELETE FROM auth.flow_states WHERE id = $1", &[id.into()]) == 1
}

/// Ends all flows of a user.
pub fn delete_of(user_id: Uuid) {
    db::execute(
        "DELETE FROM auth.flow_states WHERE user_id = $1",
        &[user_id.into()],
    );
}

/// Removes at most `limit` flows that began before then; how many.
pub fn delete_begun_before(then: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.flow_states WHERE id = ANY (ARRAY(
             SELECT id FROM auth.flow_states WHERE created_at < $1
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[then.into(), limit.into()],
    )
}
