//! Keys on disk: `admin.key` with the one key a person copies, `keys.json` with hashes of all. Both are for their owner's eyes.

use super::Scope;
use super::secret::Digest;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why keys cannot be used; each message says what, why and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The directory or a file in it cannot be read or written.
    #[error("cannot use {}: give this user the rights to read and write it, or choose another --data-dir", path.display())]
    Unusable {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Others on this machine can read a secret.
    #[error("{} can be read by other users (mode {mode:o}): run  chmod 600 {}  and, if others were here, replace the key", path.display(), path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The admin key's file holds no key.
    #[error("{} holds no key of the form ss_admin_…: delete it, and the next start writes a new one", path.display())]
    NoKey {
        /// Which file.
        path: PathBuf,
    },
    /// `keys.json` is damaged.
    #[error("{} cannot be understood: restore it, or delete it to keep the admin key only", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        #[source]
        cause: serde_json::Error,
    },
    /// Names tell keys apart.
    #[error("there is a key named \"{name}\", or the name is empty: choose another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// No more keys.
    #[error("there are {limit} keys: revoke some first")]
    TooMany {
        /// The limit.
        limit: usize,
    },
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredKey {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) store: Option<String>,
    pub(crate) sha256: Digest,
    pub(crate) created: String,
}

/// `keys.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFile {
    pub(crate) keys: Vec<StoredKey>,
}

impl KeyFile {
    pub(crate) fn read(dir: &Path) -> Result<KeyFile, KeyError> {
        let path = dir.join("keys.json");
        let Some(text) = read_private(&path)? else {
            return Ok(KeyFile::default());
        };
        serde_json::from_str(&text).map_err(|cause| KeyError::Damaged { path, cause })
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), KeyError> {
        let path = dir.join("keys.json");
        let text = serde_json::to_vec_pretty(self).map_err(|cause| KeyError::Damaged {
            path: path.clone(),
            cause,
        })?;
        write_private(&path, &text)
    }
}

/// Makes the directory, for its owner only.
pub(crate) fn make_dir(dir: &Path) -> Result<(), KeyError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|cause| KeyError::Unusable {
        path: dir.to_owned(),
        cause,
    })
}

/// The admin key of a file, if there is one.
pub(crate) fn read_secret(path: &Path) -> Result<Option<String>, KeyError> {
    let Some(text) = read_private(path)? else {
        return Ok(None);
    };
    let key = text.trim();
    // "ss_admin_" and 43 characters of base64: less is no 256 bits.
    if key.starts_with("ss_admin_") && key.len() >= 52 && !key.contains(char::is_whitespace) {
        Ok(Some(key.to_owned()))
    } else {
        Err(KeyError::NoKey {
            path: path.to_owned(),
        })
    }
}

fn read_private(path: &Path) -> Result<Option<String>, KeyError> {
    let unusable = |cause| KeyError::Unusable {
        path: path.to_owned(),
        cause,
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error)),
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    fs::read_to_string(path).map(Some).map_err(unusable)
}

/// Writes a file that only its owner can read: whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let write = || -> io::Result<()> {
        let draft = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        path.parent()
            .map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    write().map_err(|cause| KeyError::Unusable {
        path: path.to_owned(),
        cause,
    })
}
