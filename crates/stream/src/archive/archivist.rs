//! The thread that gives the archive what was judged: rounds as they come, and from the log whatever it missed. What the
//! archive does with it, and what counts, is not decided here.

use super::{Archive, ArchiveError, Aside, Held, JudgedFrame, SharedLedger, Verdicts};
use crossbeam_channel::{Receiver, RecvTimeoutError, TrySendError, bounded, select};
use event::frame::FrameBody;
use eventlog::{LogError, LogPosition, LogReader};
use runtime::{CancellationToken, Clock};
use std::time::Duration;
use tokio::sync::watch;

/// Rounds that wait. One that finds no room is read from the log later.
const WAITING_ROUNDS: usize = 4;
/// How often an archive that lags looks around.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// The longest pause after something failed.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// When what was taken is made safe.
#[derive(Debug, Clone, Copy)]
pub struct CommitRules {
    /// After so long.
    pub interval: Duration,
    /// Or after so many events.
    pub events_max: u64,
    /// After something failed it is tried again so much later, and then after longer and longer pauses.
    pub retry_after: Duration,
}

impl Default for CommitRules {
    fn default() -> Self {
        CommitRules {
            interval: Duration::from_secs(30),
            events_max: 1_000_000,
            retry_after: Duration::from_secs(1),
        }
    }
}

/// How the archive stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArchiveProgress {
    /// What is safe there.
    pub held: Held,
    /// Why nothing gets there at the moment.
    pub trouble: Option<String>,
}

/// What was judged at a time.
struct Judged {
    generation: u64,
    frames: Vec<JudgedFrame>,
    aside: Aside,
}

/// The line's end of the way to the archive.
pub(crate) struct Sender {
    ledger: SharedLedger,
    rounds: crossbeam_channel::Sender<Judged>,
    progress: watch::Receiver<ArchiveProgress>,
}

impl Sender {
    /// Notes verdicts and passes the round on, if there is room for it.
    pub(crate) fn send(&self, frames: Vec<JudgedFrame>, aside: Aside) {
        let Some(end) = frames.last().map(|frame| frame.end) else {
            return;
        };
        let safe = self.progress.borrow().held;
        let mut ledger = self.ledger.lock();
        ledger.judge(&aside, end);
        if safe.generation == ledger.generation {
            ledger.forget_below(safe.position.offset);
        }
        let generation = ledger.generation;
        drop(ledger);
        let judged = Judged {
            generation,
            frames,
            aside,
        };
        match self.rounds.try_send(judged) {
            // It is read from the log once the archivist gets there; where that ended, nobody waits for it.
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }

    /// Verdicts that are not safe yet.
    pub(crate) fn ledger(&self) -> &SharedLedger {
        &self.ledger
    }
}

/// Gives an archive what was judged.
pub(crate) struct Archivist {
    archive: Box<dyn Archive>,
    rules: CommitRules,
    reader: LogReader,
    ledger: SharedLedger,
    rounds: Receiver<Judged>,
    /// Both ends, so that it stays open when nobody waits any more.
    wake: (crossbeam_channel::Sender<()>, Receiver<()>),
    progress: watch::Sender<ArchiveProgress>,
    clock: Clock,
    stop: CancellationToken,
    /// Of which folding the archive is given events, and up to where it was.
    taken: Held,
    /// Since when something waits for a commit.
    waiting_since: Option<Duration>,
    pause: Duration,
}

/// Why it could not go on.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("read the log")]
    Log(#[from] LogError),
    #[error("frame {0} cannot be read")]
    Frame(u64, #[source] event::batch::WireError),
}

/// How whoever waits for the archive looks at it.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    ledger: SharedLedger,
    wake: crossbeam_channel::Sender<()>,
    progress: watch::Receiver<ArchiveProgress>,
}

impl Watched {
    pub(crate) fn progress(&self) -> ArchiveProgress {
        self.progress.borrow().clone()
    }

    pub(crate) fn verdicts(&self) -> Verdicts {
        self.ledger.lock().verdicts()
    }

    /// Waits until every event below this offset is safe, and sees to it that it soon is; false where the archive ended.
    pub(crate) async fn wait(&self, offset: u64) -> bool {
        {
            let mut ledger = self.ledger.lock();
            ledger.wanted = ledger.wanted.max(offset);
        }
        // Where there is no room, it is being woken already.
        let _ = self.wake.try_send(());
        let is_safe = |progress: &ArchiveProgress| progress.held.position.offset >= offset;
        self.progress.clone().wait_for(is_safe).await.is_ok()
    }
}

/// Both ends of the way to an archive, and a look at it.
pub(crate) fn channel(
    (archive, rules): (Box<dyn Archive>, CommitRules),
    ledger: SharedLedger,
    reader: LogReader,
    (clock, stop): (Clock, CancellationToken),
) -> (Sender, Archivist, Watched) {
    let (rounds, to_take) = bounded(WAITING_ROUNDS);
    let wake = bounded(1);
    let held = archive.held();
    let (progress, watched) = watch::channel(ArchiveProgress {
        held,
        trouble: None,
    });
    let sender = Sender {
        ledger: ledger.clone(),
        rounds,
        progress: watched.clone(),
    };
    let archivist = Archivist {
        archive,
        rules,
        reader,
        ledger: ledger.clone(),
        rounds: to_take,
        wake: wake.clone(),
        progress,
        clock,
        stop,
        taken: held,
        waiting_since: None,
        pause: rules.retry_after,
    };
    let watched = Watched {
        ledger,
        wake: wake.0,
        progress: watched,
    };
    (sender, archivist, watched)
}

impl Archivist {
    /// Works until the line ends, and then until all is safe or the process is to stop.
    pub(crate) fn run(mut self) {
        loop {
            let next = select! {
                recv(self.rounds) -> judged => Some(judged),
                recv(self.wake.1) -> _ => None,
                default(self.until_due()) => None,
            };
            let step = match next {
                Some(Ok(judged)) => self.take_round(&judged),
                Some(Err(_)) => return self.end(),
                None => self.catch_up(None),
            };
            let step = step.and_then(|()| match self.is_due() {
                true => self.commit(),
                false => Ok(()),
            });
            if let Err(trouble) = step {
                self.let_go(&trouble);
                self.wait();
            }
        }
    }

    /// The line has ended: what was judged until then is made safe.
    fn end(mut self) {
        let ended = self.catch_up(None).and_then(|()| self.commit());
        if let Err(trouble) = ended {
            self.let_go(&trouble);
        }
    }

    fn until_due(&self) -> Duration {
        let Some(since) = self.waiting_since else {
            return LOOK_AGAIN;
        };
        let (taken, held) = (
            self.taken.position.offset,
            self.archive.held().position.offset,
        );
        let is_wanted = held < self.ledger.lock().wanted.min(taken);
        if is_wanted || taken.saturating_sub(held) >= self.rules.events_max {
            return Duration::ZERO;
        }
        let due = (since + self.rules.interval).saturating_sub(self.clock.monotonic());
        due.min(LOOK_AGAIN)
    }

    fn is_due(&self) -> bool {
        self.waiting_since.is_some() && self.until_due().is_zero()
    }

    fn take_round(&mut self, judged: &Judged) -> Result<(), Trouble> {
        let Some(first) = judged.frames.first() else {
            return Ok(());
        };
        let begins = LogPosition {
            offset: first.first_offset,
            frame: first.end.frame - 1,
        };
        if judged.generation != self.ledger.lock().generation {
            return Ok(()); // it was judged before an import was undone
        }
        self.catch_up(Some(begins))?;
        if self.taken.position.frame < begins.frame {
            return Ok(()); // the process is to stop; the rest is read from the log by the next one
        }
        for frame in &judged.frames {
            let aside = judged.aside.of(frame.first_offset, frame.end.offset);
            self.take(frame, &aside)?;
        }
        Ok(())
    }

    /// Reads what the archive lacks, up to a place or to all that is judged.
    fn catch_up(&mut self, to: Option<LogPosition>) -> Result<(), Trouble> {
        let (generation, judged, whole_at) = {
            let ledger = self.ledger.lock();
            (ledger.generation, ledger.judged, ledger.whole_at)
        };
        if generation != self.taken.generation {
            tracing::info!(frames = whole_at.frame, "the archive is written again");
            self.archive.begin_again(generation);
            self.taken = Held {
                generation,
                position: LogPosition::default(),
            };
            self.waiting_since = None;
        }
        let to = to.unwrap_or(judged).frame;
        if self.taken.position.frame >= to {
            return Ok(());
        }
        self.reader = self.reader.again(self.taken.position);
        while self.taken.position.frame < to && !self.stop.is_cancelled() {
            let Some(frame) = self.reader.try_next()? else {
                break;
            };
            let (number, first_offset, end) = (frame.number, frame.first_offset, frame.end());
            let body = FrameBody::decode(frame.payload.into())
                .map_err(|cause| Trouble::Frame(number, cause))?;
            let ledger = self.ledger.lock();
            if ledger.generation != generation {
                return Ok(());
            }
            let aside = ledger.of(first_offset, end.offset);
            drop(ledger);
            let frame = JudgedFrame {
                events: body.events,
                first_offset,
                end,
            };
            self.take(&frame, &aside)?;
            if self.is_due() {
                self.commit()?;
            }
        }
        Ok(())
    }

    fn take(&mut self, frame: &JudgedFrame, aside: &Aside) -> Result<(), Trouble> {
        if frame.end <= self.taken.position {
            return Ok(());
        }
        self.archive.take(frame, aside)?;
        self.taken.position = frame.end;
        if !frame.events.is_empty() && self.waiting_since.is_none() {
            self.waiting_since = Some(self.clock.monotonic());
        }
        Ok(())
    }

    /// Makes what was taken safe, unless it takes the place of something and is not whole yet.
    fn commit(&mut self) -> Result<(), Trouble> {
        let held = self.archive.held();
        let is_partial = held.generation != self.taken.generation
            && self.taken.position.frame < self.ledger.lock().whole_at.frame;
        let is_news = held.generation != self.taken.generation
            || held.position.offset != self.taken.position.offset;
        self.waiting_since = None;
        if is_partial || !is_news {
            return Ok(());
        }
        self.archive.commit()?;
        self.pause = self.rules.retry_after;
        let held = self.archive.held();
        metrics::gauge!("shopstream_archived_events").set(held.position.offset as f64);
        self.progress.send_replace(ArchiveProgress {
            held,
            trouble: None,
        });
        Ok(())
    }

    fn let_go(&mut self, trouble: &Trouble) {
        let may_pass = match trouble {
            Trouble::Archive(error) => error.may_pass,
            Trouble::Log(_) | Trouble::Frame(..) => false,
        };
        let why = sentence(trouble);
        match may_pass {
            true => tracing::warn!(why, "the archive waits; events stay in the log"),
            false => tracing::error!(why, "the archive cannot go on; events stay in the log"),
        }
        metrics::counter!("shopstream_archive_failures_total").increment(1);
        self.archive.let_go();
        self.taken = self.archive.held();
        self.waiting_since = None;
        self.progress
            .send_modify(|progress| progress.trouble = Some(why));
    }

    /// Longer after each failure.
    fn wait(&mut self) {
        let until = self.clock.monotonic() + self.pause;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        while self.clock.monotonic() < until && !self.stop.is_cancelled() {
            // Rounds that come meanwhile are read from the log later.
            match self.rounds.recv_timeout(LOOK_AGAIN) {
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// An error with its causes.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
