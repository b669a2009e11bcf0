//! Server settings: what only the server's own administrator decides (postgresql.conf, reload to apply).
//! What an application decides stands in the table behind `auth.settings`.

use std::ffi::CString;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

static KEY_FILE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static MAX_CONCURRENT_HASHES: GucSetting<i32> = GucSetting::<i32>::new(0);
static HASH_QUEUE_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(10_000);

/// Declares the settings. They cannot be set by a session: an ordinary user who could name another key
/// file would sign tokens with keys of their own.
pub fn init() {
    GucRegistry::define_string_guc(
        c"auth.key_file",
        c"File with the keys that seal secrets, outside the database.",
        c"One key of 32 bytes in base64 a line, newest first. Unset, a development key is made in the data directory.",
        &KEY_FILE,
        GucContext::Sighup,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_int_guc(
        c"auth.max_concurrent_hashes",
        c"How many passwords may be hashed at the same time, in the whole cluster.",
        c"0 means as many as there are processors. Further calls wait.",
        &MAX_CONCURRENT_HASHES,
        0,
        1024,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"auth.hash_queue_timeout",
        c"How long a call waits for its turn to hash a password.",
        c"After that it answers that the server is busy, having done nothing.",
        &HASH_QUEUE_TIMEOUT,
        0,
        600_000,
        GucContext::Sighup,
        GucFlags::UNIT_MS,
    );
}

/// Path of the key file; `None` for a development key.
pub fn key_file() -> Option<String> {
    let path = KEY_FILE.get()?.into_string().ok()?;
    (!path.is_empty()).then_some(path)
}

/// How many passwords may be hashed at the same time; at least 1.
pub fn max_concurrent_hashes() -> u32 {
    match u32::try_from(MAX_CONCURRENT_HASHES.get()) {
        Ok(count) if count > 0 => count,
        _ => std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
    }
}

/// How long a call waits for its turn to hash, in milliseconds.
pub fn hash_queue_timeout_ms() -> i64 {
    HASH_QUEUE_TIMEOUT.get().into()
}
