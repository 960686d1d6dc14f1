//! The API's doors, opened onto `ingest`: the counter knows requests and replies, the door knows the log.

use crate::config::{Config, DurabilitySetting};
use crate::exit::Problem;
use crate::imports::{ImportRequest, KnownRepeats, Listener, run_import};
use crate::wiring::Core;
use api::{
    DoorRequest, EventDoor, ImportProblem, ImportProgress, ImportRemedy, ImportSummary,
    ItemOutcome, ItemResult, Receipt, Refused, Upload,
};
use eventlog::{EventLog, Remedy};
use ingest::{Dedupe, Door, Enrichment, ImportError, Outcome, Request};
use live::LiveTables;
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
        };
        let options = request
            .file_options(&self.config, &self.enrichment)
            .map_err(mend)?;
        self.wait_until_counted();
        let repeats = KnownRepeats::before(&self.live, self.log.end());
        let log = (!check_only).then(|| self.log.writer());
        let mut told = Told(progress);
        let mut summary = run_import(reader, options, log.as_ref(), &self.clock, &mut told)
            .map_err(|error| problem(&error))?;
        self.wait_until_counted();
        repeats.settle(&mut summary);
        Ok(summary)
    }
}

struct Told(Box<dyn FnMut(ImportProgress) + Send>);

impl Listener for Told {
    fn guess(&mut self, evidence: &[String]) {
        tracing::info!(evidence = evidence.join("; "), "file recognised");
    }

    fn show(&mut self, progress: &ImportProgress) {
        (self.0)(progress.clone());
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
