//! Session handles.

use std::fmt;

use uuid::Uuid;

use crate::recipes::account;
use crate::tenant::PUBLIC;

/// Names a session within its app: the session's id, then `_` and the tenant unless that is `public`. Tenant
/// ids hold no underscore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    pub id: Uuid,
    pub tenant_id: String,
}

impl Handle {
    /// Reads a handle; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, tenant_id) = text.split_once('_').unwrap_or((text, PUBLIC));
        Some(Self {
            id: account::parse_id(id)?,
            tenant_id: tenant_id.to_owned(),
        })
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if self.tenant_id == PUBLIC {
            Ok(())
        } else {
            write!(f, "_{}", self.tenant_id)
        }
    }
}
