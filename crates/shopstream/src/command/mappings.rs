//! `mappings`: the saved ways to read a file.

use crate::cli::{Format, MappingsKind, MappingsOptions};
use crate::config::Config;
use crate::exit::Exit;
use crate::imports::explain_mapping;
use crate::table;
use ingest::mappings::{Mappings, SavedMapping};
use serde_json::json;

/// Lists, shows, removes.
pub fn run(config: &Config, options: &MappingsOptions) -> anyhow::Result<Exit> {
    let mappings = Mappings::of(&config.data_dir);
    match &options.what {
        MappingsKind::List => {
            let saved = mappings.list().map_err(|error| explain_mapping(&error))?;
            list(&saved, options.format)?;
        }
        MappingsKind::Show { name } => {
            let saved = mappings
                .get(name)
                .map_err(|error| explain_mapping(&error))?;
            show(&saved, options.format)?;
        }
        MappingsKind::Remove { name } => {
            mappings
                .remove(name)
                .map_err(|error| explain_mapping(&error))?;
            eprintln!("removed the mapping {name}; files read by it stay as they are");
        }
    }
    Ok(Exit::Done)
}

fn list(saved: &[SavedMapping], format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let all: Vec<_> = (saved.iter())
            .map(|mapping| json!({ "name": mapping.name, "mapping": mapping }))
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let row = |mapping: &SavedMapping| {
        vec![
            mapping.name.clone(),
            mapping.dialect.clone(),
            mapping.columns.len().to_string(),
            mapping.header.join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = saved.iter().map(row).collect();
    println!(
        "{}",
        table::render(
            &["name", "dialect", "columns mapped", "header"],
            &rows,
            format
        )
    );
    if saved.is_empty() {
        eprintln!(
            "none is saved yet: `shopstream ingest FILE --map COLUMN=FIELD --save-mapping NAME`"
        );
    }
    Ok(())
}

fn show(saved: &SavedMapping, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        println!("{}", serde_json::to_string_pretty(saved)?);
        return Ok(());
    }
    let mut rows: Vec<Vec<String>> = (saved.header.iter())
        .map(|column| {
            let field = saved
                .columns
                .get(column)
                .map_or("kept as it is", String::as_str);
            vec![column.clone(), field.to_owned()]
        })
        .collect();
    let elsewhere = saved
        .columns
        .iter()
        .filter(|(column, _)| !saved.header.contains(column));
    rows.extend(elsewhere.map(|(column, field)| vec![column.clone(), field.clone()]));
    println!("{}", table::render(&["column", "field"], &rows, format));
    if !saved.types.is_empty() {
        let rows: Vec<Vec<String>> = (saved.types.iter())
            .map(|(word, kind)| vec![word.clone(), kind.clone()])
            .collect();
        println!("\n{}", table::render(&["word", "type"], &rows, format));
    }
    Ok(())
}
