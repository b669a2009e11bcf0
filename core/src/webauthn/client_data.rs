//! Client data: what the browser says about a ceremony (W3C, section 5.8.1).

use serde::Deserialize;

use super::{AuthenticatorError, Expected, origin};

/// How many bytes client data have at most. Those of browsers have some hundred.
pub(super) const MAX_BYTES: usize = 8 * 1024;

/// The members that decide something. There may be others, now and in time to come.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    ceremony: String,
    challenge: String,
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<String>,
}

impl ClientData {
    /// Reads UTF-8 JSON; `None` when it is none, or lacks a member.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// Checks that they are of this ceremony.
    pub(super) fn verify(
        &self,
        ceremony: &'static str,
        expected: &Expected,
    ) -> Result<(), AuthenticatorError> {
        if self.ceremony != ceremony {
            return Err(AuthenticatorError::Ceremony(ceremony));
        }
        if self.challenge != expected.challenge {
            return Err(AuthenticatorError::Challenge);
        }
        if !origin::is_same(expected.origin, &self.origin) {
            return Err(AuthenticatorError::Origin);
        }
        // Level 3 leaves a ceremony inside of a frame of another origin to what the relying party expects (sections
        // 7.1 and 7.2: `crossOrigin`, `topOrigin`). Options have no member that says so, hence nobody expects it, and a
        // page that embeds the site could otherwise trick its user into signing in. The SuperTokens core refuses it too.
        if self.cross_origin == Some(true) || self.top_origin.is_some() {
            return Err(AuthenticatorError::CrossOrigin);
        }
        Ok(())
    }
}
