//! What every backend keeps of the small tables, and how it learns that they changed.
//!
//! A trigger on `apps`, `tenants`, `hosts`, `setting_values` and `signing_keys` invalidates, in Postgres' own
//! cache-invalidation traffic, the relation `auth.setting_values`. That message is transactional (nobody hears
//! of a change that rolled back), reaches all backends when the change commits, and standbys too. The
//! callback here then counts a generation up, and whatever was kept under an older one is read anew.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use pgrx::prelude::*;

/// Counts the changes that this backend has heard of.
static GENERATION: AtomicU64 = AtomicU64::new(0);
/// The relation whose invalidation means a change; 0 until something was kept.
static WATCHED: AtomicU32 = AtomicU32::new(0);

/// Starts listening. Called once a backend.
pub fn init() {
    // SAFETY: registers a function that lives as long as the library does.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(on_invalidation), pg_sys::Datum::from(0));
    }
}

#[pg_guard]
extern "C-unwind" fn on_invalidation(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    // Oid 0 means that everything may have changed.
    if relation == pg_sys::InvalidOid || relation.to_u32() == WATCHED.load(Ordering::Relaxed) {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
}

/// Tells all backends, once this transaction commits, that a cached table changed.
#[pg_trigger]
fn configuration_changed<'a>(
    _trigger: &'a pgrx::PgTrigger<'a>,
) -> std::result::Result<
    Option<PgHeapTuple<'a, impl WhoAllocated>>,
    pgrx::heap_tuple::PgHeapTupleError,
> {
    // SAFETY: the relation exists; it belongs to the extension as this trigger does.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(watched_relation()) };
    Ok(None::<PgHeapTuple<'a, pgrx::AllocatedByRust>>)
}

fn watched_relation() -> pg_sys::Oid {
    // SAFETY: both look a name up in the catalogue; a missing one gives oid 0.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"auth".as_ptr(), true);
        pg_sys::get_relname_relid(c"setting_values".as_ptr(), schema)
    }
}

/// Values by key, each kept until the configuration changes.
pub struct Cache<T>(RefCell<HashMap<String, (u64, Rc<T>)>>);

/// More entries than this, and all are dropped: a backend's memory stays bounded whatever is asked for.
const MOST_ENTRIES: usize = 1000;

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Cache<T> {
    /// The value of `key`, loaded if it is not known or may have changed. What `load` finds to be absent or
    /// wrong is not kept.
    pub fn get<E>(
        &self,
        key: &str,
        load: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<Rc<T>, E> {
        let generation = GENERATION.load(Ordering::Relaxed);
        if let Some((kept_at, value)) = self.0.borrow().get(key)
            && *kept_at == generation
        {
            return Ok(value.clone());
        }
        WATCHED.store(watched_relation().to_u32(), Ordering::Relaxed);
        let value = Rc::new(load()?);
        // A transaction with one snapshot for all of its queries may have read what is out of date by now.
        // SAFETY: reads a variable of the backend.
        let snapshot_is_fresh =
            unsafe { pg_sys::XactIsoLevel } < pg_sys::XACT_REPEATABLE_READ as i32;
        if snapshot_is_fresh {
            let mut kept = self.0.borrow_mut();
            if kept.len() >= MOST_ENTRIES {
                kept.clear();
            }
            // Under the generation from before the load: a change that came meanwhile makes it stale.
            kept.insert(key.to_owned(), (generation, value.clone()));
        }
        Ok(value)
    }
}
