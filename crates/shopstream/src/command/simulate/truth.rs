//! The truth as files: the sums as one JSON object, and in a folder the tables beside it, written as the run goes.

use anyhow::Context;
use simulator::{Delivery, Table};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Rows are written when so many bytes of them wait.
const WAITING_BYTES: usize = 1 << 20;

/// Whether this is a file for the sums alone.
pub fn is_one_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
}

/// Where the truth goes.
pub struct TruthFiles {
    sums: Option<PathBuf>,
    tables: Vec<(Table, BufWriter<File>)>,
}

impl TruthFiles {
    /// Opens the files that were named.
    pub fn create(path: Option<&Path>) -> anyhow::Result<TruthFiles> {
        let Some(path) = path else {
            return Ok(TruthFiles {
                sums: None,
                tables: Vec::new(),
            });
        };
        if is_one_file(path) {
            return Ok(TruthFiles {
                sums: Some(path.to_owned()),
                tables: Vec::new(),
            });
        }
        std::fs::create_dir_all(path).with_context(|| format!("create {}", path.display()))?;
        let table = |table: Table| {
            let path = path.join(format!("{}.csv", table.name()));
            let file = File::create(&path).with_context(|| format!("create {}", path.display()))?;
            anyhow::Ok((table, BufWriter::new(file)))
        };
        Ok(TruthFiles {
            sums: Some(path.join("truth.json")),
            tables: Table::ALL
                .into_iter()
                .map(table)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Writes rows when enough wait.
    pub fn take_rows(&mut self, delivery: &mut Delivery) -> anyhow::Result<()> {
        match delivery.ledger_mut() {
            Some(ledger) if ledger.waiting_bytes() >= WAITING_BYTES => self.write_rows(delivery),
            _ => Ok(()),
        }
    }

    /// Writes what is left, and the sums.
    pub fn finish(mut self, delivery: &mut Delivery) -> anyhow::Result<()> {
        self.write_rows(delivery)?;
        for (_, file) in &mut self.tables {
            file.flush().context("write the truth")?;
        }
        let Some(path) = &self.sums else {
            return Ok(());
        };
        let mut text = serde_json::to_vec_pretty(&delivery.to_json()).context("write the truth")?;
        text.push(b'\n');
        std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
    }

    fn write_rows(&mut self, delivery: &mut Delivery) -> anyhow::Result<()> {
        let Some(ledger) = delivery.ledger_mut() else {
            return Ok(());
        };
        for (table, file) in &mut self.tables {
            file.write_all(&ledger.take(*table))
                .context("write the truth")?;
        }
        Ok(())
    }
}
