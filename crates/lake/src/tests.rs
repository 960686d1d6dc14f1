//! What goes into the table comes out of it, once, whatever happens on the way; read back by the format's own library.

use crate::columns::{ADDS_LINES, DAY, EVENTS, LOG_OFFSET, STORE};
use crate::events::{EventArchive, Judged, Limits};
use crate::place::Place;
use crate::table::Reached;
use crate::{LakeError, Zones};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use deltalake_core::DeltaTable;
use event::check::CheckContext;
use event::frame::{FrameBuilder, SourceInfo};
use event::schema::{Amount, ItemAmount, ItemText, Label};
use event::{Event, EventBatch, EventId, EventTime, EventType, Item};
use futures_util::TryStreamExt;
use jiff::tz::TimeZone;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

/// 2026-03-28T20:00:00Z: an hour before midnight in Berlin on the night the clocks change.
const BEGIN: i64 = 1_774_731_600_000_000;
const HOUR: i64 = 3_600_000_000;

fn zones() -> Zones {
    Arc::new(|store| match store {
        "north" => TimeZone::get("Europe/Berlin").expect("a zone of the database"),
        _ => TimeZone::UTC,
    })
}

fn small() -> Limits {
    Limits {
        group_rows: 64,
        waiting_rows: 40,
        open_files: 2,
        file_bytes: NonZeroU64::new(1 << 20).expect("not zero"),
    }
}

/// A frame of events an hour apart, with a line item each; `number` is that of its first event.
fn frame(number: u64, rows: u64) -> EventBatch {
    let mut builder = FrameBuilder::new();
    for at in number..number + rows {
        let store = if at % 3 == 0 { "north" } else { "main" };
        let source = builder.open_source(&SourceInfo {
            source: format!("of {store}"),
            name: "s".into(),
            store: store.into(),
        });
        let mut event = Event::new(if at % 2 == 0 {
            EventType::Order
        } else {
            EventType::PageView
        });
        event.id = Some(EventId(u128::from(at) + 1));
        event.time = Some(EventTime(BEGIN + at as i64 * HOUR));
        event.set_label(Label::Country, "Malta");
        if at % 2 == 0 {
            event.set_amount(Amount::Revenue, 12_500 * at as i64);
            let mut item = Item::default();
            item.set_text(ItemText::ProductId, format!("p{at}"));
            item.set_amount(ItemAmount::Quantity, 10_000);
            event.items.push(item);
        }
        let received = EventTime(BEGIN + 10_000 * HOUR);
        (builder.offer(source, &event, b"", CheckContext { received })).expect("a sound event");
    }
    builder.finish().events
}

/// Frames of ten events, one behind the other.
fn judged<'a>(
    events: &'a EventBatch,
    number: u64,
    aside: &'a [u64],
    adding: &'a [u64],
) -> Judged<'a> {
    Judged {
        events,
        first_offset: number * 10,
        aside,
        adding,
        to: Reached {
            generation: 0,
            frame: number + 1,
            offset: number * 10 + 10,
        },
    }
}

async fn open(folder: &Path) -> Result<EventArchive, LakeError> {
    let place = Place::folder(folder.to_owned()).expect("a folder");
    EventArchive::open(&place, zones(), small()).await
}

async fn give(archive: &mut EventArchive, frames: std::ops::Range<u64>) {
    for number in frames {
        let events = frame(number * 10, 10);
        archive
            .take(judged(&events, number, &[], &[]))
            .await
            .expect("takes");
    }
}

/// Everything in the table, as others see it.
async fn read(folder: &Path) -> Vec<RecordBatch> {
    let url = url::Url::from_directory_path(folder.join(EVENTS)).expect("a path");
    let mut table = DeltaTable::try_from_url(url).await.expect("a table");
    table.load().await.expect("loads");
    let (_, rows) = table.scan_table().await.expect("reads");
    rows.try_collect().await.expect("reads")
}

fn offsets(batches: &[RecordBatch]) -> Vec<i64> {
    let column = |batch: &RecordBatch| {
        let offsets = batch.column_by_name(LOG_OFFSET).expect("a column");
        offsets.as_primitive::<Int64Type>().values().to_vec()
    };
    let mut offsets: Vec<i64> = batches.iter().flat_map(column).collect();
    offsets.sort_unstable();
    offsets
}

#[tokio::test]
async fn what_was_committed_is_there_once_with_its_columns() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut archive = open(dir.path()).await.expect("opens");
    give(&mut archive, 0..12).await;
    archive.commit().await.expect("commits");
    let rows = read(dir.path()).await;
    assert_eq!(offsets(&rows), (0..120).collect::<Vec<_>>());
    let sum: i128 = (rows.iter())
        .flat_map(|batch| {
            let revenue = batch.column_by_name("revenue").expect("a column");
            let revenue = revenue.as_primitive::<Decimal128Type>().clone();
            (0..revenue.len())
                .filter(|at| revenue.is_valid(*at))
                .map(|at| revenue.value(at))
                .collect::<Vec<_>>()
        })
        .sum();
    assert_eq!(sum, (0..120).step_by(2).map(|at| 12_500 * at).sum::<i128>());
    let items: usize = (rows.iter())
        .map(|batch| {
            batch
                .column_by_name("items")
                .expect("a column")
                .as_list::<i32>()
                .values()
                .len()
        })
        .sum();
    assert_eq!(items, 60);
}

#[tokio::test]
async fn a_row_is_in_the_partition_of_its_shops_day() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut archive = open(dir.path()).await.expect("opens");
    give(&mut archive, 0..5).await;
    archive.commit().await.expect("commits");
    let mut days: Vec<(String, i64, i32)> = Vec::new();
    for batch in read(dir.path()).await {
        let offsets = batch.column_by_name(LOG_OFFSET).expect("a column").clone();
        let store = arrow_cast::cast(
            batch.column_by_name(STORE).expect("a column"),
            &arrow_schema::DataType::Utf8,
        )
        .expect("text");
        let day = arrow_cast::cast(
            batch.column_by_name(DAY).expect("a column"),
            &arrow_schema::DataType::Date32,
        )
        .expect("a date");
        for at in 0..batch.num_rows() {
            let (store, day) = (store.as_string::<i32>(), day.as_primitive::<Date32Type>());
            let offset = offsets.as_primitive::<Int64Type>().value(at);
            days.push((store.value(at).to_owned(), offset, day.value(at)));
        }
    }
    days.sort_by_key(|(_, offset, _)| *offset);
    let told = |offset: i64| {
        let jiff_zone = if offset % 3 == 0 {
            "Europe/Berlin"
        } else {
            "UTC"
        };
        let time = jiff::Timestamp::from_microsecond(BEGIN + offset * HOUR).expect("a time");
        let date = time.in_tz(jiff_zone).expect("a zone").date();
        let since = jiff::civil::date(1970, 1, 1).until(date).expect("days");
        let store = if offset % 3 == 0 { "north" } else { "main" };
        (store.to_owned(), offset, since.get_days())
    };
    assert_eq!(days, (0..50).map(told).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_does_not_count_is_not_there_and_what_adds_lines_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut archive = open(dir.path()).await.expect("opens");
    let events = frame(0, 10);
    let taken = archive.take(judged(&events, 0, &[2, 7], &[4])).await;
    taken.expect("takes");
    archive.commit().await.expect("commits");
    let rows = read(dir.path()).await;
    assert_eq!(offsets(&rows), [0, 1, 3, 4, 5, 6, 8, 9]);
    let adding: Vec<i64> = (rows.iter())
        .flat_map(|batch| {
            let adds = batch
                .column_by_name(ADDS_LINES)
                .expect("a column")
                .as_boolean()
                .clone();
            let offsets = batch.column_by_name(LOG_OFFSET).expect("a column").clone();
            (0..batch.num_rows())
                .filter(move |at| adds.is_valid(*at) && adds.value(*at))
                .map(move |at| offsets.as_primitive::<Int64Type>().value(at))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(adding, [4]);
}

#[tokio::test]
async fn whoever_opens_it_again_goes_on_where_the_last_commit_ended() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut archive = open(dir.path()).await.expect("opens");
    give(&mut archive, 0..3).await;
    archive.commit().await.expect("commits");
    give(&mut archive, 3..9).await;
    drop(archive); // as a kill does: files may be there, the commit is not
    let mut archive = open(dir.path()).await.expect("opens");
    assert_eq!((archive.reached().frame, archive.reached().offset), (3, 30));
    give(&mut archive, 0..9).await;
    archive.commit().await.expect("commits");
    assert_eq!(
        offsets(&read(dir.path()).await),
        (0..90).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_it_let_go_of_it_takes_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut archive = open(dir.path()).await.expect("opens");
    give(&mut archive, 0..6).await;
    archive.let_go().await;
    assert_eq!(archive.taken(), Reached::default());
    give(&mut archive, 0..7).await;
    archive.commit().await.expect("commits");
    assert_eq!(
        offsets(&read(dir.path()).await),
        (0..70).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_is_judged_anew_takes_the_place_of_all_that_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut archive = open(dir.path()).await.expect("opens");
    give(&mut archive, 0..4).await;
    archive.commit().await.expect("commits");
    archive.begin_again(77).await;
    let events = frame(0, 10);
    archive
        .take(judged(&events, 0, &[0, 1, 2], &[]))
        .await
        .expect("takes");
    assert_eq!(
        offsets(&read(dir.path()).await).len(),
        40,
        "nothing changes before the commit"
    );
    archive.commit().await.expect("commits");
    assert_eq!(offsets(&read(dir.path()).await), [3, 4, 5, 6, 7, 8, 9]);
    let archive = open(dir.path()).await.expect("opens");
    assert_eq!(
        archive.reached(),
        Reached {
            generation: 77,
            frame: 1,
            offset: 10
        }
    );
}

#[tokio::test]
async fn a_second_writer_is_told_and_writes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut first, mut second) = (
        open(dir.path()).await.expect("opens"),
        open(dir.path()).await.expect("opens"),
    );
    give(&mut first, 0..3).await;
    give(&mut second, 0..2).await;
    first.commit().await.expect("commits");
    let refused = second.commit().await.expect_err("it was overtaken");
    assert!(
        matches!(
            refused,
            LakeError::Overtaken {
                theirs: 3,
                ours: 0,
                ..
            }
        ),
        "{refused:?}"
    );
    assert_eq!(
        offsets(&read(dir.path()).await),
        (0..30).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_table_of_somebody_else_is_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join(EVENTS)).expect("a folder");
    let url = url::Url::from_directory_path(dir.path().join(EVENTS)).expect("a path");
    let table = DeltaTable::try_from_url(url).await.expect("a place");
    let column = deltalake_core::kernel::DataType::LONG;
    (table.create().with_column("a", column, true, None))
        .await
        .expect("a table");
    let refused = open(dir.path()).await.err().expect("it is none of ours");
    assert!(refused.to_string().contains("did not make"), "{refused}");
}

#[tokio::test]
async fn a_log_entry_that_is_cut_is_told_as_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut archive = open(dir.path()).await.expect("opens");
    give(&mut archive, 0..1).await;
    archive.commit().await.expect("commits");
    let entry = dir
        .path()
        .join(EVENTS)
        .join("_delta_log/00000000000000000001.json");
    let bytes = std::fs::read(&entry).expect("an entry");
    std::fs::write(&entry, &bytes[..bytes.len() / 2]).expect("cut");
    let refused = open(dir.path()).await.err().expect("it cannot be read");
    assert!(
        refused.to_string().contains("`events` cannot be used"),
        "{refused}"
    );
}
