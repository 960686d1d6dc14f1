//! The audit law, added up here again from the figures of an answer: what the server says of itself is not enough.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A figure of the audit.
pub fn figure(audit: &Value, name: &str) -> Result<u64> {
    audit[name]
        .as_u64()
        .with_context(|| format!("no {name} in {audit}"))
}

/// Both sums add up, by its own word and by ours.
pub fn check(audit: &Value) -> Result<()> {
    let of = |name| figure(audit, name);
    let received = of("accepted")? + of("duplicate")? + of("quarantined")?;
    let accepted = of("counted")? + of("late")? + of("retracted")? + of("in_flight")?;
    let holds = of("received")? == received && of("accepted")? == accepted;
    ensure!(
        holds && audit["law_holds"] == true,
        "the law does not hold: {audit}"
    );
    Ok(())
}
