//! Where lines go: one file, a folder of files of so many lines each, standard output, or nowhere.
//! Files of a folder are written under another name and renamed when they are whole, so that a watcher never sees half.

use crate::cli::{Simulate, Target};
use anyhow::Context;
use simulator::Format;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The place of a run's lines.
pub struct Output {
    place: Place,
    bytes: u64,
}

enum Place {
    One(Box<dyn Write>),
    Files(Files),
    Nowhere,
}

impl Output {
    /// Opens the place that was named.
    pub fn create(target: Target, options: &Simulate, format: Format) -> anyhow::Result<Output> {
        let place = match (target, &options.out, &options.out_dir) {
            (Target::Null, _, _) => Place::Nowhere,
            (Target::File, Some(path), _) => Place::One(Box::new(create(path)?)),
            (Target::File, None, Some(dir)) => Place::Files(Files::create(dir, options, format)?),
            _ => Place::One(Box::new(BufWriter::new(std::io::stdout()))),
        };
        let mut output = Output { place, bytes: 0 };
        if let Place::One(_) = output.place {
            output.write(format.header().as_bytes())?;
        }
        Ok(output)
    }

    /// Writes whole lines; false when the reader has seen enough.
    pub fn write(&mut self, lines: &[u8]) -> anyhow::Result<bool> {
        self.bytes += lines.len() as u64;
        match &mut self.place {
            Place::Nowhere => Ok(true),
            Place::One(out) => match out.write_all(lines) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
                written => written.context("write events").map(|()| true),
            },
            Place::Files(files) => files.write(lines).map(|()| true),
        }
    }

    /// Hands the last bytes over.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        match &mut self.place {
            Place::Nowhere => Ok(()),
            Place::One(out) => match out.flush() {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                flushed => flushed.context("write events"),
            },
            Place::Files(files) => files.close(),
        }
    }

    /// Bytes written, headers included.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where they went, for a sentence; none where the lines themselves are on the screen.
    pub fn place(&self) -> Option<String> {
        match &self.place {
            Place::Nowhere => Some("to nowhere".to_owned()),
            Place::One(_) => None,
            Place::Files(files) => Some(format!("in {} files", files.count)),
        }
    }
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
    Ok(BufWriter::new(file))
}

/// A folder of files.
struct Files {
    dir: PathBuf,
    format: Format,
    lines_max: u64,
    count: u64,
    open: Option<Open>,
}

struct Open {
    file: BufWriter<File>,
    unfinished: PathBuf,
    finished: PathBuf,
    lines: u64,
}

impl Files {
    fn create(dir: &Path, options: &Simulate, format: Format) -> anyhow::Result<Files> {
        std::fs::create_dir_all(dir).with_context(|| format!("create {}", dir.display()))?;
        Ok(Files {
            dir: dir.to_owned(),
            format,
            lines_max: options.batch_size.max(1),
            count: 0,
            open: None,
        })
    }

    fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => self.next()?,
            };
            open.file.write_all(line).context("write events")?;
            open.lines += 1;
            let is_full = open.lines == self.lines_max;
            self.open = Some(open);
            if is_full {
                self.close()?;
            }
        }
        Ok(())
    }

    fn next(&mut self) -> anyhow::Result<Open> {
        self.count += 1;
        let name = format!("events-{:06}.{}", self.count, self.format.extension());
        let unfinished = self.dir.join(format!(".{name}.part"));
        let mut file = create(&unfinished)?;
        file.write_all(self.format.header().as_bytes())
            .context("write events")?;
        Ok(Open {
            file,
            unfinished,
            finished: self.dir.join(name),
            lines: 0,
        })
    }

    fn close(&mut self) -> anyhow::Result<()> {
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        open.file.flush().context("write events")?;
        std::fs::rename(&open.unfinished, &open.finished)
            .with_context(|| format!("name {}", open.finished.display()))
    }
}
