//! What to make of an error of the database.

use tokio_postgres::error::SqlState;

use crate::measures;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The database cannot be reached, broke off, or is not set up yet. It may be there soon.
    Unavailable,
    /// The database's own time limit ended the call.
    TooSlow,
    /// The request holds characters that the database's encoding does not have.
    Unreadable,
    /// Something is wrong in the extension or between it and the gateway.
    Fault,
}

/// What an error of the database asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The transaction was rolled back because of others: the same again.
    Repeat,
    /// The connection, or what was prepared on it, is out of date and nothing was done: once more, on another.
    Reconnect,
    /// Nothing to do here.
    GiveUp(Failure),
}

/// An error, and how far the call had come.
pub struct Trouble {
    pub error: tokio_postgres::Error,
    /// Whether the statement may have been executed.
    pub sent: bool,
}

impl Trouble {
    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        match self.error.as_db_error() {
            Some(error) => of(error.code(), error.message(), self.sent),
            // The connection broke: if the call was on its way, it is not known whether it was done.
            None if self.error.is_closed() && !self.sent => Remedy::Reconnect,
            None if self.error.is_closed() => Remedy::GiveUp(Failure::Unavailable),
            None => Remedy::GiveUp(Failure::Fault),
        }
    }

    /// Logs and counts it, with what the administrator can do.
    pub fn report(&self, remedy: Remedy) {
        let reason = describe(&self.error);
        let code = self.error.code();
        match remedy {
            Remedy::Repeat => {
                measures::database_error("conflict");
                tracing::debug!(reason, "a call stood in another's way");
            }
            Remedy::Reconnect => {
                measures::database_error("stale");
                tracing::info!(reason, "a connection was out of date");
            }
            Remedy::GiveUp(Failure::TooSlow) => {
                measures::database_error("timeout");
                tracing::warn!(reason, "the database ended a call");
            }
            Remedy::GiveUp(Failure::Unreadable) => {
                measures::database_error("encoding");
                tracing::warn!(reason, "a request does not fit the database's encoding");
            }
            Remedy::GiveUp(Failure::Unavailable) if code.is_some_and(is_missing) => {
                measures::database_error("setup");
                tracing::error!(
                    reason,
                    "the extension is not there: CREATE EXTENSION auth in this database, \
                     or ALTER EXTENSION auth UPDATE if it is older than the gateway"
                );
            }
            Remedy::GiveUp(Failure::Unavailable)
                if code == Some(&SqlState::INSUFFICIENT_PRIVILEGE) =>
            {
                measures::database_error("setup");
                tracing::error!(
                    reason,
                    "the gateway's role lacks rights: GRANT auth_gateway TO it"
                );
            }
            Remedy::GiveUp(Failure::Unavailable) => {
                measures::database_error("unavailable");
                tracing::warn!(reason, "the database broke off");
            }
            Remedy::GiveUp(Failure::Fault) => {
                measures::database_error("fault");
                tracing::error!(reason, "the database's answer is an error");
            }
        }
    }
}

/// What an SQLSTATE asks for. `sent` as in [`Trouble`].
fn of(code: &SqlState, message: &str, sent: bool) -> Remedy {
    let fault = Remedy::GiveUp(Failure::Fault);
    let unavailable = Remedy::GiveUp(Failure::Unavailable);
    match code.code() {
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Remedy::Repeat,
        // A prepared statement is gone. One that no longer fits tells so by its message alone.
        "26000" => Remedy::Reconnect,
        "0A000" if message == "cached plan must not change result type" => Remedy::Reconnect,
        // A former primary, which is a standby now: a new connection can find the new primary.
        "25006" => Remedy::Reconnect,
        // What was known when the statement was prepared is not there any more; perhaps it is again.
        _ if is_missing(code) && sent => Remedy::Reconnect,
        _ if is_missing(code) => unavailable,
        // That of the gateway's role, and not what somebody's trigger lacks.
        "42501" if is_about_entry(message) => unavailable,
        // The server shuts down, before it had the call.
        "57P01" | "57P02" | "57P03" if !sent => Remedy::Reconnect,
        "57014" => Remedy::GiveUp(Failure::TooSlow),
        // character_not_in_repertoire, untranslatable_character
        "22021" | "22P05" => Remedy::GiveUp(Failure::Unreadable),
        // Operator intervention, lack of resources, connection trouble.
        other => match other.get(..2) {
            Some("57" | "53" | "08") => unavailable,
            _ => fault,
        },
    }
}

/// Whether a missing right is that to call us at all.
fn is_about_entry(message: &str) -> bool {
    // In whatever language: the name comes last.
    [" auth", " http"]
        .iter()
        .any(|name| message.trim_end_matches(['"', '»', '“']).ends_with(name))
}

/// Whether the schema or the function is not there.
fn is_missing(code: &SqlState) -> bool {
    [SqlState::INVALID_SCHEMA_NAME, SqlState::UNDEFINED_FUNCTION].contains(code)
}

/// What is left of a remedy that was tried in vain.
pub fn exhausted(trouble: &Trouble) -> Failure {
    match trouble.error.code().map(SqlState::code) {
        // Nobody else's work stands in the way for ever; and a standby is no place for us.
        Some("40001" | "40P01" | "25006" | "57P01" | "57P02" | "57P03") | None => {
            Failure::Unavailable
        }
        Some(_) => Failure::Fault,
    }
}

/// Code and message of an error. Not its detail, which can quote values.
pub fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{}: {}", error.code().code(), error.message()),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(code: &str) -> Remedy {
        of(&SqlState::from_code(code), "", true)
    }

    fn unsent(code: &str) -> Remedy {
        of(&SqlState::from_code(code), "", false)
    }

    #[test]
    fn only_what_was_rolled_back_is_repeated() {
        assert_eq!(
            (sent("40001"), sent("40P01")),
            (Remedy::Repeat, Remedy::Repeat)
        );
        for code in ["XX000", "23505", "22023", "P0001", "0A000", "40003"] {
            assert_eq!(sent(code), Remedy::GiveUp(Failure::Fault), "{code}");
        }
    }

    #[test]
    fn a_server_that_goes_away_is_asked_again_only_when_it_had_nothing() {
        for code in ["57P01", "57P02", "57P03"] {
            assert_eq!(sent(code), Remedy::GiveUp(Failure::Unavailable), "{code}");
            assert_eq!(unsent(code), Remedy::Reconnect, "{code}");
        }
        for code in ["53300", "53100", "08006"] {
            assert_eq!(sent(code), Remedy::GiveUp(Failure::Unavailable), "{code}");
        }
    }

    #[test]
    fn statements_that_an_upgrade_made_stale_are_prepared_again() {
        let stale = "cached plan must not change result type";
        let code = SqlState::FEATURE_NOT_SUPPORTED;
        assert_eq!(of(&code, stale, true), Remedy::Reconnect);
        for code in ["26000", "25006", "42883", "3F000"] {
            assert_eq!(sent(code), Remedy::Reconnect, "{code}");
        }
    }

    #[test]
    fn a_missing_extension_or_right_is_for_the_administrator() {
        for code in ["42883", "3F000"] {
            assert_eq!(unsent(code), Remedy::GiveUp(Failure::Unavailable), "{code}");
        }
        let lacking = |message| of(&SqlState::INSUFFICIENT_PRIVILEGE, message, true);
        for message in [
            "permission denied for schema auth",
            "permission denied for function http",
        ] {
            assert_eq!(
                lacking(message),
                Remedy::GiveUp(Failure::Unavailable),
                "{message}"
            );
        }
        // Of an application's trigger.
        let message = "permission denied for table profiles";
        assert_eq!(lacking(message), Remedy::GiveUp(Failure::Fault));
    }

    #[test]
    fn limits_and_encodings_are_told_apart() {
        assert_eq!(sent("57014"), Remedy::GiveUp(Failure::TooSlow));
        assert_eq!(sent("22021"), Remedy::GiveUp(Failure::Unreadable));
        assert_eq!(sent("22P05"), Remedy::GiveUp(Failure::Unreadable));
    }
}
