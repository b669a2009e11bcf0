//! What the gateway's courier calls: messages that are due, and what became of them.

use pgrx::prelude::*;
use pgrx::{JsonB, Uuid};

use crate::recipes::outbox;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
#[allow(clippy::type_complexity)] // pgrx wants the columns spelt out here
fn courier_claim(
    most: i32,
    lease_seconds: i32,
) -> TableIterator<
    'static,
    (
        name!(id, Uuid),
        name!(channel, String),
        name!(attempt, i32),
        name!(message, JsonB),
        name!(transport, Option<JsonB>),
    ),
> {
    let claimed = outbox::claim(most, lease_seconds).unwrap_or_else(|error| error.raise());
    TableIterator::new(claimed.into_iter().map(|claimed| {
        (
            Uuid::from_bytes(claimed.id.into_bytes()),
            claimed.channel,
            claimed.attempt,
            JsonB(claimed.message),
            claimed.transport.map(JsonB),
        )
    }))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
#[expect(unused_variables, reason = "a public argument, whose name callers see")]
fn courier_done(id: Uuid, detail: Option<&str>) {
    outbox::done(uuid::Uuid::from_bytes(*id.as_bytes()));
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn courier_failed(id: Uuid, error: &str, is_permanent: bool, retry_after_seconds: Option<i32>) {
    let id = uuid::Uuid::from_bytes(*id.as_bytes());
    outbox::failed(id, error, is_permanent, retry_after_seconds);
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.courier_claim IS 'Hands out messages that are due, as many as the first argument says, each to one caller, who has as many seconds as the second says to tell what became of it; then others may take it over. transport says which way it goes; null is: none is configured';
COMMENT ON FUNCTION auth.courier_done IS 'Takes a message that was delivered out of the outbox. detail is what the receiver said; it is not kept';
COMMENT ON FUNCTION auth.courier_failed IS 'Notes why a message was not delivered: it is tried again later (after so many seconds, if the other side has said so), or, when that is pointless or has gone on for a day, given up and shown in auth.dead_letters';
"#,
    name = "comments_courier",
    requires = [courier_claim, courier_done, courier_failed]
);
