//! `bench`: figures of this machine. Each prints what it measured and whether the answers were right.

mod latency;
mod machine;
mod start;
mod w;

use crate::cli::{Bench, BenchKind, Format};
use crate::config::Config;
use crate::exit::Exit;
use crate::table;
use serde_json::{Map, Value};

/// Runs one benchmark; exit 3 where an answer is wrong.
pub fn run(config: &Config, options: &Bench) -> anyhow::Result<Exit> {
    let (figures, format) = match &options.what {
        BenchKind::W(options) => (w::run(config, options)?, options.format),
        BenchKind::Start(options) => (start::run(config)?, options.format),
        BenchKind::Latency(options) => (latency::run(config, options)?, options.format),
    };
    print(&figures, format);
    let is_right = figures.get("answers_right") != Some(&Value::Bool(false));
    Ok(if is_right {
        Exit::Done
    } else {
        Exit::ProblemsFound
    })
}

fn print(figures: &Map<String, Value>, format: Format) {
    if format == Format::Json {
        println!("{}", Value::from(figures.clone()));
        return;
    }
    let rows: Vec<Vec<String>> = figures
        .iter()
        .map(|(name, value)| vec![name.clone(), value.to_string()])
        .collect();
    println!("{}", table::render(&["figure", "value"], &rows, format));
}

/// A number rounded for people: three digits after the point.
fn rounded(number: f64) -> Value {
    Value::from((number * 1_000.0).round() / 1_000.0)
}
