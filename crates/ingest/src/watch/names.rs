//! Which names of a folder are files to take: patterns of the user, and what names say of files that are not finished.

use super::config::FolderSettings;

/// Endings of files that somebody is still writing or has set aside.
const UNFINISHED_ENDINGS: [&str; 10] = [
    "~",
    ".part",
    ".partial",
    ".filepart",
    ".tmp",
    ".temp",
    ".crdownload",
    ".swp",
    ".lock",
    REASON_ENDING,
];
/// Ending of the sentence beside a file that failed.
pub(super) const REASON_ENDING: &str = ".reason.txt";

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To be taken.
    Taken,
    /// Hidden or unfinished: it may get its real name later.
    Unfinished,
    /// Not included, or excluded.
    Ignored,
}

/// The patterns of a folder.
#[derive(Debug, Clone)]
pub(super) struct Names {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Names {
    pub(super) fn of(settings: &FolderSettings) -> Names {
        Names {
            include: settings.include.clone(),
            exclude: settings.exclude.clone(),
        }
    }

    pub(super) fn judge(&self, name: &str) -> Verdict {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, name));
        if is_unfinished(name) {
            Verdict::Unfinished
        } else if fits(&self.include) && !fits(&self.exclude) {
            Verdict::Taken
        } else {
            Verdict::Ignored
        }
    }
}

fn is_unfinished(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with(['.', '~', '#']) || UNFINISHED_ENDINGS.iter().any(|end| lower.ends_with(end))
}

/// `*` is any text, `?` any character. On a mismatch the last star takes one character more: linear but for that.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name, mut star) = (0, 0, None);
    while in_name < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[in_name] => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                (at, in_name) = (star_at + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name, fits) in [
            ("*", "orders.csv", true),
            ("*.csv", "orders.csv", true),
            ("*.csv", "orders.csv.gz", false),
            ("orders-????.csv", "orders-2026.csv", true),
            ("orders-????.csv", "orders-26.csv", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("", "a", false),
            ("é?", "éü", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn hidden_and_unfinished_names_are_never_taken() {
        let names = Names {
            include: vec!["*".to_owned()],
            exclude: vec!["*.log".to_owned()],
        };
        for name in [
            ".orders.csv",
            "orders.csv.part",
            "ORDERS.TMP",
            "orders.csv~",
            "#a#",
        ] {
            assert_eq!(names.judge(name), Verdict::Unfinished, "{name}");
        }
        assert_eq!(names.judge("orders.csv.reason.txt"), Verdict::Unfinished);
        assert_eq!(names.judge("web.log"), Verdict::Ignored);
        assert_eq!(names.judge("orders.csv"), Verdict::Taken);
        assert_eq!(names.judge("parts.csv"), Verdict::Taken);
    }
}
