//! Password hashing inside a backend: bounded in number, and never under a row lock.
//!
//! Hashing takes a core and tens of mebibytes for a while, and a database has other work. At most
//! `auth.max_concurrent_hashes` backends hash at once; the rest wait their turn.
//!
//! The turns are locks of Postgres' own lock manager on an object that no user can name, so this works
//! without `shared_preload_libraries`, shows in `pg_locks`, spans the databases of a cluster, and is given
//! back when a backend dies or its transaction aborts.

use auth_core::{passwords, random};
use pgrx::check_for_interrupts;
use pgrx::prelude::*;

use crate::db::Time;
use crate::error::{Error, Result};
use crate::guc;
use crate::tenant::Tenant;

/// How often a waiting backend looks for a free turn.
const POLL_MS: i64 = 5;
/// "auth" in ASCII, as the object's number.
const LOCK_OBJECT: u32 = u32::from_be_bytes(*b"auth");

/// The right to hash, given back when it is dropped.
struct Turn(pg_sys::LOCKTAG);

impl Turn {
    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Error::Busy`] after `auth.hash_queue_timeout`.
    fn take() -> Result<Self> {
        let slots = guc::max_concurrent_hashes();
        let deadline = Time::now().plus(guc::hash_queue_timeout_ms());
        loop {
            // Beginning anywhere spreads the backends over the slots.
            let first = u32::from_be_bytes(random::bytes());
            for offset in 0..slots {
                let tag = tag(first.wrapping_add(offset) % slots);
                // SAFETY: a well-formed tag; as a session lock it is independent of the resource owner.
                let taken =
                    unsafe { pg_sys::LockAcquire(&tag, pg_sys::ExclusiveLock as i32, true, true) };
                // Our own backend cannot hold one: a hash is taken and given back within one call.
                if taken == pg_sys::LockAcquireResult::LOCKACQUIRE_OK {
                    return Ok(Self(tag));
                }
            }
            if Time::now() >= deadline {
                return Err(Error::Busy);
            }
            check_for_interrupts!();
            std::thread::sleep(std::time::Duration::from_millis(POLL_MS as u64));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // SAFETY: the lock is held by this session.
        unsafe {
            pg_sys::LockRelease(&self.0, pg_sys::ExclusiveLock as i32, true);
        }
    }
}

/// A lock on "column" `slot` of an object that does not exist, in no database. Only code that runs inside
/// the server can take locks of this kind; SQL has no words for it.
fn tag(slot: u32) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        locktag_field1: 0,
        locktag_field2: pg_sys::ExtensionRelationId.to_u32(),
        locktag_field3: LOCK_OBJECT,
        locktag_field4: slot as u16,
        locktag_type: pg_sys::LockTagType::LOCKTAG_OBJECT as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    }
}

/// Runs `work` when it is this backend's turn to hash.
fn in_turn<T>(work: impl FnOnce() -> T) -> Result<T> {
    let turn = Turn::take()?;
    check_for_interrupts!();
    let result = work();
    drop(turn);
    // A cancelled statement ends here, before anything is locked or written.
    check_for_interrupts!();
    Ok(result)
}

/// Hashes a new password as the tenant's settings say.
///
/// # Errors
/// [`Error::Busy`], [`Error::Unconfigured`].
pub fn hash(tenant: &Tenant, password: &str) -> Result<String> {
    let params = tenant.settings.password_params();
    in_turn(|| passwords::hash(password, &params))?
        .map_err(|error| Error::Unconfigured(error.to_string()))
}

/// Whether a password is right.
pub struct Checked {
    pub matches: bool,
    /// A new hash, when the password is right and the settings now ask for a stronger one.
    pub rehashed: Option<String>,
}

/// Checks a password against a stored hash; with none (an unknown user) it does the same work and says no.
///
/// # Errors
/// [`Error::Busy`], [`Error::Unconfigured`].
pub fn check(tenant: &Tenant, password: &str, stored: Option<&str>) -> Result<Checked> {
    let params = tenant.settings.password_params();
    let signer_key = tenant.settings.firebase_signer_key();
    let checked = in_turn(|| match stored {
        None => {
            passwords::verify_nothing(password, &params);
            Ok(Checked {
                matches: false,
                rehashed: None,
            })
        }
        Some(stored) => {
            let matches = passwords::verify(password, stored, signer_key)?;
            let rehashed = if matches && passwords::needs_rehash(password, stored, &params) {
                Some(passwords::hash(password, &params)?)
            } else {
                None
            };
            Ok(Checked { matches, rehashed })
        }
    })?;
    checked.map_err(|error: passwords::PasswordError| Error::Unconfigured(error.to_string()))
}
