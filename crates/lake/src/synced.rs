//! A folder in which a file is there only when all of it is on the disk: written beside, synced, then given its name. The
//! local store of the library does not sync, and a power cut could leave an empty file under a name that counts.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    Result, UploadPart,
};
use std::fmt::{Display, Formatter};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct SyncedFolder {
    inner: Arc<LocalFileSystem>,
}

impl SyncedFolder {
    /// The whole machine's files; tables have paths from the root on.
    pub(crate) fn new() -> SyncedFolder {
        SyncedFolder {
            inner: Arc::new(LocalFileSystem::new()),
        }
    }

    /// Writes everything beside its place and gives it its name once it is on the disk.
    async fn put_whole(&self, location: &Path, payload: &PutPayload, mode: PutMode) -> Result<()> {
        let path = self.inner.path_to_filesystem(location)?;
        let folder = folder_of(&path);
        let written = write_beside(&path, payload).await;
        let staged = written.map_err(|error| failed(&path, error))?;
        let named = match mode {
            PutMode::Create => match tokio::fs::hard_link(&staged, &path).await {
                Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
                    Err(Error::AlreadyExists {
                        path: path.display().to_string(),
                        source: source.into(),
                    })
                }
                linked => linked.map_err(|error| failed(&path, error)),
            },
            _ => {
                let renamed = tokio::fs::rename(&staged, &path).await;
                return match renamed {
                    Ok(()) => sync_folder(&folder).await,
                    Err(error) => Err(failed(&path, error)),
                };
            }
        };
        // What stays behind under another name counts for nothing.
        let _ = tokio::fs::remove_file(&staged).await;
        named?;
        sync_folder(&folder).await
    }
}

fn folder_of(path: &std::path::Path) -> PathBuf {
    path.parent().map(PathBuf::from).unwrap_or_default()
}

fn failed(path: &std::path::Path, source: std::io::Error) -> Error {
    Error::Generic {
        store: "folder",
        source: format!("{}: {source}", path.display()).into(),
    }
}

async fn write_beside(
    path: &std::path::Path,
    payload: &PutPayload,
) -> std::result::Result<PathBuf, std::io::Error> {
    let mut staged = path.as_os_str().to_owned();
    staged.push(format!("#{}", uuid::Uuid::new_v4().simple()));
    let staged = PathBuf::from(staged);
    let folder = folder_of(path);
    if !folder.exists() {
        make_folder(&folder).await?;
    }
    let mut file = (OpenOptions::new().write(true).create_new(true))
        .open(&staged)
        .await?;
    for part in payload {
        file.write_all(part).await?;
    }
    file.sync_all().await?;
    Ok(staged)
}

/// Makes a folder and those above it, each known to the one above.
async fn make_folder(folder: &std::path::Path) -> std::result::Result<(), std::io::Error> {
    let missing: Vec<&std::path::Path> = (folder.ancestors())
        .take_while(|folder| !folder.exists())
        .collect();
    tokio::fs::create_dir_all(folder).await?;
    for made in missing.iter().rev() {
        File::open(folder_of(made)).await?.sync_all().await?;
    }
    Ok(())
}

async fn sync_folder(folder: &std::path::Path) -> Result<()> {
    let synced = async { File::open(folder).await?.sync_all().await };
    synced.await.map_err(|error| failed(folder, error))
}

impl Display for SyncedFolder {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        Display::fmt(&self.inner, formatter)
    }
}

#[async_trait]
impl ObjectStore for SyncedFolder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        if matches!(opts.mode, PutMode::Update(_)) {
            return self.inner.put_opts(location, payload, opts).await;
        }
        self.put_whole(location, &payload, opts.mode).await?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let path = self.inner.path_to_filesystem(location)?;
        make_folder(&folder_of(&path))
            .await
            .map_err(|error| failed(&path, error))?;
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(SyncedUpload { inner, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}

/// An upload in parts; its file may be cut by a power cut until it is complete, and nobody names it before.
#[derive(Debug)]
struct SyncedUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for SyncedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let put = self.inner.complete().await?;
        let synced = async { File::open(&self.path).await?.sync_all().await };
        synced.await.map_err(|error| failed(&self.path, error))?;
        sync_folder(&folder_of(&self.path)).await?;
        Ok(put)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
