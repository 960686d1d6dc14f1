//! `DATA/server.json`: where the server that owns a data directory listens, so that commands of the same user find it.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a running server writes down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerFile {
    /// Its process.
    pub pid: u32,
    /// Its API.
    pub api: String,
    /// The file that holds its admin key.
    pub key_file: PathBuf,
}

/// Removes the file when the server ends, unless another server has written its own meanwhile.
pub struct Written {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Drop for Written {
    fn drop(&mut self) {
        if std::fs::read(&self.path).is_ok_and(|bytes| bytes == self.bytes) {
            // If it stays, the next reader sees that nobody listens there.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("server.json")
}

impl ServerFile {
    /// Writes it, until the answer is dropped.
    pub fn write(&self, data_dir: &Path) -> anyhow::Result<Written> {
        let (path, bytes) = (path(data_dir), serde_json::to_vec(self)?);
        std::fs::write(&path, &bytes)?;
        Ok(Written { path, bytes })
    }

    /// The server of this data directory, if one answers.
    pub async fn find(data_dir: &Path, client: &reqwest::Client) -> Option<ServerFile> {
        let bytes = std::fs::read(path(data_dir)).ok()?;
        let file: ServerFile = serde_json::from_slice(&bytes).ok()?;
        let answer = client
            .get(format!("{}/health/live", file.api))
            .send()
            .await
            .ok()?;
        answer.status().is_success().then_some(file)
    }
}
