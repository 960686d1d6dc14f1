//! Where the lake lies: a folder of this machine, or a bucket of S3 or of a server that speaks like it. The same code
//! reads and writes both.

use crate::error::LakeError;
use crate::synced::SyncedFolder;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::{DynObjectStore, RetryConfig};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A request to a bucket is tried again for so long; whoever waits tries anew after that.
const RETRY_FOR: Duration = Duration::from_secs(60);

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Neither a folder nor a bucket.
    #[error("`{0}` is no place for a lake: name a folder or `s3://BUCKET/PREFIX`")]
    Unknown(String),
    /// A setting that no bucket has.
    #[error("`lake.storage.{0}` is no setting of a bucket; there are {1}")]
    Setting(String, String),
    /// The bucket's settings do not go together.
    #[error("the bucket of the lake cannot be used")]
    Bucket(#[source] object_store::Error),
}

/// A folder or a bucket, opened.
#[derive(Debug, Clone)]
pub struct Place {
    store: Arc<DynObjectStore>,
    root: Url,
    folder: Option<PathBuf>,
}

impl Place {
    /// A folder of this machine; it is made when something is written. Its path must be absolute.
    pub fn folder(path: PathBuf) -> Result<Place, PlaceError> {
        let unknown = || PlaceError::Unknown(path.display().to_string());
        Ok(Place {
            root: Url::from_directory_path(&path).map_err(|()| unknown())?,
            store: Arc::new(SyncedFolder::new()),
            folder: Some(path),
        })
    }

    /// `s3://BUCKET/PREFIX`. Settings have the names that tools of the trade use: `access_key_id`, `secret_access_key`, `region`,
    /// `endpoint`, `allow_http`…; what is not set comes from `AWS_…` in the environment.
    pub fn bucket(url: &str, settings: &BTreeMap<String, String>) -> Result<Place, PlaceError> {
        let mut root = Url::parse(url).map_err(|_| PlaceError::Unknown(url.to_owned()))?;
        if root.scheme() != "s3" || root.host_str().is_none() {
            return Err(PlaceError::Unknown(url.to_owned()));
        }
        if !root.path().ends_with('/') {
            root.set_path(&format!("{}/", root.path()));
        }
        let mut builder = AmazonS3Builder::from_env()
            .with_url(url)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_retry(RetryConfig {
                retry_timeout: RETRY_FOR,
                ..RetryConfig::default()
            });
        for (name, value) in settings {
            let key = setting(name)?;
            builder = builder.with_config(key, value);
        }
        let store = builder.build().map_err(PlaceError::Bucket)?;
        Ok(Place {
            store: Arc::new(store),
            root,
            folder: None,
        })
    }

    /// A place in either form of writing; a relative folder is below `within`.
    pub fn parse(
        text: &str,
        within: &std::path::Path,
        settings: &BTreeMap<String, String>,
    ) -> Result<Place, PlaceError> {
        match text.split_once("://") {
            Some(("s3", _)) => Place::bucket(text, settings),
            Some(_) => Err(PlaceError::Unknown(text.to_owned())),
            None => Place::folder(within.join(text)),
        }
    }

    /// The folder, where it is one.
    #[must_use]
    pub fn as_folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// Where a table of this name lies.
    pub(crate) fn table_url(&self, table: &str) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("{}{table}/", self.root.path()));
        url
    }

    /// Makes the folder of a table; a bucket needs none.
    pub(crate) async fn make_folder(&self, table: &str) -> std::io::Result<()> {
        match &self.folder {
            Some(folder) => tokio::fs::create_dir_all(folder.join(table)).await,
            None => Ok(()),
        }
    }

    /// What a table's library works with.
    pub(crate) fn log_store(&self, table: &str) -> Result<LogStoreRef, LakeError> {
        let url = self.table_url(table);
        let config = StorageConfig::default();
        let prefixed = config.decorate_store(Arc::clone(&self.store), &url);
        let prefixed = prefixed.map_err(|error| LakeError::of(table, error))?;
        let (prefixed, root) = (Arc::from(prefixed), Arc::clone(&self.store));
        Ok(default_logstore(prefixed, root, &url, &config))
    }
}

impl Display for Place {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match &self.folder {
            Some(folder) => Display::fmt(&folder.display(), formatter),
            None => Display::fmt(&self.root, formatter),
        }
    }
}

fn setting(name: &str) -> Result<AmazonS3ConfigKey, PlaceError> {
    const KNOWN: [&str; 8] = [
        "access_key_id",
        "secret_access_key",
        "session_token",
        "region",
        "endpoint",
        "allow_http",
        "virtual_hosted_style_request",
        "skip_signature",
    ];
    let key = KNOWN
        .contains(&name)
        .then(|| AmazonS3ConfigKey::from_str(name));
    match key {
        Some(Ok(key)) => Ok(key),
        _ => Err(PlaceError::Setting(name.to_owned(), KNOWN.join(", "))),
    }
}
