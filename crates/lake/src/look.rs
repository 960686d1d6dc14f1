//! A look at the table `events`: one version of it, for whoever asks questions. It writes nothing and makes nothing; what is
//! asked and how is not known here.

use crate::columns::EVENTS;
use crate::error::LakeError;
use crate::place::Place;
use crate::table::{Reached, is_ours, reached};
use arrow_array::temporal_conversions::timestamp_us_to_datetime;
use deltalake_core::DeltaTable;

/// Which version of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AsOf {
    /// The newest.
    #[default]
    Newest,
    /// The one of this number.
    Version(u64),
    /// The one that was newest at this time, in microseconds UTC.
    Time(i64),
}

/// One version of the table.
#[derive(Debug, Clone)]
pub struct EventsLook {
    /// The table at this version.
    pub table: DeltaTable,
    /// The version's number.
    pub version: u64,
    /// How much of the log it holds.
    pub reached: Reached,
}

impl EventsLook {
    /// Looks at the table; nothing where there is none.
    pub async fn open(place: &Place, as_of: AsOf) -> Result<Option<EventsLook>, LakeError> {
        let of = |error| LakeError::of(EVENTS, error);
        let log_store = place.log_store(EVENTS)?;
        if !log_store.is_delta_table_location().await.map_err(of)? {
            return Ok(None);
        }
        let mut table = DeltaTable::new(log_store.clone());
        match as_of {
            AsOf::Newest => table.load().await,
            AsOf::Version(version) => table.load_version(version).await,
            AsOf::Time(micros) => {
                let time = timestamp_us_to_datetime(micros).unwrap_or_default();
                table.load_with_datetime(time.and_utc()).await
            }
        }
        .map_err(of)?;
        is_ours(&table, EVENTS)?;
        let reached = reached(&table, EVENTS).await?;
        let version = table.version().unwrap_or_default();
        Ok(Some(EventsLook {
            version,
            reached,
            table,
        }))
    }
}
