//! Who may do what: keys, the sessions of browsers, and login links that work once.
//! Secrets are kept as SHA-256 hashes (they are 256 random bits, so nothing can be guessed) and compared in constant time.

mod file;
mod secret;
mod session;

pub use file::KeyError;
pub(crate) use secret::random_hex;

use file::{KeyFile, StoredKey};
use parking_lot::Mutex;
use runtime::Clock;
use secret::{Digest, digest, random_secret};
use serde::{Deserialize, Serialize};
use session::Sessions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The key that is made at the first start, under the name that finds it again.
const ADMIN_NAME: &str = "admin";
/// Keys of one server.
const KEYS_MAX: usize = 10_000;

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Add events.
    Ingest,
    /// Ask questions.
    Read,
    /// All of it, and imports.
    Admin,
}

impl Scope {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scope::Ingest => "ingest",
            Scope::Read => "read",
            Scope::Admin => "admin",
        }
    }
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its name for people.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// The one store it is good for; nothing means all.
    pub store: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) key_id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) store: Option<String>,
}

impl Principal {
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    pub(crate) fn may_see(&self, store: &str) -> bool {
        self.store.as_deref().is_none_or(|own| own == store)
    }
}

/// Keys, sessions and login links of one server; clones share them.
#[derive(Clone)]
pub struct KeyRing(Arc<Ring>);

struct Ring {
    dir: PathBuf,
    admin_key: String,
    clock: Clock,
    keys: Mutex<KeyFile>,
    sessions: Mutex<Sessions>,
}

impl KeyRing {
    /// Opens the keys of a directory; the first time it makes the directory and the admin key.
    pub fn open(dir: &Path, clock: Clock) -> Result<KeyRing, KeyError> {
        file::make_dir(dir)?;
        let path = dir.join("admin.key");
        let admin_key = match file::read_secret(&path)? {
            Some(key) => key,
            None => {
                let key = random_secret("ss_admin_");
                file::write_private(&path, format!("{key}\n").as_bytes())?;
                key
            }
        };
        let mut keys = KeyFile::read(dir)?;
        let admin = stored_key(
            &admin_key,
            &NewKey {
                name: ADMIN_NAME.to_owned(),
                scope: Scope::Admin,
                store: None,
            },
            &clock,
        );
        if !keys.keys.iter().any(|known| known.sha256 == admin.sha256) {
            // The file was lost or replaced by hand: what it holds now is the admin key, and the old one is none.
            keys.keys.retain(|known| known.name != ADMIN_NAME);
            keys.keys.push(admin);
            keys.write(dir)?;
        }
        let ring = Ring {
            dir: dir.to_owned(),
            admin_key,
            clock,
            keys: Mutex::new(keys),
            sessions: Mutex::default(),
        };
        Ok(KeyRing(Arc::new(ring)))
    }

    /// The admin key, for commands of this process.
    #[must_use]
    pub fn admin_key(&self) -> &str {
        &self.0.admin_key
    }

    /// Where the admin key lies, for the banner.
    #[must_use]
    pub fn admin_key_file(&self) -> PathBuf {
        self.0.dir.join("admin.key")
    }

    /// Makes a key and gives it away, this once: only its hash is kept.
    pub fn create(&self, new: &NewKey) -> Result<String, KeyError> {
        let mut keys = self.0.keys.lock();
        let is_taken = keys.keys.iter().any(|known| known.name == new.name);
        if is_taken || new.name.trim().is_empty() {
            return Err(KeyError::NameTaken {
                name: new.name.clone(),
            });
        }
        if keys.keys.len() >= KEYS_MAX {
            return Err(KeyError::TooMany { limit: KEYS_MAX });
        }
        let key = random_secret(&format!("ss_{}_", new.scope.name()));
        let mut changed = keys.clone();
        changed.keys.push(stored_key(&key, new, &self.0.clock));
        changed.write(&self.0.dir)?;
        *keys = changed;
        Ok(key)
    }

    /// A link that opens one session with the rights of the admin key, once, within ten minutes.
    #[must_use]
    pub fn login_token(&self) -> String {
        let token = random_secret("");
        self.0
            .sessions
            .lock()
            .add_login(digest(&token), self.0.clock.monotonic());
        token
    }

    /// Whose key this is. Looks at every key, so that the time taken tells nothing.
    pub(crate) fn authenticate(&self, presented: &str) -> Option<Principal> {
        let presented = digest(presented);
        let keys = self.0.keys.lock();
        let same = |known: &&StoredKey| bool::from(known.sha256.0.ct_eq(&presented.0));
        let every = keys.keys.iter().filter(same);
        every.fold(None, |_, known| Some(principal(known)))
    }

    /// Opens a session; its token goes into the cookie.
    pub(crate) fn open_session(&self, principal: Principal) -> String {
        let token = random_secret("");
        self.0
            .sessions
            .lock()
            .open(digest(&token), principal, self.0.clock.monotonic());
        token
    }

    /// Opens a session for a login token, which is used up by it.
    pub(crate) fn redeem(&self, token: &str) -> Option<String> {
        let is_good = self
            .0
            .sessions
            .lock()
            .take_login(&digest(token), self.0.clock.monotonic());
        let admin = is_good
            .then(|| self.authenticate(&self.0.admin_key))
            .flatten()?;
        Some(self.open_session(admin))
    }

    /// Whose session this is. It is looked up by its hash, so the time taken tells nothing of the token.
    pub(crate) fn session(&self, token: &str) -> Option<Principal> {
        self.0
            .sessions
            .lock()
            .find(&digest(token), self.0.clock.monotonic())
    }

    /// Ends a session.
    pub(crate) fn close_session(&self, token: &str) {
        self.0.sessions.lock().close(&digest(token));
    }
}

fn stored_key(key: &str, new: &NewKey, clock: &Clock) -> StoredKey {
    let sha256: Digest = digest(key);
    StoredKey {
        id: format!("key_{}", &sha256.to_hex()[..8]),
        name: new.name.clone(),
        scopes: vec![new.scope],
        store: new.store.clone(),
        sha256,
        created: clock.now().to_string(),
    }
}

fn principal(key: &StoredKey) -> Principal {
    Principal {
        key_id: key.id.clone(),
        name: key.name.clone(),
        scopes: key.scopes.clone(),
        store: key.store.clone(),
    }
}

#[cfg(test)]
mod tests;
