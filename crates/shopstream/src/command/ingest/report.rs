//! The closing table of an import, and what is to be said beside it.

use super::name_of;
use crate::cli::{Format, Ingest};
use crate::exit::Exit;
use crate::table;
use api::ImportSummary;
use std::path::Path;

/// What the import means for the exit code.
pub fn exit_of(summary: &ImportSummary) -> Exit {
    if summary.breach.is_some() {
        Exit::ProblemsFound
    } else {
        Exit::Done
    }
}

/// What is to be said on standard error, below the table.
pub fn remarks(path: &Path, summary: &ImportSummary) -> Vec<String> {
    let mut remarks = Vec::new();
    if summary.known_rows > 0 && summary.known_rows < summary.rows {
        remarks.push(format!(
            "rows 1 to {} had been read before; continued at row {}",
            table::thousands(summary.known_rows),
            table::thousands(summary.known_rows + 1)
        ));
    }
    if let Some(breach) = &summary.breach {
        remarks.push(format!("WARNING: {breach}"));
        remarks.push("  `shopstream quarantine list` shows what and why".to_owned());
    }
    let name = path.display();
    let next_row = table::thousands(summary.rows + 1);
    match summary.state.as_str() {
        "stopped" => remarks.push(format!(
            "stopped before row {next_row}: mend the file or the mapping; `shopstream ingest {name} --set quality.on_breach=warn` goes on there"
        )),
        "limited" => remarks.push(format!(
            "read as far as asked; `shopstream ingest {name}` goes on at row {next_row}"
        )),
        _ => {}
    }
    remarks
}

/// Prints the closing table.
pub fn print(path: &Path, summary: &ImportSummary, options: &Ingest) -> anyhow::Result<()> {
    if options.format == Format::Json {
        println!("{}", serde_json::to_string(summary)?);
        return Ok(());
    }
    let title = format!(
        "{}{}",
        name_of(path),
        if summary.check_only {
            " (checked, nothing stored)"
        } else {
            ""
        }
    );
    println!(
        "{}",
        table::render(&[title.as_str(), ""], &lines(summary), options.format)
    );
    Ok(())
}

/// The closing table.
fn lines(summary: &ImportSummary) -> Vec<Vec<String>> {
    let line = |name: String, value: String| vec![name, value];
    let count = |name: &str, number: u64| line(name.to_owned(), table::thousands(number));
    let counts = &summary.counts;
    let mut lines = vec![
        count("rows read", summary.rows),
        count("events received", counts.received),
        count("  accepted", counts.accepted),
        count("  duplicate (known already)", counts.duplicate),
        count("  quarantined", counts.quarantined),
    ];
    lines.extend(
        summary
            .quarantined_by_reason
            .iter()
            .map(|(reason, number)| count(&format!("    {reason}"), *number)),
    );
    lines.extend(
        summary
            .events_by_type
            .iter()
            .map(|(kind, number)| count(&format!("events of type {kind}"), *number)),
    );
    for money in &summary.money {
        lines.push(line(
            format!("money in, {}", money.currency),
            money.money_in.clone(),
        ));
        lines.push(line(
            format!("money out, {}", money.currency),
            money.money_out.clone(),
        ));
    }
    lines
}
