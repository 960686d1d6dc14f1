//! Questions come in by a pipe and answers leave by one, so that whatever a question does to its process, the one that owns the
//! log goes on. One question at a time; who starts and ends the process is not known here.

use crate::answer::{Writer, column};
use crate::ask::Ask;
use crate::refusal::{Refusal, SqlState};
use crate::session::Session;
use crate::snapshot::Snapshot;
use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Handle;

/// An answer leaves in parts of so many bytes; one that has fewer is whole before any of it is sent.
const PART_BYTES: usize = 256 * 1024;
/// Of a question, and of a part.
const MESSAGE_BYTES_MAX: u32 = 64 << 20;

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// What is told of the answer: `columns`, `lake_version`, `tail_rows`.
    Head(Value),
    /// Bytes of the answer.
    Data(Vec<u8>),
    /// It ends here, and has so many rows.
    End(u64),
    /// It is not answered, or ends before its end.
    Refused(Refusal),
}

const HEAD: u8 = b'h';
const DATA: u8 = b'd';
const END: u8 = b'e';
const REFUSED: u8 = b'r';

/// Sends a question.
pub async fn write_ask(ask: &Ask, out: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let bytes = serde_json::to_vec(ask)?;
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    out.write_all(&length.to_le_bytes()).await?;
    out.write_all(&bytes).await?;
    out.flush().await
}

/// Reads a part of an answer; nothing where the process has ended.
pub async fn read_part(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Part>> {
    let mut head = [0; 5];
    match from.read_exact(&mut head).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let [kind, length @ ..] = head;
    let length = u32::from_le_bytes(length);
    if length > MESSAGE_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes).await?;
    Ok(Some(match kind {
        HEAD => Part::Head(serde_json::from_slice(&bytes)?),
        DATA => Part::Data(bytes),
        END => Part::End(serde_json::from_slice(&bytes)?),
        REFUSED => Part::Refused(serde_json::from_slice(&bytes)?),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    }))
}

/// Answers questions until no more come. Tasks must have large stacks: plans are trees that are walked down.
pub fn run(
    mut input: impl Read,
    output: impl Write + Send + 'static,
    tasks: &Handle,
) -> io::Result<()> {
    let out = Out(Arc::new(Mutex::new(Box::new(output))));
    while let Some(ask) = read_ask(&mut input)? {
        let longest = Duration::from_secs(ask.limits.seconds_max);
        let answering = tasks.spawn(answer(ask, out.clone()));
        // Waited for from outside of the task: one that never looks up from its work cannot end itself.
        let answered = tasks.block_on(async { tokio::time::timeout(longest, answering).await });
        let Ok(answered) = answered else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let refusal = match answered {
            Ok(Ok(())) => continue,
            Ok(Err(Failed::Refused(refusal))) => refusal,
            Ok(Err(Failed::Out(error))) => return Err(error),
            Err(panicked) => Refusal::new(
                SqlState::Internal,
                format!("the engine failed: {panicked}"),
                "this may be a defect of ours: report it with the statement",
            ),
        };
        out.send(REFUSED, &serde_json::to_vec(&refusal)?)?;
    }
    Ok(())
}

fn read_ask(input: &mut impl Read) -> io::Result<Option<Ask>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_le_bytes(length);
    if length > MESSAGE_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length as usize];
    input.read_exact(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Why an answer was not sent to its end.
enum Failed {
    Refused(Refusal),
    Out(io::Error),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Failed {
        Failed::Refused(refusal)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::Out(error)
    }
}

impl From<ArrowError> for Failed {
    fn from(error: ArrowError) -> Failed {
        match error {
            ArrowError::IoError(_, error) => Failed::Out(error),
            error => Failed::Refused(Session::refusal(&DataFusionError::from(error))),
        }
    }
}

async fn answer(ask: Ask, out: Out) -> Result<(), Failed> {
    let snapshot = Snapshot::open(&ask.lake, &ask.log_dir, &ask.judgement, &ask.zones).await?;
    let session = Session::new(snapshot, ask.store, &ask.limits)?;
    let mut answer = session.ask(&ask.sql).await?;
    let columns = answer.schema.fields().iter();
    let columns: Vec<Value> = columns
        .map(|field| column(field.name(), field.data_type()))
        .collect();
    let head = json!({
        "columns": columns,
        "lake_version": session.lake_version(),
        "tail_rows": session.tail_rows(),
        "timezone": "UTC",
    });
    let parts = Parts {
        out: out.clone(),
        head: Some(serde_json::to_vec(&head).map_err(io::Error::from)?),
        waiting: Vec::new(),
    };
    let parts = Arc::new(Mutex::new(parts));
    let mut writer = Writer::begin(
        ask.format,
        &answer.schema,
        &head,
        Shared(Arc::clone(&parts)),
    )?;
    let mut rows = 0;
    while let Some(batch) = answer.rows.next().await {
        let batch = batch.map_err(|error| Session::refusal(&error))?;
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
    }
    writer.end()?;
    lock(&parts).send()?;
    out.send(END, rows.to_string().as_bytes())?;
    Ok(())
}

/// The pipe.
#[derive(Clone)]
struct Out(Arc<Mutex<Box<dyn Write + Send>>>);

impl Out {
    fn send(&self, kind: u8, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut out = lock(&self.0);
        out.write_all(&[kind])?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(bytes)?;
        out.flush()
    }
}

/// Bytes that wait until there are enough of them.
struct Parts {
    out: Out,
    head: Option<Vec<u8>>,
    waiting: Vec<u8>,
}

impl Parts {
    fn send(&mut self) -> io::Result<()> {
        if let Some(head) = self.head.take() {
            self.out.send(HEAD, &head)?;
        }
        for part in self.waiting.chunks(PART_BYTES) {
            self.out.send(DATA, part)?;
        }
        self.waiting.clear();
        Ok(())
    }
}

struct Shared(Arc<Mutex<Parts>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut parts = lock(&self.0);
        parts.waiting.extend_from_slice(bytes);
        if parts.waiting.len() >= PART_BYTES {
            parts.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that panicked is not used again: its process answers with a refusal.
fn lock<T: ?Sized>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
