//! Why a file cannot be read, sorted by who can mend it, each with a sentence for the terminal.

use event::dialect::table::{MappingError, TooManyOrders};
use std::io;
use std::path::Path;

/// What the user does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRemedy {
    /// Name another file, or give this one's permissions.
    OtherFile,
    /// The file itself is damaged or has nothing to read: get it again, or mend it.
    MendFile,
    /// Say how the file is to be read.
    SayHow,
}

/// A file that cannot be read, or not to its end. What was read before stays read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {file}: {what}")]
pub struct FileError {
    /// What the user does next.
    pub remedy: FileRemedy,
    /// The file's name.
    pub file: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: String,
    /// What the system said, if it did.
    #[source]
    pub cause: Option<io::Error>,
}

/// What is wrong with a file, said by who noticed it while reading, on its way through `std::io`.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct Explained {
    what: String,
    hint: String,
}

impl Explained {
    pub(super) fn error(what: &str, hint: &str) -> io::Error {
        io::Error::other(Explained {
            what: what.to_owned(),
            hint: hint.to_owned(),
        })
    }

    fn of(error: &io::Error) -> Option<&Explained> {
        error.get_ref()?.downcast_ref()
    }
}

impl FileError {
    fn new(
        remedy: FileRemedy,
        file: &str,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> FileError {
        FileError {
            remedy,
            file: file.to_owned(),
            what: what.into(),
            hint: hint.into(),
            cause: None,
        }
    }

    pub(super) fn open(path: &Path, cause: io::Error) -> FileError {
        let hint = match cause.kind() {
            io::ErrorKind::NotFound => {
                "check the path; it is looked up from the directory the command runs in"
            }
            io::ErrorKind::PermissionDenied => {
                "make it readable for this user, or run as one who may read it"
            }
            _ => "check the path and the disk it lies on",
        };
        let what = match cause.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
            _ => cause.to_string(),
        };
        FileError {
            cause: Some(cause),
            ..FileError::new(
                FileRemedy::OtherFile,
                &path.display().to_string(),
                what,
                hint,
            )
        }
    }

    pub(super) fn directory(path: &Path) -> FileError {
        let hint = "name the files in it, such as DIR/*.csv";
        FileError::new(
            FileRemedy::OtherFile,
            &path.display().to_string(),
            "it is a directory",
            hint,
        )
    }

    pub(super) fn empty(file: &str) -> FileError {
        FileError::new(
            FileRemedy::MendFile,
            file,
            "it is empty",
            "export it again, or name another file",
        )
    }

    pub(super) fn binary(file: &str) -> FileError {
        let hint = "a CSV, JSON, XLSX or access log is needed, plain, gzip or zstd";
        FileError::new(FileRemedy::OtherFile, file, "it is no text", hint)
    }

    pub(super) fn mapped_json(file: &str) -> FileError {
        let hint = "leave --map and --map-type out, or say --dialect events if it is a CSV";
        FileError::new(
            FileRemedy::SayHow,
            file,
            "only the columns of a CSV can be mapped, and this is JSON",
            hint,
        )
    }

    /// A read that failed in the middle: packed bytes that end early or do not unpack, or a disk that does not answer.
    pub(super) fn read(file: &str, packed: bool, rows: u64, cause: io::Error) -> FileError {
        if let Some(explained) = Explained::of(&cause) {
            let what = match rows {
                0 => explained.what.clone(),
                rows => format!("{}, after {rows} rows", explained.what),
            };
            return FileError::new(FileRemedy::MendFile, file, what, explained.hint.clone());
        }
        let (what, hint) = if packed {
            let what = match cause.kind() {
                io::ErrorKind::UnexpectedEof => {
                    format!("the packed file ends too early, after {rows} rows")
                }
                _ => format!("the packed file is damaged after {rows} rows"),
            };
            (
                what,
                "get the file again and repeat the import: rows that came in already are not counted twice",
            )
        } else {
            (
                format!("reading stopped after {rows} rows"),
                "repeat the import: rows that came in already are not counted twice",
            )
        };
        FileError {
            cause: Some(cause),
            ..FileError::new(FileRemedy::MendFile, file, what, hint)
        }
    }

    pub(super) fn mapping(file: &str, error: &MappingError) -> FileError {
        let remedy = match error {
            MappingError::NoHeader
            | MappingError::HeaderIsData(_)
            | MappingError::HeaderTwice(_) => FileRemedy::MendFile,
            _ => FileRemedy::SayHow,
        };
        FileError::new(remedy, file, error.to_string(), error.hint())
    }

    /// A saved mapping that was made for such a file is the likeliest way out.
    pub(super) fn with_offer(self, mapping: Option<&str>) -> FileError {
        let Some(name) = mapping else { return self };
        FileError {
            hint: format!("the saved mapping {name} was made for these columns: --mapping {name}"),
            ..self
        }
    }

    pub(super) fn too_many_orders(file: &str, error: TooManyOrders) -> FileError {
        FileError::new(
            FileRemedy::MendFile,
            file,
            error.to_string(),
            "split it into smaller files, such as one a year",
        )
    }
}
