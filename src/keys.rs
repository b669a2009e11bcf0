//! Signing keys: made when needed, rotated with overlap, parsed once a backend (CDI, "Signing keys").

use std::cell::OnceCell;
use std::rc::Rc;

use auth_core::settings::Settings;
use auth_core::signing::{self, Algorithm, SigningKey, VerifyingKey};
use serde_json::Value;
use uuid::Uuid;

use crate::cache::Cache;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::keyring::keyring;
use crate::store;
pub use crate::store::signing_keys::KeyKind;
use crate::store::signing_keys::KeyRow;
use crate::tenant::Tenant;

/// A new dynamic key is published this long before it signs.
const OVERLAP_MS: i64 = 60_000;

struct Key {
    row: KeyRow,
    algorithm: Algorithm,
    verifying: VerifyingKey,
    /// Unsealed when first needed: most backends never sign with most keys.
    signing: OnceCell<Rc<SigningKey>>,
}

/// The keys of an app, newest first.
struct AppKeys(Vec<Key>);

thread_local! {
    static KEYS: Cache<AppKeys> = Cache::default();
}

impl AppKeys {
    fn load(app_id: &str) -> Result<Self> {
        let keys = store::signing_keys::list(app_id).into_iter().map(|row| {
            let algorithm = Algorithm::from_name(&row.algorithm);
            let verifying = VerifyingKey::from_jwk(&row.public_key);
            match (algorithm, verifying) {
                (Some(algorithm), Ok(verifying)) => Ok(Key {
                    row,
                    algorithm,
                    verifying,
                    signing: OnceCell::new(),
                }),
                _ => Err(Error::Keys(format!(
                    "the public key {} cannot be read",
                    row.kid
                ))),
            }
        });
        keys.collect::<Result<Vec<_>>>().map(Self)
    }

    /// The dynamic keys that are still valid for verification, newest first.
    fn dynamic(&self, algorithm: Algorithm, settings: &Settings, now: Time) -> Vec<&Key> {
        let keys = self
            .0
            .iter()
            .filter(|key| key.is_of(KeyKind::Dynamic, algorithm));
        keys.filter(|key| key.is_valid(settings, now)).collect()
    }

    /// The key of a kind that is never replaced.
    fn lasting(&self, kind: KeyKind, algorithm: Algorithm) -> Option<&Key> {
        self.0.iter().find(|key| key.is_of(kind, algorithm))
    }

    /// The key to sign with, unless it is time to make one.
    fn signing(
        &self,
        kind: KeyKind,
        algorithm: Algorithm,
        settings: &Settings,
        now: Time,
    ) -> Option<&Key> {
        if kind != KeyKind::Dynamic {
            return self.lasting(kind, algorithm);
        }
        let interval = settings.dynamic_signing_key_update_interval_ms();
        let keys = self.dynamic(algorithm, settings, now);
        let newest = *keys.first()?;
        if now.plus(OVERLAP_MS) > newest.row.created_at.plus(interval) {
            return None;
        }
        match keys.get(1) {
            Some(second) if newest.age(now) < OVERLAP_MS && second.age(now) < interval => {
                Some(second)
            }
            _ => Some(newest),
        }
    }
}

impl Key {
    fn is_of(&self, kind: KeyKind, algorithm: Algorithm) -> bool {
        self.row.kind == kind && self.algorithm == algorithm
    }

    fn age(&self, now: Time) -> i64 {
        now.0 - self.row.created_at.0
    }

    /// A dynamic key verifies for one interval and two lives of an access token.
    fn is_valid(&self, settings: &Settings, now: Time) -> bool {
        self.row.kind != KeyKind::Dynamic || self.age(now) < retention_ms(settings)
    }

    fn parsed(&self, app_id: &str) -> Result<Rc<SigningKey>> {
        if let Some(key) = self.signing.get() {
            return Ok(key.clone());
        }
        let der = keyring()?
            .open(&purpose(app_id, &self.row.kid), &self.row.private_key)
            .map_err(|error| Error::Keys(format!("signing key {}: {error}", self.row.kid)))?;
        let key = SigningKey::from_der(&self.row.kid, self.algorithm, &der)
            .map_err(|error| Error::Keys(format!("signing key {}: {error}", self.row.kid)))?;
        Ok(self.signing.get_or_init(|| Rc::new(key)).clone())
    }
}

fn retention_ms(settings: &Settings) -> i64 {
    settings.dynamic_signing_key_update_interval_ms()
        + 2 * settings.access_token_validity_s() * 1000
}

/// What a private key is sealed for: one app's key of one name.
fn purpose(app_id: &str, kid: &str) -> String {
    format!("signing-key/{app_id}/{kid}")
}

fn app_keys(app_id: &str) -> Result<Rc<AppKeys>> {
    KEYS.with(|keys| keys.get(app_id, || AppKeys::load(app_id)))
}

/// The key that signs tokens of an app now; made if there is none, or if the newest has served its time.
///
/// # Errors
/// [`Error::Keys`] when keys cannot be unsealed or made.
pub fn signing_key(app: &Tenant, kind: KeyKind, algorithm: Algorithm) -> Result<Rc<SigningKey>> {
    let keys = with_signing_keys(app, &[(kind, algorithm)])?;
    let key = keys.signing(kind, algorithm, &app.settings, Time::now());
    key.ok_or_else(|| Error::Keys("a signing key was made and is not there".into()))?
        .parsed(&app.app_id)
}

/// The keys of an app, among them some to sign with of each of these sorts.
fn with_signing_keys(app: &Tenant, sorts: &[(KeyKind, Algorithm)]) -> Result<Rc<AppKeys>> {
    let app_id = &app.app_id;
    let missing = |keys: &AppKeys, now| {
        let is_missing = |(kind, algorithm): &&(KeyKind, Algorithm)| {
            keys.signing(*kind, *algorithm, &app.settings, now)
                .is_none()
        };
        sorts.iter().filter(is_missing).copied().collect::<Vec<_>>()
    };
    let keys = app_keys(app_id)?;
    if missing(&keys, Time::now()).is_empty() {
        return Ok(keys);
    }
    // One backend makes the keys; those that wait here find them. They read the table: that the cache is out of date
    // they may not have heard yet.
    if !store::tenants::lock_app(app_id) {
        return Err(Error::AppNotFound {
            app_id: app_id.clone(),
        });
    }
    let found = AppKeys::load(app_id)?;
    let missing = missing(&found, Time::now());
    if missing.is_empty() {
        return Ok(Rc::new(found));
    }
    for (kind, algorithm) in missing {
        make(app_id, kind, algorithm)?;
    }
    AppKeys::load(app_id).map(Rc::new)
}

fn make(app_id: &str, kind: KeyKind, algorithm: Algorithm) -> Result<()> {
    let made = signing::generate(algorithm).map_err(|error| Error::Keys(error.to_string()))?;
    let created_at = Time::now();
    let kid = match (kind, algorithm) {
        // SDKs tell dynamic keys by the prefix; the rest tells ours apart.
        (KeyKind::Dynamic, Algorithm::Rs256) => format!("d-{}", created_at.0),
        (KeyKind::Dynamic, Algorithm::Es256) => format!("d-{}-es256", created_at.0),
        (KeyKind::Static | KeyKind::GoTrue, _) => {
            let id = auth_core::ids::new_id(auth_core::ids::Slot::random());
            let door = if kind == KeyKind::GoTrue { "g" } else { "s" };
            format!("{door}-{}", Uuid::hyphenated(id))
        }
    };
    let mut public_key = made.public_jwk;
    public_key["kid"] = Value::from(kid.as_str());
    let private_key = keyring()?.seal(&purpose(app_id, &kid), &made.private_der);
    store::signing_keys::insert(
        app_id,
        &KeyRow {
            kid,
            algorithm: algorithm.name().to_owned(),
            kind,
            private_key,
            public_key,
            created_at,
        },
    );
    Ok(())
}

/// Calls `with` with the key of that name, if the app has one of these kinds that is still valid.
///
/// # Errors
/// [`Error::Keys`] when the keys cannot be read.
pub fn with_verifying_key<T>(
    app: &Tenant,
    kinds: &[KeyKind],
    kid: &str,
    with: impl FnOnce(&VerifyingKey) -> T,
) -> Result<Option<T>> {
    let keys = app_keys(&app.app_id)?;
    let now = Time::now();
    let is_it = |key: &&Key| {
        key.row.kid == kid && kinds.contains(&key.row.kind) && key.is_valid(&app.settings, now)
    };
    let key = keys.0.iter().find(is_it);
    Ok(key.map(|key| with(&key.verifying)))
}

/// The kinds of keys that the doors of SuperTokens and SQL sign with.
pub const SUPERTOKENS: [KeyKind; 2] = [KeyKind::Dynamic, KeyKind::Static];

/// The keys that those doors sign with by these algorithms.
pub fn supertokens_sorts(algorithms: &[Algorithm]) -> Vec<(KeyKind, Algorithm)> {
    let of = |algorithm: &Algorithm| SUPERTOKENS.map(|kind| (kind, *algorithm));
    algorithms.iter().flat_map(of).collect()
}

/// Public keys, and for how long they may be cached.
pub struct PublishedKeys {
    /// JSON Web Keys: dynamic ones newest first, then static ones.
    pub keys: Vec<Value>,
    /// Whole seconds until a new key may appear, at least 1.
    pub max_age_s: i64,
}

/// The public keys of an app that tokens of these sorts can name. Makes what is missing, so that a key
/// is known to verifiers before anything is signed with it.
///
/// # Errors
/// [`Error::Keys`] when keys cannot be read or made.
pub fn published(app: &Tenant, sorts: &[(KeyKind, Algorithm)]) -> Result<PublishedKeys> {
    let keys = with_signing_keys(app, sorts)?;
    let now = Time::now();
    let listed = |key: &&Key| {
        sorts.contains(&(key.row.kind, key.algorithm)) && key.is_valid(&app.settings, now)
    };
    let (statics, dynamics): (Vec<_>, Vec<_>) = keys
        .0
        .iter()
        .filter(listed)
        .partition(|key| key.row.kind != KeyKind::Dynamic);
    let interval = app.settings.dynamic_signing_key_update_interval_ms();
    let next_key = dynamics.first().map_or(0, |newest| {
        (newest.row.created_at.plus(interval - OVERLAP_MS).0 - now.0).div_euclid(1000)
    });
    let keys = dynamics
        .into_iter()
        .chain(statics)
        .map(|key| key.row.public_key.clone())
        .collect();
    Ok(PublishedKeys {
        keys,
        max_age_s: next_key.max(1),
    })
}

/// Makes the successors of keys that are in use before they are needed, and removes keys that nothing refers to
/// any more; how many it removed. An app that has signed nothing gets no key.
///
/// # Errors
/// [`Error::Keys`] when keys cannot be read or made.
pub fn maintain(app: &Tenant) -> Result<u64> {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let in_use = app_keys(&app.app_id)?
            .0
            .iter()
            .any(|key| key.is_of(KeyKind::Dynamic, algorithm));
        if in_use {
            signing_key(app, KeyKind::Dynamic, algorithm)?;
        }
    }
    let oldest = Time::now().plus(-retention_ms(&app.settings));
    Ok(store::signing_keys::delete_dynamic_before(
        &app.app_id,
        oldest,
    ))
}
