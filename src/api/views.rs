//! The views of an API schema.

use super::Door;

/// A view.
pub struct View {
    pub name: &'static str,
    /// The view of the extension that it shows.
    pub source: &'static str,
    pub door: Door,
    /// What may be done besides reading.
    pub privileges: &'static str,
    pub comment: &'static str,
}

const fn own(name: &'static str, source: &'static str, comment: &'static str) -> View {
    View {
        name,
        source,
        door: Door::Users,
        privileges: "SELECT",
        comment,
    }
}

const fn all(name: &'static str, source: &'static str, comment: &'static str) -> View {
    View {
        door: Door::Services,
        ..own(name, source, comment)
    }
}

/// All of them.
pub const VIEWS: [View; 10] = [
    own("me", "my_user", "The caller"),
    View {
        privileges: "SELECT, DELETE",
        ..own(
            "my_sessions",
            "my_sessions",
            "The caller's sessions; deleting one ends it",
        )
    },
    own(
        "my_identities",
        "my_identities",
        "The ways in which the caller signs in",
    ),
    own("my_factors", "my_factors", "The caller's second factors"),
    own("my_roles", "my_roles", "The caller's roles"),
    all("users", "all_users", "All users"),
    all("sessions", "all_sessions", "All sessions"),
    all(
        "user_roles",
        "all_user_roles",
        "Which users have which roles",
    ),
    all("audit_log", "audit_log", "What was done"),
    all(
        "outbox",
        "all_messages",
        "Messages that wait or were given up",
    ),
];
