//! What a kept rejection has become: an event under the id, the row and the order it belongs to, on its way into a frame.

use super::KeptEvent;
use event::check::CheckContext;
use event::dialect::Intake;
use event::frame::{FrameBuilder, KeptRejection};
use event::schema::{ItemNumber, Number, Text};
use event::{Event, EventId, EventType, Rejection, hash_128};
use std::collections::HashSet;

/// Takes what a kept rejection has become.
pub(super) struct Released<'r> {
    pub builder: &'r mut FrameBuilder,
    /// Orders and refunds in the log; of order files only.
    pub accounts: Option<&'r mut HashSet<u128>>,
    pub kept: &'r KeptEvent,
    /// Rows that were set aside by themselves.
    pub neighbours: &'r HashSet<i64>,
    pub context: CheckContext,
    pub released: u32,
    /// Refused again before anything was released.
    pub refused: Vec<(Rejection, Vec<u8>)>,
}

impl Intake for Released<'_> {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        self.settle_places(event);
        if self.accounts.is_some() && event.items.is_empty() {
            return;
        }
        self.settle_id(event, raw);
        self.join_account(event);
        let source = self.builder.open_source(&self.kept.source);
        if self.released > 0 {
            // One rejection that turns out to be several events: the further ones are received now.
            let _ = self.builder.offer(source, event, raw, self.context);
            return;
        }
        let kept = KeptRejection {
            id: self.kept.id,
            reason: self.kept.rejection.reason,
            received: self.kept.received,
            import: self.kept.import,
        };
        match self.builder.release(source, event, &kept, self.context) {
            Ok(_) => {
                self.released += 1;
                for (rejection, raw) in std::mem::take(&mut self.refused) {
                    self.set_aside(rejection, &raw);
                }
            }
            Err(rejection) => self.refused.push((rejection, raw.to_vec())),
        }
    }

    /// What is refused again stays where it lies; beside a released neighbour it is set aside anew.
    fn refuse(&mut self, position: i64, rejection: Rejection, raw: &[u8]) {
        if self
            .neighbours
            .contains(&(self.kept.position + position - 1))
        {
            return;
        }
        if self.released == 0 {
            self.refused.push((rejection, raw.to_vec()));
        } else {
            self.set_aside(rejection, raw);
        }
    }
}

impl Released<'_> {
    fn set_aside(&mut self, rejection: Rejection, raw: &[u8]) {
        let source = self.builder.open_source(&self.kept.source);
        let (position, received) = (self.kept.position, self.kept.received);
        (self.builder).reject(source, position, received, rejection, raw);
    }

    /// Row numbers as in the file, instead of those behind the header that was put before the row.
    fn settle_places(&self, event: &mut Event<'_>) {
        let before = self.kept.position - 1;
        let read_at = event.number(Number::SourcePosition).unwrap_or(1);
        event.set_number(Number::SourcePosition, before + read_at);
        if self.accounts.is_none() {
            return;
        }
        for item in &mut event.items {
            let line = item.number(ItemNumber::Line).unwrap_or(1);
            item.set_number(ItemNumber::Line, before + line);
        }
        (event.items).retain(|item| {
            let line = item.number(ItemNumber::Line);
            line.is_none_or(|line| !self.neighbours.contains(&line))
        });
    }

    /// The sender's own id, else the one the row had in its file: read again with the file it is then a repeat.
    fn settle_id(&self, event: &mut Event<'_>, raw: &[u8]) {
        let is_senders = self.accounts.is_none()
            && (event.text(Text::EventIdText).is_some()
                || event.id.is_some_and(|id| stands_in(raw, id)));
        if is_senders {
            return;
        }
        let first = self.kept.event_id.unwrap_or_else(|| {
            EventId::of_parts(b"quarantine", self.kept.id.to_string().as_bytes())
        });
        event.id = Some(match self.released {
            0 => first,
            further => EventId::of_parts(&first.0.to_le_bytes(), &further.to_le_bytes()),
        });
    }

    /// An order that is known already is not placed again: the lines are added to it. Those of a refund add up by themselves.
    fn join_account(&mut self, event: &mut Event<'_>) {
        let Some(accounts) = self.accounts.as_deref_mut() else {
            return;
        };
        if event.kind != EventType::Order {
            return;
        }
        let Some(id) = event.text(Text::OrderId) else {
            return;
        };
        if !accounts.insert(account(&self.kept.source.store, id)) {
            event.kind = EventType::OrderUpdate;
        }
    }
}

/// Whether the bytes hold this id as a UUID: then it is the sender's and not derived from where the event stood.
fn stands_in(raw: &[u8], id: EventId) -> bool {
    let raw = String::from_utf8_lossy(raw).to_ascii_lowercase();
    raw.contains(&id.to_string()) || raw.contains(&format!("{:032x}", id.0))
}

/// An order as one number.
pub(super) fn account(store: &str, id: &str) -> u128 {
    hash_128(format!("{store}\0{id}").as_bytes())
}
