//! Claims about time in the whole core, from the door to answers, with a clock that only the test moves.
//! How watermarks and ticks are reckoned is tested where they live.

use crate::config::{Config, DurabilitySetting};
use crate::wiring::{self, Core, Watched};
use event::EventTime;
use event::frame::SourceInfo;
use ingest::{Request, Ticks};
use live::query::{Query, Range};
use runtime::{Clock, Runtime, SimulatedTime, UnixMicros};
use std::time::Duration;

fn at(time: &str) -> EventTime {
    EventTime::parse(time, &jiff::tz::TimeZone::UTC).expect("a time")
}

/// A server without a port, whose clock stands still until the test moves it.
struct Night {
    core: Core,
    ticks: Ticks,
    clock: Clock,
    time: SimulatedTime,
    runtime: Runtime,
    _dir: tempfile::TempDir,
}

impl Night {
    async fn begin(time: &str) -> Night {
        let dir = tempfile::tempdir().expect("a folder");
        let mut config = Config {
            data_dir: dir.path().to_owned(),
            ..Config::default()
        };
        // Published at once: the clock stands while the test waits for it.
        config.stream.publish_interval_ms = 0;
        config.log.durability = DurabilitySetting::Buffered;
        config.log.segment_mib = 1;
        config.log.ballast_mib = 0;
        let (clock, hand) = Clock::simulated(UnixMicros(at(time).0));
        let runtime = Runtime::new(clock.clone());
        let core = wiring::start(&config, &runtime).await.expect("starts");
        let ticks = wiring::ticks(&core, &Watched::none(), &runtime)();
        Night {
            core,
            ticks,
            clock,
            time: hand,
            runtime,
            _dir: dir,
        }
    }

    async fn sell(&self, id: &str) {
        let now = EventTime(self.clock.now().0);
        let body = format!(r#"{{"type": "page_view", "event_id": "{id}", "ts": "{now}"}}"#);
        let request = Request {
            source: SourceInfo {
                source: "http:web".to_owned(),
                name: "web".to_owned(),
                store: "main".to_owned(),
            },
            body: body.into_bytes(),
            idempotency_key: None,
        };
        let receipt = self.core.door.submit(request).await.expect("is taken");
        assert!(
            matches!(receipt.outcomes[..], [ingest::Outcome::Accepted(_)]),
            "{receipt:?}"
        );
    }

    /// Lets time pass to this moment, with a look for a tick every second; how many there were.
    async fn pass_to(&mut self, time: &str) -> usize {
        let mut ticks = 0;
        while self.clock.now().0 < at(time).0 {
            self.time.advance(Duration::from_secs(1));
            let tick = self.ticks.look().await.expect("the log goes on");
            ticks += usize::from(tick.is_some());
        }
        ticks
    }

    /// What is in the log is in the tables.
    async fn read(&self) {
        let frame = self.core.log.end_position().frame;
        assert!(self.core.stream.wait_published(frame).await);
    }

    fn is_partial(&self, from: &str, to: &str) -> bool {
        let query = Query {
            metrics: vec!["events".to_owned()],
            range: Some(Range::Between(at(from), at(to))),
            ..Query::default()
        };
        let now = EventTime(self.clock.now().0);
        let answer = self.core.live.query(&query, now).expect("an answer");
        assert_eq!(answer.watermark, self.core.live.watermark("main"));
        answer.is_partial
    }

    async fn end(self) {
        let Night { core, runtime, .. } = self;
        drop(self.ticks);
        core.stop(&runtime).await.expect("stops in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_quiet_night_the_evening_is_told_by_ticks_alone() {
    let mut night = Night::begin("2026-03-02T21:59:00Z").await;
    assert_eq!(night.pass_to("2026-03-02T22:00:00Z").await, 0);
    night.sell("the last of the day").await;
    night.read().await;
    let evening = ("2026-03-02T22:00:00Z", "2026-03-02T22:15:00Z");
    assert_eq!(
        night.core.live.watermark("main"),
        Some(at("2026-03-02T21:59:30Z"))
    );
    assert!(night.is_partial(evening.0, evening.1));

    night.pass_to("2026-03-02T22:15:00Z").await;
    night.read().await;
    assert!(
        night.is_partial(evening.0, evening.1),
        "half a minute is left"
    );
    night.pass_to("2026-03-02T22:16:00Z").await;
    night.read().await;
    for to in ["22:01:00Z", "22:15:00Z"].map(|time| format!("2026-03-02T{time}")) {
        assert!(!night.is_partial(evening.0, &to), "{to}");
    }
    assert!(night.is_partial("2026-03-02T22:00:00Z", "2026-03-02T23:00:00Z"));

    let ticks = night.pass_to("2026-03-02T23:01:00Z").await;
    assert_eq!(ticks, 45 * 4, "one every fifteen seconds");
    night.read().await;
    assert!(!night.is_partial("2026-03-02T22:00:00Z", "2026-03-02T23:00:00Z"));
    let rows = night.core.live.watermarks(None);
    assert_eq!((rows[0].live_sources, rows[0].idle_sources), (0, 1));
    assert_eq!(night.core.live.progress().offset, 1, "no event came");

    night.pass_to("2026-03-03T08:00:00Z").await;
    night.sell("the first of the day").await;
    let ticks = night.pass_to("2026-03-03T08:00:30Z").await;
    assert_eq!(ticks, 30, "the shop is busy again");
    night.read().await;
    let newest = night.core.live.newest_tick();
    assert!(newest > Some(at("2026-03-03T07:59:50Z")), "{newest:?}");
    assert_eq!(night.core.live.watermark("main"), newest);
    night.end().await;
}
