//! The key file, read once a backend and again when it changes.

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use auth_core::keyring::Keyring;
use pgrx::prelude::*;

use crate::error::{Error, Result};
use crate::guc;

/// Name of the development key, in the data directory: it comes along with a base backup, but not with a
/// dump.
const DEVELOPMENT_KEY: &str = "auth_development.key";

struct Loaded {
    path: PathBuf,
    modified: SystemTime,
    keyring: Rc<Keyring>,
}

thread_local! {
    static LOADED: RefCell<Option<Loaded>> = const { RefCell::new(None) };
}

/// The keys. Looks at the file's time at each call, so that a key added to the file counts at once.
///
/// # Errors
/// [`Error::Keys`] when the file cannot be read or holds no usable key.
pub fn keyring() -> Result<Rc<Keyring>> {
    let path = match guc::key_file() {
        Some(path) => PathBuf::from(path),
        None => development_key()?,
    };
    let modified = fs::metadata(&path)
        .and_then(|metadata| metadata.modified())
        .map_err(|error| unusable(&error.to_string()))?;
    let known = LOADED.with_borrow(|loaded| {
        let loaded = loaded
            .as_ref()
            .filter(|l| l.path == path && l.modified == modified)?;
        Some(loaded.keyring.clone())
    });
    if let Some(keyring) = known {
        return Ok(keyring);
    }
    let text = fs::read_to_string(&path).map_err(|error| unusable(&error.to_string()))?;
    let keyring = Keyring::parse(&text).map_err(|error| unusable(&error.to_string()))?;
    let keyring = Rc::new(keyring);
    LOADED.set(Some(Loaded {
        path,
        modified,
        keyring: keyring.clone(),
    }));
    Ok(keyring)
}

/// Says what is wrong without the path, which is for the administrator alone.
fn unusable(why: &str) -> Error {
    Error::Keys(format!(
        "the file that auth.key_file names cannot be used: {why}"
    ))
}

/// Path of the development key, which is made when there is none.
fn development_key() -> Result<PathBuf> {
    // SAFETY: set once, before any backend runs.
    let directory = unsafe { std::ffi::CStr::from_ptr(pg_sys::DataDir) };
    let path = Path::new(
        directory
            .to_str()
            .map_err(|error| unusable(&error.to_string()))?,
    )
    .join(DEVELOPMENT_KEY);
    if !path.exists() {
        make_development_key(&path).map_err(|error| unusable(&error.to_string()))?;
        warning!(
            "auth.key_file is not set: a development key was made in the data directory. Set it to a \
             file of its own, outside of backups of the database, before real users come."
        );
    }
    Ok(path)
}

/// Writes the key beside its place and links it there: a backend that makes one at the same moment never
/// reads half a file, and only the first link holds.
fn make_development_key(path: &Path) -> std::io::Result<()> {
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{}", Keyring::new_key_line())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
