//! One-time passwords (CDI, "TOTP").

use serde_json::{Value, json};

use super::status;
use crate::recipes::totp::Refusal;
use crate::store::totp::Device;

/// A device, without its secret.
pub fn totp_device(device: &Device) -> Value {
    json!({
        "name": device.name,
        "period": device.period_s,
        "skew": device.skew,
        "verified": device.is_verified,
    })
}

/// A code that was not accepted. Callers below CDI 5.0 are not told the counts.
pub fn refused_totp(refusal: &Refusal, with_counts: bool) -> Value {
    let (name, mut members, failed, max) = match refusal {
        Refusal::Invalid { failed, max } => ("INVALID_TOTP_ERROR", json!({}), failed, max),
        Refusal::LimitReached {
            retry_after_ms,
            max,
        } => {
            let members = json!({ "retryAfterMs": retry_after_ms });
            ("LIMIT_REACHED_ERROR", members, max, max)
        }
    };
    if with_counts {
        members["currentNumberOfFailedAttempts"] = json!(failed);
        members["maxNumberOfFailedAttempts"] = json!(max);
    }
    status(name, members)
}
