//! Why a request at the GoTrue door is refused (GoTrue reference, 1.4 and appendix A).

use auth_core::address::AddressError;
use auth_core::pkce::PkceError;

use crate::error::Error;
use crate::fetch::Fetch;

/// A refusal, as the caller is told it.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: i32,
    /// One of the protocol's error codes; empty for a refusal that has none.
    pub code: &'static str,
    pub message: String,
    pub form: Form,
    /// Whether what was written on the way stays: that a code was wrong, that a session was ended.
    pub keeps_writes: bool,
}

/// How a refusal is written down.
#[derive(Debug, Clone)]
pub enum Form {
    Ordinary,
    /// With what is wrong with a password.
    WeakPassword(Vec<&'static str>),
    /// By sending the browser there.
    Redirect(String),
    /// As OAuth does it (RFC 6749, section 5.2); always 400.
    OAuth(&'static str),
}

/// Why an operation did not do what it was asked for.
#[derive(Debug)]
pub enum Failure {
    Refused(Box<Refusal>),
    /// Somebody else was quicker; from the beginning it goes differently.
    Overtaken,
    /// Something has to be fetched; then from the beginning.
    Needs(Box<Fetch>),
    Failed(Error),
}

/// What operations of the door return.
pub type Result<T> = std::result::Result<T, Failure>;

impl Refusal {
    pub fn new(status: i32, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            form: Form::Ordinary,
            keeps_writes: false,
        }
    }

    /// The same, but what was written on the way stays.
    pub fn keeping_writes(mut self) -> Self {
        self.keeps_writes = true;
        self
    }

    /// Something in the request is not as it has to be.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "validation_failed", message)
    }

    /// The body is no JSON, or one of its members has the wrong type.
    pub fn bad_json(message: impl Into<String>) -> Self {
        Self::new(400, "bad_json", message)
    }

    /// Wrong password, unknown user, and all else that must not be told apart from these.
    pub fn invalid_credentials() -> Self {
        Self::new(400, "invalid_credentials", "Invalid login credentials")
    }

    /// A code or a link that does not work (any more).
    pub fn otp_expired(message: &str) -> Self {
        Self::new(403, "otp_expired", message)
    }

    pub fn email_exists() -> Self {
        Self::new(
            422,
            "email_exists",
            "A user with this email address has already been registered",
        )
    }

    pub fn phone_exists() -> Self {
        Self::new(
            422,
            "phone_exists",
            "A user with this phone number has already been registered",
        )
    }

    pub fn user_not_found(status: i32) -> Self {
        Self::new(status, "user_not_found", "User not found")
    }

    pub fn user_banned(status: i32) -> Self {
        Self::new(status, "user_banned", "User is banned")
    }

    pub fn oauth(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            form: Form::OAuth(kind),
            ..Self::new(400, "", message)
        }
    }

    /// The error code that callers see: every refusal has one.
    pub fn shown_code(&self) -> &'static str {
        match (self.code, self.status) {
            ("", 500..) => "unexpected_failure",
            ("", _) => "unknown",
            (code, _) => code,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        let code = match error {
            AddressError::NotAuthorized => "email_address_not_authorized",
            _ => "validation_failed",
        };
        Refusal::new(400, code, error.to_string()).into()
    }
}

impl From<PkceError> for Failure {
    fn from(error: PkceError) -> Self {
        let code = match error {
            PkceError::Mismatch => "bad_code_verifier",
            _ => "validation_failed",
        };
        Refusal::new(400, code, error.to_string()).into()
    }
}
