//! The settings of a watched folder, as they stand in the configuration. Plain data: nothing here looks at a disk.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files read at the same time, at most.
const FILES_AT_ONCE_MAX: usize = 64;
/// A folder is looked at ten times a second at most.
const POLL_INTERVAL_MS_MIN: u64 = 100;

/// A folder whose files are taken in as they come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FolderSettings {
    /// What logs, health and metrics call it; the last part of the path where it is left out.
    pub name: String,
    /// The folder. The folders in it are not looked into.
    pub path: PathBuf,
    /// The store the events belong to.
    pub store: String,
    /// What the files are taken for, as `--dialect` says it.
    pub dialect: String,
    /// A saved mapping (`ingest --save-mapping`); `map` corrects it.
    pub mapping: Option<String>,
    /// Column and field, as `--map` says it.
    pub map: BTreeMap<String, String>,
    /// Value of the type column and type, as `--map-type` says it.
    pub map_type: BTreeMap<String, String>,
    /// Names that are taken; `*` stands for any text and `?` for one character.
    pub include: Vec<String>,
    /// Names that are not, though they are included. Hidden and unfinished ones (`.part`, `.tmp`, `~`) never are.
    pub exclude: Vec<String>,
    /// The folder is looked at this often.
    pub poll_interval_ms: u64,
    /// A file is taken once it has not changed for so long.
    pub stable_for_ms: u64,
    /// Files go on growing: new lines are read as they come.
    pub follow: bool,
    /// Where a file goes once every event of it is durable; in the folder itself unless it begins with `/`.
    pub processed_dir: Option<PathBuf>,
    /// Where a file goes that cannot be read, with the reason beside it.
    pub failed_dir: Option<PathBuf>,
    /// Files read at the same time; each takes a few megabytes.
    pub files_at_once: usize,
}

impl Default for FolderSettings {
    fn default() -> Self {
        FolderSettings {
            name: String::new(),
            path: PathBuf::new(),
            store: "main".to_owned(),
            dialect: "auto".to_owned(),
            mapping: None,
            map: BTreeMap::new(),
            map_type: BTreeMap::new(),
            include: vec!["*".to_owned()],
            exclude: Vec::new(),
            poll_interval_ms: 1_000,
            stable_for_ms: 2_000,
            follow: false,
            processed_dir: None,
            failed_dir: None,
            files_at_once: 4,
        }
    }
}

/// A setting that cannot be as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sources.files.{key}: {what}")]
pub struct SettingError {
    /// Which one.
    pub key: &'static str,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: &'static str,
}

fn wrong(key: &'static str, what: impl Into<String>, hint: &'static str) -> SettingError {
    SettingError {
        key,
        what: what.into(),
        hint,
    }
}

impl FolderSettings {
    /// What it is called.
    #[must_use]
    pub fn called(&self) -> String {
        if self.name.is_empty() {
            let last = self.path.file_name().unwrap_or(self.path.as_os_str());
            last.to_string_lossy().into_owned()
        } else {
            self.name.clone()
        }
    }

    pub(super) fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    pub(super) fn stable_for(&self) -> Duration {
        Duration::from_millis(self.stable_for_ms)
    }

    pub(super) fn processed_dir(&self) -> Option<PathBuf> {
        self.processed_dir.as_ref().map(|dir| self.path.join(dir))
    }

    pub(super) fn failed_dir(&self) -> Option<PathBuf> {
        self.failed_dir.as_ref().map(|dir| self.path.join(dir))
    }

    fn check(&self) -> Result<(), SettingError> {
        if self.path.as_os_str().is_empty() {
            return Err(wrong("path", "it is missing", "name the folder to watch"));
        }
        let hint = "a followed file has no end: leave the folder for it out, or `follow`";
        let moves = [
            ("processed_dir", self.processed_dir()),
            ("failed_dir", self.failed_dir()),
        ];
        for (key, dir) in moves {
            let Some(dir) = dir else { continue };
            if self.follow {
                return Err(wrong(key, "it cannot be had with follow = true", hint));
            }
            if is_same(&dir, &self.path) {
                let hint = "name another folder, such as `done`";
                return Err(wrong(key, "it is the watched folder itself", hint));
            }
        }
        if self.poll_interval_ms < POLL_INTERVAL_MS_MIN {
            let what = format!("it must be at least {POLL_INTERVAL_MS_MIN}");
            return Err(wrong("poll_interval_ms", what, "leave it out for 1000"));
        }
        if !(1..=FILES_AT_ONCE_MAX).contains(&self.files_at_once) {
            let what = format!("it must lie between 1 and {FILES_AT_ONCE_MAX}");
            return Err(wrong("files_at_once", what, "leave it out for 4"));
        }
        if self.include.is_empty() {
            return Err(wrong(
                "include",
                "it is empty, so no file would be taken",
                "leave it out for all files",
            ));
        }
        Ok(())
    }
}

/// Whether two paths name one folder, as far as they can be looked up.
fn is_same(left: &Path, right: &Path) -> bool {
    let real = |path: &Path| std::path::absolute(path).map_or_else(|_| path.to_owned(), clean);
    real(left) == real(right)
}

/// `a/./b` and `a/c/../b` are `a/b`.
fn clean(path: PathBuf) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                cleaned.pop();
            }
            part => cleaned.push(part),
        }
    }
    cleaned
}

/// The watched folders: one table, or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FolderList(pub Vec<FolderSettings>);

impl FolderList {
    /// Whether they can be watched side by side.
    pub fn check(&self) -> Result<(), SettingError> {
        for (index, folder) in self.0.iter().enumerate() {
            folder.check()?;
            let before = &self.0[..index];
            if before
                .iter()
                .any(|other| is_same(&other.path, &folder.path))
            {
                let what = format!("{} is watched twice", folder.path.display());
                return Err(wrong("path", what, "leave one of them out"));
            }
            if before.iter().any(|other| other.called() == folder.called()) {
                let what = format!("two folders are called `{}`", folder.called());
                return Err(wrong("name", what, "give each a name of its own"));
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for FolderList {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FolderList, D::Error> {
        from.deserialize_any(OneOrMany)
    }
}

/// Told by its form, so that an unknown key is named and not only "no variant fits".
struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = FolderList;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a table of settings, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FolderList, A::Error> {
        let one = FolderSettings::deserialize(MapAccessDeserializer::new(map))?;
        Ok(FolderList(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<FolderList, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(FolderList)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        let list: Result<FolderList, _> = serde_json::from_str(json);
        let said = match list.map(|list| list.check().map(|()| list)) {
            Err(error) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(list)) => {
                let names = list.0.iter().map(FolderSettings::called);
                names.collect::<Vec<_>>().join(" ")
            }
        };
        assert!(said.starts_with(expected), "{json}: {said}");
    }

    #[test]
    fn one_table_or_a_list_of_them() {
        check("[]", "");
        check(r#"{"path": "/srv/drop"}"#, "drop");
        check(
            r#"[{"path": "a/drop"}, {"path": "b/drop", "name": "b"}]"#,
            "drop b",
        );
    }

    #[test]
    fn what_cannot_be_is_named() {
        check(r#"{"path": "a", "folow": true}"#, "unknown field `folow`");
        check(r#"[{"pth": "a"}]"#, "unknown field `pth`");
        check("{}", "sources.files.path: it is missing");
        check(
            r#"[{"path": "a/drop"}, {"path": "a/./x/../drop", "name": "b"}]"#,
            "sources.files.path: a/./x/../drop is watched twice",
        );
        check(
            r#"[{"path": "a/drop"}, {"path": "b/drop"}]"#,
            "sources.files.name: two folders are called `drop`",
        );
        check(
            r#"{"path": "a", "processed_dir": "../a"}"#,
            "sources.files.processed_dir: it is the watched folder itself",
        );
        check(
            r#"{"path": "a", "follow": true, "failed_dir": "f"}"#,
            "sources.files.failed_dir: it cannot be had",
        );
        check(
            r#"{"path": "a", "poll_interval_ms": 1}"#,
            "sources.files.poll",
        );
        check(
            r#"{"path": "a", "files_at_once": 0}"#,
            "sources.files.files_at_once",
        );
        check(r#"{"path": "a", "include": []}"#, "sources.files.include");
    }
}
