//! The API's doors, opened onto `ingest`: the counter knows requests and replies, the door knows the log.

use crate::config::{Config, DurabilitySetting};
use crate::exit::Problem;
use crate::imports::{ImportRequest, ImportRun, KnownRepeats, Listener, run_import};
use crate::replays::{self, kept_event, quarantine_problem};
use crate::wiring::Core;
use api::{
    DoorProblem, DoorRequest, EventDoor, ImportProblem, ImportProgress, ImportRemedy,
    ImportSummary, ItemOutcome, ItemResult, KeptEvent, Receipt, Refused, ReplayRequest,
    ReplaySummary, Upload,
};
use event::act::ActNote;
use event::import::{ImportKey, QuarantineId};
use eventlog::{EventLog, Remedy};
use ingest::{Dedupe, Door, Enrichment, ImportError, Outcome, Request, quarantine};
use live::LiveTables;
use parking_lot::Mutex;
use runtime::Clock;
use std::pin::Pin;
use std::sync::Arc;
use stream::StreamHandle;

/// Results listed one by one in a reply; of a larger request only what was not accepted.
const RESULTS_LISTED_MAX: usize = 1_000;

/// The doors of one server.
pub struct Doors {
    door: Door,
    log: Arc<EventLog>,
    live: LiveTables,
    stream: StreamHandle,
    enrichment: Enrichment,
    config: Config,
    clock: Clock,
    /// The runtime on which a blocking import waits for results.
    handle: tokio::runtime::Handle,
    /// Held by the replay that is at work.
    replaying: Mutex<()>,
    /// Sources of the imports that are at work.
    active: Arc<Mutex<Vec<String>>>,
}

impl Doors {
    /// The doors of this core.
    pub fn new(core: &Core, config: &Config, clock: Clock) -> Doors {
        Doors {
            door: core.door.clone(),
            log: Arc::clone(&core.log),
            live: core.live.clone(),
            stream: core.stream.clone(),
            enrichment: core.enrichment.clone(),
            config: config.clone(),
            clock,
            handle: tokio::runtime::Handle::current(),
            replaying: Mutex::new(()),
            active: Arc::default(),
        }
    }

    fn wait_until_counted(&self) {
        self.handle
            .block_on(self.stream.wait_published(self.log.end_position().frame));
    }
}

impl EventDoor for Doors {
    fn submit(
        &self,
        request: DoorRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Refused>> + Send>> {
        let door = self.door.clone();
        let durability = match self.config.log.durability {
            DurabilitySetting::Durable => "durable",
            DurabilitySetting::Buffered => "buffered",
        };
        let DoorRequest {
            source,
            body,
            idempotency_key,
        } = request;
        Box::pin(async move {
            let receipt = door
                .submit(Request {
                    source,
                    body,
                    idempotency_key,
                })
                .await;
            receipt
                .map(|receipt| reply(receipt, durability))
                .map_err(refusal)
        })
    }

    fn import(
        &self,
        upload: Upload,
        progress: Box<dyn FnMut(ImportProgress) + Send>,
    ) -> Result<ImportSummary, ImportProblem> {
        let Upload {
            name,
            store,
            dialect,
            map,
            map_type,
            mapping,
            rows_max,
            sheet,
            check_only,
            reader,
            ..
        } = upload;
        let request = ImportRequest {
            name,
            store,
            dialect,
            map,
            map_type,
            mapping,
            rows_max,
            sheet,
        };
        let options = request
            .file_options(&self.config, &self.enrichment)
            .map_err(mend)?;
        self.wait_until_counted();
        let repeats = KnownRepeats::before(&self.live, self.log.end());
        let run = ImportRun {
            into: (!check_only).then_some((&*self.log, &self.live)),
            clock: &self.clock,
            rows_max,
            config: &self.config,
        };
        let mut told = Told {
            progress,
            active: Active::of(self),
        };
        let mut summary =
            run_import(reader, options, &run, &mut told).map_err(|error| problem(&error))?;
        self.wait_until_counted();
        repeats.settle(&mut summary);
        Ok(summary)
    }

    fn quarantined(&self, id: QuarantineId) -> Result<Option<KeptEvent>, DoorProblem> {
        let kept = quarantine::find(&self.log, id).map_err(|error| quarantine_problem(&error))?;
        let kept = kept.map(|kept| kept_event(&kept));
        Ok(kept.or_else(|| replays::conflict_event(&self.live, id)))
    }

    fn replay(&self, request: ReplayRequest) -> Result<ReplaySummary, DoorProblem> {
        let _one_at_a_time = self.replaying.lock();
        let summary = replays::run(
            &self.log,
            (&self.config, &self.enrichment),
            &self.clock,
            request,
        )?;
        self.wait_until_counted();
        Ok(summary)
    }

    fn undo(&self, import: ImportKey) -> Result<(), DoorProblem> {
        ingest::undo(&self.log, import)
            .map_err(|error| DoorProblem::Failed(format!("{error:#}")))?;
        self.wait_until_counted();
        Ok(())
    }

    fn act(&self, act: ActNote) -> Result<(), DoorProblem> {
        ingest::act(&self.log, act).map_err(|error| DoorProblem::Failed(format!("{error:#}")))?;
        self.wait_until_counted();
        Ok(())
    }

    fn is_importing(&self, source: &str) -> bool {
        self.active.lock().iter().any(|active| active == source)
    }
}

/// The sources that are being imported, while they are.
struct Active {
    sources: Arc<Mutex<Vec<String>>>,
    source: Option<String>,
}

impl Active {
    fn of(doors: &Doors) -> Active {
        Active {
            sources: Arc::clone(&doors.active),
            source: None,
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let mut sources = self.sources.lock();
        if let Some(at) = sources
            .iter()
            .position(|active| Some(active) == self.source.as_ref())
        {
            sources.swap_remove(at);
        }
    }
}

struct Told {
    progress: Box<dyn FnMut(ImportProgress) + Send>,
    active: Active,
}

impl Listener for Told {
    fn begin(&mut self, source: &str) {
        self.active.sources.lock().push(source.to_owned());
        self.active.source = Some(source.to_owned());
    }

    fn guess(&mut self, evidence: &[String]) {
        tracing::info!(evidence = evidence.join("; "), "file recognised");
    }

    fn show(&mut self, progress: &ImportProgress) {
        (self.progress)(progress.clone());
    }
}

fn reply(receipt: ingest::Receipt, durability: &'static str) -> Receipt {
    let received = receipt.outcomes.len() as u64;
    let lists_all = receipt.outcomes.len() <= RESULTS_LISTED_MAX;
    let mut accepted = 0;
    let mut results = Vec::new();
    for (index, outcome) in (0..).zip(receipt.outcomes) {
        let outcome = match outcome {
            Outcome::Accepted(id) => {
                accepted += 1;
                if !lists_all {
                    continue;
                }
                ItemOutcome::Accepted {
                    event_id: id.to_string(),
                }
            }
            Outcome::Quarantined(rejection) => ItemOutcome::Quarantined {
                reason: rejection.reason,
                detail: rejection.detail,
            },
        };
        results.push(ItemResult { index, outcome });
    }
    let dedupe = match receipt.dedupe {
        Dedupe::EventId => "event_id",
        Dedupe::IdempotencyKey => "idempotency_key",
        Dedupe::None => "none",
    };
    Receipt {
        received,
        accepted,
        duplicate: 0,
        quarantined: received - accepted,
        durability,
        dedupe,
        results,
    }
}

fn refusal(refused: ingest::Refused) -> Refused {
    match refused {
        ingest::Refused::Overloaded => Refused::Overloaded { retry_after_s: 1 },
        ingest::Refused::Stopping => Refused::Stopping,
        ingest::Refused::Breach(sentence) => Refused::Breach(sentence),
        ingest::Refused::Unavailable(why) | ingest::Refused::Failed(why) => Refused::LogFailed(why),
    }
}

fn mend(problem: Problem) -> ImportProblem {
    ImportProblem {
        remedy: ImportRemedy::Mend,
        detail: problem.what,
        hint: problem.mend,
    }
}

fn problem(error: &ImportError) -> ImportProblem {
    let (remedy, hint) = match error {
        ImportError::File(error) => (ImportRemedy::Mend, error.hint.clone()),
        ImportError::Log(error) if error.remedy() == Remedy::Retry => (
            ImportRemedy::Retry,
            "make room on the disk, then run the import again: nothing is counted twice".to_owned(),
        ),
        ImportError::Log(_)
        | ImportError::Encode(_)
        | ImportError::Thread(_)
        | ImportError::Panicked(_) => {
            (ImportRemedy::Operate, "look at the server's log".to_owned())
        }
    };
    ImportProblem {
        remedy,
        detail: error.to_string(),
        hint,
    }
}
