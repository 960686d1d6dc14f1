//! A request's body becomes events in the frame and outcomes for the reply; events without id get one here.

use crate::door::{Dedupe, Outcome, Receipt, Request, StoreDefaults};
use crate::enrich::{Enriched, Enricher};
use event::check::CheckContext;
use event::dialect::{Decoding, Intake, json};
use event::frame::{FrameBuilder, SourceIndex};
use event::schema::Number;
use event::{Event, EventId, EventTime, Rejection};

/// What events pass on their way, and where it ends.
pub struct IntoFrame<'f> {
    /// How its senders write.
    pub habits: &'f mut json::Habits,
    /// Adds what follows from an event.
    pub enricher: &'f mut Enricher,
    /// Checks and gathers.
    pub builder: &'f mut FrameBuilder,
}

/// Decodes a request into the frame.
pub fn request(
    request: &Request,
    received: EventTime,
    defaults: &StoreDefaults,
    IntoFrame {
        habits,
        enricher,
        builder,
    }: IntoFrame<'_>,
) -> Receipt {
    let source = builder.open_source(&request.source);
    let decoding = Decoding {
        source: &request.source.source,
        store: &request.source.store,
        zone: &defaults.zone,
        currency: &defaults.currency,
    };
    let mut intake = RequestIntake {
        request,
        source,
        received,
        builder,
        outcomes: Vec::new(),
        dedupe: Dedupe::EventId,
    };
    let mut enriched = Enriched {
        enricher,
        currency: &defaults.currency,
        next: &mut intake,
    };
    json::read_body(&request.body, &decoding, habits, &mut enriched);
    Receipt {
        outcomes: intake.outcomes,
        dedupe: intake.dedupe,
    }
}

struct RequestIntake<'r> {
    request: &'r Request,
    source: SourceIndex,
    received: EventTime,
    builder: &'r mut FrameBuilder,
    outcomes: Vec<Outcome>,
    dedupe: Dedupe,
}

impl RequestIntake<'_> {
    /// An id that a retry with the same idempotency key repeats; without a key, one of this moment that nothing repeats.
    fn mint(&mut self) -> EventId {
        let index = self.outcomes.len() as u64;
        match &self.request.idempotency_key {
            Some(key) => {
                self.dedupe = self.dedupe.weaker(Dedupe::IdempotencyKey);
                let scope = format!("{}\0{key}", self.request.source.source);
                EventId::of_parts(scope.as_bytes(), &index.to_le_bytes())
            }
            None => {
                self.dedupe = Dedupe::None;
                let now = self.received.0.max(0) as u64;
                let timestamp = uuid::Timestamp::from_unix(
                    uuid::NoContext,
                    now / 1_000_000,
                    (now % 1_000_000) as u32 * 1_000,
                );
                EventId(uuid::Uuid::new_v7(timestamp).as_u128())
            }
        }
    }
}

impl Intake for RequestIntake<'_> {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        if event.id.is_none() {
            event.id = Some(self.mint());
        }
        event.set_number(Number::SourcePosition, self.outcomes.len() as i64);
        let context = CheckContext {
            received: self.received,
        };
        self.outcomes
            .push(match self.builder.offer(self.source, event, raw, context) {
                Ok(id) => Outcome::Accepted(id),
                Err(_) => Outcome::Quarantined(
                    self.builder
                        .last_rejection()
                        .expect("offer just set it aside")
                        .clone(),
                ),
            });
    }

    fn refuse(&mut self, position: i64, rejection: Rejection, raw: &[u8]) {
        self.outcomes.push(Outcome::Quarantined(rejection.clone()));
        self.builder
            .reject(self.source, position, self.received, rejection, raw);
    }
}

impl Dedupe {
    /// What holds for all events of a request is what holds for the weakest.
    fn weaker(self, other: Dedupe) -> Dedupe {
        if self == Dedupe::EventId { other } else { self }
    }
}
