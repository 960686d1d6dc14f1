//! What a server says when it is ready: a few lines for a person, one JSON line for a program.

use crate::config::Config;
use api::KeyRing;
use eventlog::LogRecovered;
use std::io::{IsTerminal, Write};

/// A server that is ready.
pub struct Banner<'a> {
    /// The command that started it.
    pub command: &'static str,
    /// Its address.
    pub api: String,
    /// Its settings.
    pub config: &'a Config,
    /// Its keys.
    pub keys: &'a KeyRing,
}

impl Banner<'_> {
    /// Prints, and opens a browser for a demo on a desktop. A server whose output nobody reads serves all the same.
    pub fn print(&self, recovered: &LogRecovered) {
        let mut out = std::io::stdout().lock();
        let said = if out.is_terminal() {
            write!(out, "{}", self.for_a_person(recovered))
        } else {
            writeln!(out, "{}", self.for_a_program())
        }
        .and_then(|()| out.flush());
        if let Err(error) = said {
            tracing::warn!(api = self.api, %error, "nobody reads that the server is ready");
        }
    }

    fn login_url(&self) -> String {
        format!("{}/login?token={}", self.api, self.keys.login_token())
    }

    fn for_a_program(&self) -> serde_json::Value {
        serde_json::json!({
            "ready": true,
            "api": self.api,
            "data_dir": self.config.data_dir,
            "key_file": self.keys.admin_key_file(),
        })
    }

    fn for_a_person(&self, recovered: &LogRecovered) -> String {
        let login = self.login_url();
        let is_demo = self.command == "demo";
        if is_demo {
            open_browser(&login);
        }
        let next = if is_demo {
            "Ctrl-C stops. Your own file:  shopstream ingest orders.csv --data-dir data".to_owned()
        } else {
            format!(
                "Next:  shopstream ingest orders.csv --data-dir {}",
                self.config.data_dir.display()
            )
        };
        let cut = if recovered.cut_bytes > 0 {
            format!(
                "  Recovered  {} bytes of an unfinished write were cut; nothing acknowledged was in them\n",
                recovered.cut_bytes
            )
        } else {
            String::new()
        };
        format!(
            "\n  shopstream is running\n\n  Dashboard  {login}\n             (the link works once; after that the page remembers you)\n  API        {api}/api/v1\n  Key        {key}\n  Data       {data}\n{cut}\n  {next}\n\n",
            api = self.api,
            key = self.keys.admin_key_file().display(),
            data = self.config.data_dir.display(),
        )
    }
}

/// Opens the page where there is a desktop; where there is none, the printed link serves.
fn open_browser(url: &str) {
    let has_desktop = std::env::var_os("DISPLAY").is_some()
        || std::env::var_os("WAYLAND_DISPLAY").is_some()
        || cfg!(target_os = "macos");
    if !has_desktop {
        return;
    }
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let quiet = std::process::Stdio::null;
    let _ = std::process::Command::new(opener)
        .arg(url)
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .spawn();
}
