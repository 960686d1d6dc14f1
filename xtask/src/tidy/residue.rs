//! What must not stay in the tree: marks of unfinished work, tests that do not run, and traces of the machine that
//! somebody worked on. The words are put together here from halves, so that this file does not find itself.

use super::Finding;
use super::rust_text::is_word;
use super::workspace::{SourceFile, Workspace, numbered};

/// Texts that must not stand, in files with one of these endings (none: in every file).
struct Trace {
    texts: &'static [&'static str],
    extensions: &'static [&'static str],
    what: &'static str,
    mend: &'static str,
}

const FINISH: &str = "do it now, or file an issue and leave the sentence out";
const RUN: &str = "make it run; a known wrong answer is asserted and marked as wrong";
const SCRIPT: &[&str] = &["ts", "js", "mjs", "svelte"];

const UNFINISHED: &[Trace] = &[
    Trace {
        texts: &[concat!("TO", "DO"), concat!("FIX", "ME")],
        extensions: &[],
        what: "a mark of unfinished work",
        mend: FINISH,
    },
    Trace {
        texts: &[concat!("todo", "!("), concat!("unimplemented", "!(")],
        extensions: &["rs"],
        what: "an unfinished function",
        mend: FINISH,
    },
    Trace {
        texts: &[concat!("#[ig", "nore")],
        extensions: &["rs"],
        what: "a test that does not run",
        mend: RUN,
    },
    Trace {
        texts: &[
            concat!("test.sk", "ip("),
            concat!("it.sk", "ip("),
            concat!("describe.sk", "ip("),
            concat!("test.fix", "me("),
        ],
        extensions: SCRIPT,
        what: "a test that does not run",
        mend: RUN,
    },
    Trace {
        texts: &[
            concat!("test.on", "ly("),
            concat!("it.on", "ly("),
            concat!("describe.on", "ly("),
        ],
        extensions: SCRIPT,
        what: "a test that hides the others",
        mend: RUN,
    },
];

const REGISTRY: &str = "the address of a package registry";
const UNTIE: &str = "leave it to the settings of the machine; for npm: omit-lockfile-registry-resolved=true in .npmrc";

const REGISTRIES: &[Trace] = &[
    Trace {
        texts: &[
            concat!("\"resolved\"", ": \"http"),
            concat!("registry", "=http"),
            concat!("sparse", "+http"),
            concat!("index.", "crates.io"),
            concat!("static.", "crates.io"),
            concat!("registry.", "npmjs.org"),
            concat!("pypi", ".org"),
            concat!("deb.", "debian.org"),
            concat!("repo1.", "maven.org"),
            concat!("proxy.", "golang.org"),
        ],
        extensions: &[],
        what: REGISTRY,
        mend: UNTIE,
    },
    Trace {
        texts: &[concat!("index", "-url"), concat!("replace", "-with")],
        extensions: &["toml", "txt", "cfg", "conf"],
        what: REGISTRY,
        mend: UNTIE,
    },
];

/// No marks of unfinished work and no tests switched off. Checksums of lock files may spell anything.
pub fn unfinished(workspace: &Workspace) -> Vec<Finding> {
    let files = workspace
        .files
        .iter()
        .filter(|file| !is_lock_file(&file.path));
    files
        .flat_map(|file| traces(file, UNFINISHED, stands_alone))
        .collect()
}

/// No folders of this machine and no registries.
pub fn machine(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &workspace.files {
        findings.extend(traces(file, REGISTRIES, |line, text| line.contains(text)));
        for (line, text) in numbered(&file.text) {
            if let Some(path) = workspace
                .machine_paths
                .iter()
                .find(|path| names_folder(text, path))
            {
                let what = format!("{path} is a folder of this machine");
                findings.push(Finding::new(
                    &file.path,
                    line,
                    what,
                    "use a path relative to the root of the project",
                ));
            }
        }
    }
    findings
}

fn traces(
    file: &SourceFile,
    traces: &'static [Trace],
    stands_in: fn(&str, &str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for trace in traces.iter().filter(|trace| concerns(trace, file)) {
        for (line, text) in numbered(&file.text) {
            if let Some(found) = trace.texts.iter().find(|banned| stands_in(text, banned)) {
                let what = format!("{}: `{found}`", trace.what);
                findings.push(Finding::new(&file.path, line, what, trace.mend));
            }
        }
    }
    findings
}

fn concerns(trace: &Trace, file: &SourceFile) -> bool {
    trace.extensions.is_empty() || trace.extensions.contains(&file.extension())
}

/// Whether the text stands in the line and is not part of a longer word.
fn stands_alone(line: &str, text: &str) -> bool {
    line.match_indices(text).any(|(at, _)| {
        let goes_back = text.starts_with(is_word) && line[..at].ends_with(is_word);
        let goes_on = text.ends_with(is_word) && line[at + text.len()..].starts_with(is_word);
        !goes_back && !goes_on
    })
}

/// Whether the line names this folder or something below it, and not a longer path that only ends or begins so.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let after = &line[at + folder.len()..];
        let goes_on = |c: char| is_word(c) || matches!(c, '.' | '-');
        let names_child = after
            .strip_prefix('/')
            .is_some_and(|child| child.starts_with(|c: char| is_word(c) || c == '.'));
        // `/root` alone is also a word of URLs and configurations; two levels are a place.
        let is_place = folder.matches('/').count() > 1 && !after.starts_with(goes_on);
        !line[..at].ends_with(|c: char| goes_on(c) || matches!(c, '}' | ')'))
            && (names_child || is_place)
    })
}

fn is_lock_file(path: &str) -> bool {
    path.ends_with("Cargo.lock") || path.ends_with("package-lock.json")
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn check_unfinished(path: &str, text: &str, expected: &[usize]) {
        let found = unfinished(&Workspace::of(&[(path, text)]));
        assert_eq!(
            found.iter().map(|finding| finding.line).collect::<Vec<_>>(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn marks_of_unfinished_work_are_found_as_whole_words() {
        check_unfinished("a.rs", concat!("fine\n// TO", "DO: later\n"), &[2]);
        check_unfinished("a.md", concat!("FIX", "ME\n"), &[1]);
        check_unfinished(
            "a.rs",
            concat!("const MASTO", "DON: u8 = 1;\nfn x() { todo", "!() }"),
            &[2],
        );
    }

    #[test]
    fn tests_that_do_not_run_are_found_in_their_own_language() {
        check_unfinished("a.rs", concat!("#[ig", "nore = \"slow\"]\n"), &[1]);
        check_unfinished(
            "a.spec.ts",
            concat!("test.sk", "ip('x')\nit.on", "ly('y')\n"),
            &[1, 2],
        );
        check_unfinished("a.rs", "bytes.iter().skip(1); limit.only(2)", &[]);
    }

    #[test]
    fn checksums_may_spell_anything() {
        check_unfinished(
            "dashboard/package-lock.json",
            concat!("\"sha512-a/TO", "DO/b\""),
            &[],
        );
    }

    fn check_machine(path: &str, text: &str, expected: &str) {
        let mut workspace = Workspace::of(&[(path, text)]);
        workspace.machine_paths = vec!["/build/tree".to_owned(), "/ann".to_owned()];
        assert_eq!(lines(machine(&workspace)), expected);
    }

    #[test]
    fn folders_of_this_machine_are_found() {
        check_machine(
            "a.rs",
            "open(\"/build/tree/data\")",
            "a.rs:1: /build/tree is a folder of this machine",
        );
        check_machine(
            "a.md",
            "\nin `/build/tree`.",
            "a.md:2: /build/tree is a folder of this machine",
        );
        check_machine(
            "a.sh",
            "cd /ann/.cargo",
            "a.sh:1: /ann is a folder of this machine",
        );
    }

    #[test]
    fn other_paths_that_look_alike_are_not() {
        check_machine(
            "a.rs",
            "\"/build/trees\", \"../build/tree\", \"x/build/tree\", \"/ann\", \"/ann/\"",
            "",
        );
    }

    #[test]
    fn registries_are_found_in_lock_files_too() {
        let lock = concat!("\"resolved\"", ": \"https://mirror.example/x.tgz\"");
        let found = lines(machine(&Workspace::of(&[(
            "dashboard/package-lock.json",
            lock,
        )])));
        assert!(
            found.starts_with("dashboard/package-lock.json:1: the address of a package registry"),
            "{found}"
        );
        let cargo = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(lines(machine(&Workspace::of(&[("Cargo.lock", cargo)]))), "");
    }
}
