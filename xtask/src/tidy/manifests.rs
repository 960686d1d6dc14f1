//! Dependencies of the root manifest that no crate asks for. It reads the manifests, not the sources: a crate that
//! asks for something and does not use it is not found here.

use super::Finding;
use super::workspace::{Workspace, numbered};

const ROOT_MANIFEST: &str = "Cargo.toml";

/// Every line of `[workspace.dependencies]` is used by some member. Our own crates are members and may wait.
pub fn unused(workspace: &Workspace) -> Vec<Finding> {
    let declared = declared(workspace.text(ROOT_MANIFEST).unwrap_or_default());
    let is_used = |name: &str| {
        workspace
            .packages
            .iter()
            .flat_map(|p| &p.dependencies)
            .any(|d| d.name == name)
    };
    let unused = declared.into_iter().filter(|(_, name)| !is_used(name));
    unused
        .map(|(line, name)| {
            let mend =
                "remove the line, or ask for it in the crate that needs it with `workspace = true`";
            Finding::new(
                ROOT_MANIFEST,
                line,
                format!("no crate asks for {name}"),
                mend,
            )
        })
        .collect()
}

fn declared(manifest: &str) -> Vec<(usize, &str)> {
    let lines = numbered(manifest)
        .skip_while(|(_, line)| line.trim() != "[workspace.dependencies]")
        .skip(1);
    let lines = lines.take_while(|(_, line)| !line.starts_with('['));
    lines
        .filter(|(_, line)| !line.contains("path = \""))
        .filter_map(|(number, line)| Some((number, line.split_once('=')?.0.trim())))
        .filter(|(_, name)| !name.starts_with('#'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    const MANIFEST: &str = "[workspace]\nresolver = \"3\"\n\n[workspace.dependencies]\nevent = { path = \"crates/event\" }\n\
                            # a reason = here\njiff = \"0.2\"\ninsta = { version = \"1\" }\n\n[profile.dev]\ndebug = 1\n";

    fn check(dependencies: &[&str], expected: &str) {
        let workspace =
            Workspace::of(&[(ROOT_MANIFEST, MANIFEST)]).with_package("event", dependencies);
        assert_eq!(lines(unused(&workspace)), expected);
    }

    #[test]
    fn what_no_crate_asks_for_is_reported() {
        check(&["jiff"], "Cargo.toml:8: no crate asks for insta");
    }

    #[test]
    fn asking_for_it_in_tests_is_enough() {
        check(&["jiff", "dev:insta"], "");
    }
}
