//! Mappings saved by name in the data directory, one small file each: how a file of this header is read.
//! They are a person's work, so they are plain JSON that can be read, edited and copied.

use crate::file::FileDialect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Longest name.
const NAME_BYTES_MAX: usize = 64;
/// A file of this size is no mapping.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A mapping under its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedMapping {
    /// Its name; the file is called so too.
    #[serde(skip)]
    pub name: String,
    /// `orders` or `events`.
    pub dialect: String,
    /// Column of the file and our field.
    pub columns: BTreeMap<String, String>,
    /// Word of the type column and our type.
    #[serde(default)]
    pub types: BTreeMap<String, String>,
    /// All columns of the file it was made for, in order: a file with the same ones is offered this mapping.
    #[serde(default)]
    pub header: Vec<String>,
}

/// What went wrong with a saved mapping.
#[derive(Debug, thiserror::Error)]
pub enum SavedMappingError {
    /// The name could not be a file's.
    #[error("`{0}` is no name for a mapping")]
    Name(String),
    /// No mapping of this name.
    #[error("there is no mapping `{name}`")]
    Unknown {
        /// As given.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The file cannot be read or written.
    #[error("cannot use {path}")]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The file is no mapping any more.
    #[error("{path} is no mapping: {what}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

impl SavedMappingError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            SavedMappingError::Name(_) => {
                "use letters, digits, `-`, `_` and `.`, 64 at most".to_owned()
            }
            SavedMappingError::Unknown { known, .. } if known.is_empty() => {
                "none is saved yet: `shopstream ingest FILE --map … --save-mapping NAME` saves one"
                    .to_owned()
            }
            SavedMappingError::Unknown { name, known } => {
                let near = |known: &&String| strsim::jaro_winkler(known, name) > 0.75;
                match known.iter().find(near) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("saved are {}", known.join(", ")),
                }
            }
            SavedMappingError::Disk { .. } => "look at the folder and its rights".to_owned(),
            SavedMappingError::Content { .. } => "mend the file, or save it again".to_owned(),
        }
    }
}

/// The mappings of one data directory.
#[derive(Debug, Clone)]
pub struct Mappings {
    dir: PathBuf,
}

impl Mappings {
    /// Those of this data directory; nothing is made before one is saved.
    #[must_use]
    pub fn of(data_dir: &Path) -> Mappings {
        Mappings {
            dir: data_dir.join("mappings"),
        }
    }

    /// All of them, by name. A file that is no mapping is an error, so that nobody wonders where his mapping went.
    pub fn list(&self) -> Result<Vec<SavedMapping>, SavedMappingError> {
        self.names()?.iter().map(|name| self.read(name)).collect()
    }

    /// The mapping of this name.
    pub fn get(&self, name: &str) -> Result<SavedMapping, SavedMappingError> {
        check_name(name)?;
        let known = self.names()?;
        if known.iter().any(|known| known == name) {
            return self.read(name);
        }
        Err(SavedMappingError::Unknown {
            name: name.to_owned(),
            known,
        })
    }

    /// Saves a mapping, in place of one of the same name.
    pub fn save(&self, mapping: &SavedMapping) -> Result<(), SavedMappingError> {
        check_name(&mapping.name)?;
        let path = self.path(&mapping.name);
        let disk = |cause| SavedMappingError::Disk {
            path: path.clone(),
            cause,
        };
        let text = serde_json::to_vec_pretty(mapping).map_err(|error| disk(error.into()))?;
        std::fs::create_dir_all(&self.dir).map_err(disk)?;
        // Renamed into place: a reader sees the old one or the new one, never a half.
        let draft = path.with_extension("json.new");
        std::fs::write(&draft, text).map_err(disk)?;
        std::fs::rename(&draft, &path).map_err(disk)
    }

    /// Removes a mapping; files read by it stay as they are.
    pub fn remove(&self, name: &str) -> Result<(), SavedMappingError> {
        let path = self.path(&self.get(name)?.name);
        std::fs::remove_file(&path).map_err(|cause| SavedMappingError::Disk { path, cause })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }

    fn names(&self) -> Result<Vec<String>, SavedMappingError> {
        let disk = |cause| SavedMappingError::Disk {
            path: self.dir.clone(),
            cause,
        };
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(disk(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(disk)?.file_name();
            let name = file.to_str().and_then(|name| name.strip_suffix(".json"));
            names.extend(
                name.filter(|name| check_name(name).is_ok())
                    .map(str::to_owned),
            );
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, name: &str) -> Result<SavedMapping, SavedMappingError> {
        let path = self.path(name);
        let disk = |cause| SavedMappingError::Disk {
            path: path.clone(),
            cause,
        };
        let content = |what: String| SavedMappingError::Content {
            path: path.clone(),
            what,
        };
        if std::fs::metadata(&path).map_err(disk)?.len() > FILE_BYTES_MAX {
            return Err(content("it is larger than 1 MiB".to_owned()));
        }
        let bytes = std::fs::read(&path).map_err(disk)?;
        let mapping: SavedMapping =
            serde_json::from_slice(&bytes).map_err(|error| content(error.to_string()))?;
        if mapping.dialect.parse::<FileDialect>().is_err() {
            return Err(content(format!(
                "there is no dialect `{}`",
                mapping.dialect
            )));
        }
        Ok(SavedMapping {
            name: name.to_owned(),
            ..mapping
        })
    }
}

fn check_name(name: &str) -> Result<(), SavedMappingError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_sound = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.starts_with('.')
        && name.bytes().all(is_plain);
    if is_sound {
        Ok(())
    } else {
        Err(SavedMappingError::Name(
            name.chars().take(NAME_BYTES_MAX).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(name: &str) -> SavedMapping {
        SavedMapping {
            name: name.to_owned(),
            dialect: "orders".to_owned(),
            columns: BTreeMap::from([("Beleg".to_owned(), "order_id".to_owned())]),
            types: BTreeMap::new(),
            header: vec!["Beleg".to_owned(), "Wann".to_owned()],
        }
    }

    #[test]
    fn what_is_saved_is_found_again_and_can_be_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let mappings = Mappings::of(dir.path());
        assert_eq!(mappings.list().expect("none yet"), []);
        mappings.save(&mapping("erp")).expect("saved");
        mappings.save(&mapping("erp")).expect("saved again");
        assert_eq!(mappings.get("erp").expect("found"), mapping("erp"));
        assert_eq!(mappings.list().expect("one").len(), 1);
        mappings.remove("erp").expect("removed");
        assert_eq!(mappings.list().expect("none").len(), 0);
    }

    #[test]
    fn an_unknown_name_is_met_with_the_near_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let mappings = Mappings::of(dir.path());
        let hint = |name: &str| mappings.get(name).expect_err("unknown").hint();
        assert!(hint("erp").contains("--save-mapping"));
        mappings.save(&mapping("erp-2026")).expect("saved");
        assert_eq!(hint("erp-2025"), "did you mean `erp-2026`?");
    }

    #[test]
    fn names_never_leave_the_folder_and_broken_files_are_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let mappings = Mappings::of(dir.path());
        for name in ["", "..", "../x", "a/b", "a b", ".hidden", "\u{e9}"] {
            assert!(
                matches!(mappings.get(name), Err(SavedMappingError::Name(_))),
                "{name}"
            );
        }
        mappings.save(&mapping("erp")).expect("saved");
        std::fs::write(dir.path().join("mappings/erp.json"), "{\"dialect\":7}").expect("written");
        let error = mappings.get("erp").expect_err("broken");
        assert!(error.to_string().contains("erp.json"), "{error}");
    }
}
