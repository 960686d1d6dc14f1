//! `config`: the settings in force.

use crate::cli::{ConfigKind, ConfigOptions};
use crate::config::Config;
use crate::exit::Exit;

/// Prints or checks; reading them has checked them already, but not the files they name.
pub fn run(config: &Config, options: &ConfigOptions) -> anyhow::Result<Exit> {
    match options.what {
        ConfigKind::Show => println!("{}", serde_json::to_string_pretty(&config.shown())?),
        ConfigKind::Check => {
            config.enrichment()?;
            eprintln!("the configuration is sound");
        }
    }
    Ok(Exit::Done)
}
