//! What the checks look at: the text files that git knows or would add, the packages with their direct
//! dependencies, and the paths that belong to this machine. Reading happens here and nowhere else.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

/// The whole tree as plain data, so that a test can write one by hand.
#[derive(Debug, Default)]
pub struct Workspace {
    pub files: Vec<SourceFile>,
    pub packages: Vec<Package>,
    /// Folders that exist on this machine only: the working tree, its neighbours, the home of the user.
    pub machine_paths: Vec<String>,
}

/// A text file; its path is relative to the root, with `/`.
#[derive(Debug)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

/// A member of the workspace.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    pub manifest_path: String,
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug)]
pub struct Dependency {
    pub name: String,
    pub is_for_tests: bool,
}

impl Workspace {
    /// Reads the workspace that this program was compiled in.
    pub fn read() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("find the root above xtask")?;
        std::env::set_current_dir(root).with_context(|| format!("enter {}", root.display()))?;
        Ok(Self {
            files: read_files()?,
            packages: read_packages(root)?,
            machine_paths: machine_paths(root),
        })
    }

    /// The text of one file, if it is there.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    }

    /// Adds a file or replaces its text.
    pub fn put(&mut self, path: &str, text: String) {
        self.files.retain(|file| file.path != path);
        self.files.push(SourceFile {
            path: path.to_owned(),
            text,
        });
    }

    /// Rust files below `src/` of a package, tests beside the code included.
    pub fn rust_sources<'a>(
        &'a self,
        package: &'a Package,
    ) -> impl Iterator<Item = &'a SourceFile> {
        let folder = package.manifest_path.replace("Cargo.toml", "src/");
        self.files
            .iter()
            .filter(move |file| file.path.starts_with(&folder) && file.path.ends_with(".rs"))
    }
}

impl SourceFile {
    /// Whether the whole file is compiled for tests only, by the names we give such files.
    pub fn is_for_tests(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
            || self.path.contains("/tests/")
    }

    /// What stands behind the last dot of the name.
    pub fn extension(&self) -> &str {
        self.path
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }
}

/// Lines with their numbers, counted from 1.
pub fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

fn read_files() -> anyhow::Result<Vec<SourceFile>> {
    let listed = output(Command::new("git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        // Pictures and the like are no text; a file deleted but not yet committed is not there.
        if let Ok(text) = std::fs::read_to_string(path) {
            files.push(SourceFile {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}

fn read_packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let json = output(Command::new(cargo).args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]))?;
    packages_of(
        &serde_json::from_str(&json).context("parse cargo metadata")?,
        root,
    )
}

fn packages_of(metadata: &Value, root: &Path) -> anyhow::Result<Vec<Package>> {
    let packages = metadata["packages"]
        .as_array()
        .context("find packages in cargo metadata")?;
    packages
        .iter()
        .map(|package| package_of(package, root))
        .collect()
}

fn package_of(package: &Value, root: &Path) -> anyhow::Result<Package> {
    let manifest = PathBuf::from(
        package["manifest_path"]
            .as_str()
            .context("find a manifest path")?,
    );
    let manifest = manifest.strip_prefix(root).unwrap_or(&manifest);
    let dependencies = package["dependencies"]
        .as_array()
        .context("find dependencies")?;
    Ok(Package {
        name: text_of(&package["name"])?,
        manifest_path: manifest.to_string_lossy().replace('\\', "/"),
        dependencies: dependencies
            .iter()
            .map(dependency_of)
            .collect::<anyhow::Result<_>>()?,
    })
}

fn dependency_of(dependency: &Value) -> anyhow::Result<Dependency> {
    Ok(Dependency {
        name: text_of(&dependency["name"])?,
        is_for_tests: dependency["kind"] == "dev",
    })
}

fn text_of(value: &Value) -> anyhow::Result<String> {
    Ok(value
        .as_str()
        .context("find a text in cargo metadata")?
        .to_owned())
}

fn machine_paths(root: &Path) -> Vec<String> {
    let mut folders = vec![root.to_path_buf()];
    folders.extend(std::env::var_os("HOME").map(PathBuf::from));
    folders.extend(neighbours(root));
    folders.retain(|folder| folder.components().count() > 1);
    let mut paths: Vec<String> = folders
        .iter()
        .map(|folder| folder.to_string_lossy().into_owned())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Folders beside the working tree. None where that place is everybody's: `/tmp/x` says nothing about a machine.
fn neighbours(root: &Path) -> Vec<PathBuf> {
    let Some(parent) = root
        .parent()
        .filter(|parent| parent.parent().is_some() && *parent != std::env::temp_dir())
    else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("run {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
impl Workspace {
    /// A fake tree of files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| SourceFile {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        Self {
            files,
            ..Self::default()
        }
    }

    /// Adds a fake package below `crates/`; a dependency that starts with `dev:` is for tests.
    pub fn with_package(mut self, name: &str, dependencies: &[&str]) -> Self {
        let dependencies = dependencies.iter().map(|dependency| Dependency {
            name: dependency.trim_start_matches("dev:").to_owned(),
            is_for_tests: dependency.starts_with("dev:"),
        });
        self.packages.push(Package {
            name: name.to_owned(),
            manifest_path: format!("crates/{name}/Cargo.toml"),
            dependencies: dependencies.collect(),
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_metadata_becomes_packages_with_relative_manifests() {
        let metadata = serde_json::json!({ "packages": [{
            "name": "event", "manifest_path": "/tree/crates/event/Cargo.toml",
            "dependencies": [{ "name": "jiff", "kind": null }, { "name": "insta", "kind": "dev" }],
        }]});
        let packages = packages_of(&metadata, Path::new("/tree")).unwrap();
        assert_eq!(packages[0].manifest_path, "crates/event/Cargo.toml");
        let dependencies = &packages[0].dependencies;
        assert_eq!(
            (dependencies[0].name.as_str(), dependencies[0].is_for_tests),
            ("jiff", false)
        );
        assert_eq!(
            (dependencies[1].name.as_str(), dependencies[1].is_for_tests),
            ("insta", true)
        );
    }

    #[test]
    fn metadata_of_another_shape_is_an_error_not_a_panic() {
        assert!(
            packages_of(
                &serde_json::json!({ "packages": [{ "name": 1 }] }),
                Path::new("/")
            )
            .is_err()
        );
        assert!(packages_of(&serde_json::json!([]), Path::new("/")).is_err());
    }
}
