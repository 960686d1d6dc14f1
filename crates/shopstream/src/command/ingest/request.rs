//! What the user asks of an import: dialect, mapping and limit, a saved mapping put together with what is given beside it.

use super::{name_of, open};
use crate::cli::{Dialect, Ingest};
use crate::config::Config;
use crate::exit::Problem;
use crate::imports::{ImportRequest, explain_mapping};
use event::import::ImportSettings;
use ingest::file::{FileDialect, FileReader};
use ingest::mappings::{Mappings, SavedMapping};
use std::path::Path;

/// The options, with the mapping they come to.
pub struct Given<'o> {
    /// As typed.
    pub options: &'o Ingest,
    asked: ImportRequest,
}

impl<'o> Given<'o> {
    /// Reads the pairs and the saved mapping.
    pub fn read(config: &Config, options: &'o Ingest) -> Result<Given<'o>, Problem> {
        let mut asked = ImportRequest {
            store: options.store.clone(),
            dialect: dialect_name(options.dialect).to_owned(),
            map: pairs("--map", &options.map)?,
            map_type: pairs("--map-type", &options.map_type)?,
            mapping: options.save_mapping.clone(),
            rows_max: options.limit,
            sheet: options.sheet.clone(),
            ..ImportRequest::default()
        };
        if let Some(name) = &options.mapping {
            let saved = Mappings::of(&config.data_dir).get(name);
            asked.take_in(saved.map_err(|error| explain_mapping(&error))?);
        }
        Ok(Given { options, asked })
    }

    /// For one of the files.
    pub fn request(&self, path: &Path) -> ImportRequest {
        ImportRequest {
            name: name_of(path),
            ..self.asked.clone()
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
