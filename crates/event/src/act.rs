//! What a person did about an alert, as a frame of the log tells it. It names the alert and where it is kept; whether
//! there is such an alert, and how it stands then, is not known here.

use crate::EventTime;
use crate::batch::WireError;
use crate::frame::{Reader, Writer};

/// A person saw an alert, or closed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActNote {
    /// The alert's id.
    pub alert: u128,
    /// Its store.
    pub store: String,
    /// Its rule.
    pub rule: String,
    /// When it happened or began: its rule's hour is where it is kept.
    pub alert_at: EventTime,
    /// When the person acted.
    pub at: EventTime,
    /// Who.
    pub by: String,
    /// Closed, and not only seen.
    pub is_resolved: bool,
}

impl ActNote {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.number((self.alert >> 64) as u64);
        writer.number(self.alert as u64);
        writer.text(&self.store);
        writer.text(&self.rule);
        writer.number(self.alert_at.0 as u64);
        writer.number(self.at.0 as u64);
        writer.text(&self.by);
        writer.number(u64::from(self.is_resolved));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<ActNote, WireError> {
        let (high, low) = (reader.number()?, reader.number()?);
        Ok(ActNote {
            alert: u128::from(high) << 64 | u128::from(low),
            store: reader.text()?,
            rule: reader.text()?,
            alert_at: EventTime(reader.number()? as i64),
            at: EventTime(reader.number()? as i64),
            by: reader.text()?,
            is_resolved: reader.number()? != 0,
        })
    }
}
