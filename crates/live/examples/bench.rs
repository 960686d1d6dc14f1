//! temp
use analytics::cell::{CUBES, cubes};
use changelog::*;
use event::EventTime;
use live::{LiveTables, Query, Stores, query::*};
use std::sync::Arc;
use std::time::Instant;
fn rss() -> usize {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4 / 1024
}
fn main() {
    let live = LiveTables::new(Stores::default());
    let mut feed = live.feed();
    let store: Arc<str> = "main".into();
    let products: Vec<Arc<str>> = (0..250_000)
        .map(|i| Arc::from(format!("product-{i:06}")))
        .collect();
    let grains: [(Arc<str>, i64, usize); 3] = [
        ("15m".into(), 900, 8),
        ("1h".into(), 3600, 2),
        ("1d".into(), 86400, 1),
    ];
    let eur: Arc<str> = "EUR".into();
    let mut state = 1u64;
    let mut rnd = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    let base = 1_700_006_400i64 / 86400 * 86400;
    println!("start rss {} MB", rss());
    let mut batches = Vec::new();
    for b in 0..40 {
        let mut changes = Vec::new();
        for _ in 0..50_000 {
            let id = if rnd() % 3 > 0 {
                cubes::ACTIVITY_BY_PRODUCT
            } else {
                cubes::SALES_BY_PRODUCT
            };
            let cube = id.cube();
            let (g, len, n) = &grains[rnd() % 3];
            let w = (base + (rnd() % n) as i64 * len) * 1_000_000;
            let mut key = vec![
                Value::Text(store.clone()),
                Value::Text(g.clone()),
                Value::Time(w),
                Value::Text(products[rnd() % 250_000].clone()),
            ];
            if cube.has_currency {
                key.push(Value::Text(eur.clone()));
            }
            let values: Box<[Value]> = cube
                .fields
                .iter()
                .map(|f| match f.scale() {
                    analytics::tally::Scale::Count => Value::Int(rnd() as i64 % 9),
                    _ => Value::Decimal((rnd() % 90000) as i128),
                })
                .collect();
            changes.push(Change {
                table: cube.table,
                key: key.into(),
                values: Some(values),
                version: b,
            });
        }
        batches.push(ChangeBatch {
            changes,
            progress: Progress {
                offset: b as u64,
                event_times: Some((base * 1_000_000, (base + 7200) * 1_000_000)),
                watermark: None,
            },
        });
    }
    let before = rss();
    let t = Instant::now();
    for b in &batches {
        feed.apply(b);
    }
    println!(
        "2M changes applied in {:?}; rss {} -> {} MB",
        t.elapsed(),
        before,
        rss()
    );
    // rows
    let t = Instant::now();
    for b in &batches {
        feed.apply(b);
    }
    println!("again {:?}", t.elapsed());
    // one activity row so that store is known
    let q = |granularity| Query {
        metrics: vec!["revenue".into(), "units".into(), "item_views".into()],
        dimensions: vec!["product".into()],
        order: vec![OrderBy {
            by: "revenue".into(),
            is_descending: true,
        }],
        limit: 10,
        granularity,
        ..Query::default()
    };
    for (n, range) in [
        ("all", None),
        (
            "1h",
            Some(Range::Between(
                EventTime(base * 1_000_000),
                EventTime((base + 5400) * 1_000_000),
            )),
        ),
    ] {
        for g in [None, Some(analytics::window::Grain::Quarter)] {
            let t = Instant::now();
            let a = live.query(&Query { range, ..q(g) }, EventTime(0));
            println!(
                "{n} {g:?} {:?} rows {:?}",
                t.elapsed(),
                a.map(|a| a.total_rows)
            );
        }
    }
    let _ = CUBES;
    let t = Instant::now();
    let a = live.query(
        &Query {
            compare: Some(Compare::PreviousPeriod),
            range: Some(Range::Between(
                EventTime((base + 3600) * 1_000_000),
                EventTime((base + 7200) * 1_000_000),
            )),
            ..q(None)
        },
        EventTime(0),
    );
    println!(
        "compare {:?} rows {:?}",
        t.elapsed(),
        a.map(|a| a.total_rows)
    );
}
