//! How the counter is set up: where it listens and what it allows. Plain data, read once by the binary.

use serde::{Deserialize, Serialize};

/// Settings of the HTTP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiConfig {
    /// Address and port; port 0 takes any free one.
    pub listen: String,
    /// Further names this server may be called by; on loopback `localhost` and the loopback addresses always are.
    pub allowed_hosts: Vec<String>,
    /// Who encrypts; needed for any address that others can reach.
    pub tls: Tls,
    /// Listens on a public address without TLS all the same.
    pub insecure: bool,
    /// Largest body of a request, as sent.
    pub body_bytes_max: usize,
    /// Largest body after decompression.
    pub decompressed_bytes_max: usize,
    /// How many times larger a body may become by decompression.
    pub decompression_ratio_max: usize,
    /// A request's head must arrive within this time; an idle connection is closed after it too.
    pub header_deadline_s: u64,
    /// A body may pause this long.
    pub body_idle_s: u64,
    /// The body of an import may pause this long: it may come from somebody's pipe.
    pub import_idle_s: u64,
    /// Connections at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// Readers of `/api/v1/stream` at once.
    pub stream_readers_max: usize,
    /// Queries worked on at once; further ones wait.
    pub query_slots: usize,
    /// Imports at once.
    pub import_slots: usize,
    /// A delta of the stream follows the one before after this time at the earliest.
    pub stream_interval_ms: u64,
    /// A quiet stream says that it lives this often.
    pub heartbeat_s: u64,
}

/// Who encrypts the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Nobody: for loopback.
    #[default]
    Off,
    /// A proxy before this server; cookies are marked `Secure`.
    TerminatedByProxy,
}

impl Default for ApiConfig {
    fn default() -> Self {
        ApiConfig {
            listen: "127.0.0.1:8000".to_owned(),
            allowed_hosts: Vec::new(),
            tls: Tls::Off,
            insecure: false,
            body_bytes_max: 5 << 20,
            decompressed_bytes_max: 20 << 20,
            decompression_ratio_max: 100,
            header_deadline_s: 10,
            body_idle_s: 10,
            import_idle_s: 300,
            connections_max: 2_048,
            stream_readers_max: 1_000,
            query_slots: 4,
            import_slots: 2,
            stream_interval_ms: 250,
            heartbeat_s: 10,
        }
    }
}
