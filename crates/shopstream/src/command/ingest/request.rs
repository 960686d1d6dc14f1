//! What the user asks of an import: dialect, mapping and limit, a saved mapping put together with what is given beside it.

use super::{name_of, open};
use crate::cli::{Dialect, Ingest};
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::imports::ImportRequest;
use event::import::ImportSettings;
use ingest::file::{FileDialect, FileReader};
use ingest::mappings::{Mappings, SavedMapping, SavedMappingError};
use std::path::Path;

/// The options, with the mapping they come to.
pub struct Given<'o> {
    /// As typed.
    pub options: &'o Ingest,
    dialect: String,
    map: Vec<(String, String)>,
    map_type: Vec<(String, String)>,
    mapping: Option<String>,
}

impl<'o> Given<'o> {
    /// Reads the pairs and the saved mapping.
    pub fn read(config: &Config, options: &'o Ingest) -> Result<Given<'o>, Problem> {
        let mut given = Given {
            options,
            dialect: dialect_name(options.dialect).to_owned(),
            map: pairs("--map", &options.map)?,
            map_type: pairs("--map-type", &options.map_type)?,
            mapping: options.mapping.clone(),
        };
        if let Some(name) = &options.mapping {
            let saved = Mappings::of(&config.data_dir).get(name);
            given.take_in(saved.map_err(|error| explain_mapping(&error))?);
        }
        Ok(given)
    }

    /// What is given beside a saved mapping corrects it, column by column and field by field.
    fn take_in(&mut self, saved: SavedMapping) {
        if self.options.dialect == Dialect::Auto {
            self.dialect = saved.dialect;
        }
        self.map = corrected(saved.columns, std::mem::take(&mut self.map));
        let given: Vec<String> = self.map_type.iter().map(|(word, _)| word.clone()).collect();
        let kept = saved
            .types
            .into_iter()
            .filter(|(word, _)| !given.contains(word));
        self.map_type.extend(kept);
    }

    /// For one of the files.
    pub fn request(&self, path: &Path) -> ImportRequest {
        ImportRequest {
            name: name_of(path),
            store: self.options.store.clone(),
            dialect: self.dialect.clone(),
            map: self.map.clone(),
            map_type: self.map_type.clone(),
            mapping: self
                .mapping
                .clone()
                .or_else(|| self.options.save_mapping.clone()),
            rows_max: self.options.limit,
        }
    }
}

fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Auto => "auto",
        Dialect::Orders => "orders",
        Dialect::Events => "events",
        Dialect::Rees46 => "rees46",
        Dialect::EcommerceEvents => "ecommerce-events",
        Dialect::UserEvents => "user-events",
        Dialect::AccessLog => "access-log",
        Dialect::Json => "json",
        Dialect::Ga4 => "ga4",
        Dialect::Segment => "segment",
        Dialect::Snowplow => "snowplow",
    }
}

fn corrected(
    saved: impl IntoIterator<Item = (String, String)>,
    given: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let is_corrected = |(column, field): &(String, String)| {
        given
            .iter()
            .any(|(other, wish)| other == column || wish == field)
    };
    let mut map: Vec<_> = saved
        .into_iter()
        .filter(|pair| !is_corrected(pair))
        .collect();
    map.extend(given);
    map
}

/// Saves how the first file is read, if that is asked for.
pub fn save_mapping(config: &Config, given: &Given<'_>) -> anyhow::Result<()> {
    let (Some(name), Some(path)) = (&given.options.save_mapping, given.options.files.first())
    else {
        return Ok(());
    };
    if path == Path::new("-") {
        let mend = "save the mapping with a file first, then read standard input with --mapping";
        return Err(Problem::usage("a mapping cannot be saved from standard input", mend).into());
    }
    let options = given
        .request(path)
        .file_options(config, &config.enrichment()?)?;
    let reader = FileReader::open(open(path)?, options)
        .map_err(|error| Problem::failed(error.to_string(), error.hint))?;
    save_as(config, name, reader.settings(), reader.header())?;
    Ok(())
}

/// Saves a way of reading under a name.
pub fn save_as(
    config: &Config,
    name: &str,
    settings: &ImportSettings,
    header: Vec<String>,
) -> Result<(), Problem> {
    if header.is_empty() {
        return Err(Problem::usage(
            "only the columns of a table can be mapped, and this file has none",
            "leave --save-mapping out",
        ));
    }
    let dialect = FileDialect::of_label(&settings.dialect).map_or("auto", FileDialect::name);
    let mapping = SavedMapping {
        name: name.to_owned(),
        dialect: dialect.to_owned(),
        columns: settings.columns.iter().cloned().collect(),
        types: settings.types.iter().cloned().collect(),
        header,
    };
    (Mappings::of(&config.data_dir).save(&mapping)).map_err(|error| explain_mapping(&error))?;
    eprintln!("saved the mapping {name}: use it with --mapping {name}");
    Ok(())
}

/// A saved mapping that is not there or not sound.
pub fn explain_mapping(error: &SavedMappingError) -> Problem {
    let exit = match error {
        SavedMappingError::Name(_) | SavedMappingError::Unknown { .. } => Exit::Usage,
        SavedMappingError::Disk { .. } | SavedMappingError::Content { .. } => Exit::Failed,
    };
    let cause =
        std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    Problem {
        what: format!("{error}{cause}"),
        mend: error.hint(),
        exit,
    }
}

fn pairs(option: &str, written: &[String]) -> Result<Vec<(String, String)>, Problem> {
    let split = |pair: &String| {
        let (left, right) = pair.split_once('=').ok_or_else(|| {
            Problem::usage(
                format!("{option} {pair} has no `=`"),
                format!("write it as {option} left=right; several with commas"),
            )
        })?;
        Ok((left.trim().to_owned(), right.trim().to_owned()))
    };
    written
        .iter()
        .filter(|pair| !pair.trim().is_empty())
        .map(split)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(left, right)| ((*left).to_owned(), (*right).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_given_corrects_a_saved_mapping_by_column_and_by_field() {
        let saved = owned(&[("A", "order_id"), ("B", "unit_price"), ("C", "quantity")]);
        let given = owned(&[("A", "customer_id"), ("D", "unit_price")]);
        assert_eq!(
            corrected(saved, given),
            owned(&[("C", "quantity"), ("A", "customer_id"), ("D", "unit_price")])
        );
    }
}
