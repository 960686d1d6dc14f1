//! Keys that are there before a server starts: each is a source of its own.
//! They are written as the server keeps them, name and hash, because no command makes keys yet.

use crate::server::Program;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

impl Program {
    /// Adds keys of these names that may send events; their secrets. Before the first start.
    pub fn add_keys(&self, names: &[String]) -> Result<Vec<String>> {
        let dir = self.data_dir().join("keys");
        fs::create_dir_all(&dir).context("make the folder of keys")?;
        fs::set_permissions(&dir, Permissions::from_mode(0o700)).context("keep it private")?;
        let path = dir.join("keys.json");
        let keys: Vec<Value> = names.iter().map(|name| stored(name)).collect();
        fs::write(&path, json!({ "keys": keys }).to_string()).context("write keys")?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).context("keep them private")?;
        Ok(names.iter().map(|name| secret(name)).collect())
    }
}

/// No secret at all, but the server only knows its hash.
fn secret(name: &str) -> String {
    format!("ss_ingest_{name}")
}

fn stored(name: &str) -> Value {
    let sha256: String = (Sha256::digest(secret(name)).iter())
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "id": name,
        "name": name,
        "scopes": ["ingest"],
        "store": null,
        "sha256": sha256,
        "created": "2026-01-01T00:00:00Z",
    })
}
