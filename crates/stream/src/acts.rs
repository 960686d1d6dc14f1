//! What people did about alerts, out of the notes of folded frames, until a harvest takes it. Which alert it is, and how
//! it stands then, the book knows.

use crate::names::Names;
use analytics::alert::{Act, ActKind, AlertId, DrawerKey, Handled};
use event::act::ActNote;
use std::sync::Arc;

/// Acts that are not yet handed over, in the order of the log.
#[derive(Debug, Default)]
pub struct Acts(Vec<Handled>);

impl Acts {
    /// Takes in a frame's notes.
    pub fn observe(&mut self, notes: &[ActNote], names: &mut Names) {
        self.0.extend(notes.iter().map(|note| handled(note, names)));
    }

    /// Hands over what came in.
    pub fn take(&mut self) -> Vec<Handled> {
        std::mem::take(&mut self.0)
    }
}

fn handled(note: &ActNote, names: &mut Names) -> Handled {
    let rule = Arc::from(note.rule.as_str());
    let kind = if note.is_resolved {
        ActKind::Resolve
    } else {
        ActKind::Acknowledge
    };
    Handled {
        key: DrawerKey::of(names.id(&note.store), &rule, note.alert_at),
        id: AlertId(note.alert),
        act: Act {
            at: note.at,
            by: Arc::from(note.by.as_str()),
            kind,
        },
    }
}
