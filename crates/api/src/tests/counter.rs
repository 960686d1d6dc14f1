//! The counter under test: router, fake door, simulated clock, and rows made by hand.

use crate::app::{App, routes};
use crate::door::{
    DoorProblem, DoorRequest, EventDoor, ImportCounts, ImportProblem, ImportProgress, ImportRemedy,
    ImportSummary, ItemOutcome, ItemResult, KeptEvent, Receipt, Refused, ReplayRequest,
    ReplaySummary, Upload,
};
use crate::{ApiConfig, ApiState, KeyRing, NewKey, Readiness, Scope};
use analytics::cell::CubeId;
use analytics::tally::Scale;
use analytics::window::Calendar;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use axum::response::Response;
use changelog::{Change, ChangeBatch, Outlet, Progress, Value as Cellar};
use event::import::QuarantineId;
use event::{EventTime, Reason, parse_decimal};
use jiff::tz::TimeZone;
use live::{LiveFeed, LiveTables, Stores};
use parking_lot::Mutex;
use runtime::{CancellationToken, Clock, SimulatedTime, UnixMicros};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tower::ServiceExt;

/// What the door answers, and what it was given.
#[derive(Default)]
pub(super) struct FakeDoor {
    pub(super) refuses: Mutex<Option<Refused>>,
    pub(super) requests: Mutex<Vec<DoorRequest>>,
    pub(super) uploads: Mutex<Vec<String>>,
    pub(super) panics: AtomicBool,
    pub(super) kept: Mutex<Option<KeptEvent>>,
    pub(super) replays: Mutex<Vec<ReplayRequest>>,
    pub(super) acts: Mutex<Vec<event::act::ActNote>>,
}

impl EventDoor for FakeDoor {
    fn submit(
        &self,
        request: DoorRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Refused>> + Send>> {
        assert!(
            !self.panics.load(Ordering::Relaxed),
            "the door panics because the test says so"
        );
        let refused = self.refuses.lock().clone();
        self.requests.lock().push(request);
        Box::pin(async move { refused.map_or_else(|| Ok(receipt()), Err) })
    }

    fn import(
        &self,
        mut upload: Upload,
        mut progress: Box<dyn FnMut(ImportProgress) + Send>,
    ) -> Result<ImportSummary, ImportProblem> {
        assert!(
            upload.name != "panic.csv",
            "the door panics because the test says so"
        );
        self.uploads.lock().push(format!(
            "{} {} {} {:?} {:?} check={} bytes={:?}",
            upload.name,
            upload.store,
            upload.dialect,
            upload.map,
            upload.map_type,
            upload.check_only,
            upload.bytes
        ));
        let mut text = String::new();
        if let Err(error) = upload.reader.read_to_string(&mut text) {
            let remedy = if error.kind() == io::ErrorKind::UnexpectedEof {
                ImportRemedy::Retry
            } else {
                ImportRemedy::Mend
            };
            return Err(ImportProblem {
                remedy,
                detail: error.to_string(),
                hint: "send the file again".to_owned(),
            });
        }
        let rows = text.lines().count() as u64;
        progress(ImportProgress {
            rows,
            ..ImportProgress::default()
        });
        let counts = ImportCounts {
            received: rows,
            accepted: rows,
            ..ImportCounts::default()
        };
        Ok(ImportSummary {
            name: upload.name,
            rows,
            counts,
            ..ImportSummary::default()
        })
    }

    fn quarantined(&self, id: QuarantineId) -> Result<Option<KeptEvent>, DoorProblem> {
        Ok(self
            .kept
            .lock()
            .clone()
            .filter(|kept| kept.id == id.to_string()))
    }

    fn act(&self, act: event::act::ActNote) -> Result<(), DoorProblem> {
        self.acts.lock().push(act);
        Ok(())
    }

    fn undo(&self, _import: event::import::ImportKey) -> Result<(), DoorProblem> {
        Ok(())
    }

    fn replay(&self, request: ReplayRequest) -> Result<ReplaySummary, DoorProblem> {
        if request.reason.as_deref() == Some("defect") {
            return Err(DoorProblem::Failed("secret: /log/1".to_owned()));
        }
        self.replays.lock().push(request);
        Ok(ReplaySummary {
            examined: 3,
            released: 2,
            refused: BTreeMap::from([("price_invalid".to_owned(), 1)]),
            ..ReplaySummary::default()
        })
    }

    fn is_importing(&self, source: &str) -> bool {
        source == "file:busy"
    }
}

fn receipt() -> Receipt {
    let item = |index, outcome| ItemResult { index, outcome };
    let results = vec![
        item(
            0,
            ItemOutcome::Accepted {
                event_id: "e1".to_owned(),
            },
        ),
        item(
            1,
            ItemOutcome::Duplicate {
                event_id: "e0".to_owned(),
            },
        ),
        item(
            2,
            ItemOutcome::Quarantined {
                reason: Reason::PriceInvalid,
                detail: "price = \"x\"".to_owned(),
            },
        ),
    ];
    Receipt {
        received: 3,
        accepted: 1,
        duplicate: 1,
        quarantined: 1,
        durability: "durable",
        dedupe: "event_id",
        results,
    }
}

/// A counter with all its parts.
pub(super) struct Counter {
    pub(super) app: Arc<App>,
    pub(super) router: Router,
    pub(super) door: Arc<FakeDoor>,
    pub(super) keys: KeyRing,
    pub(super) time: SimulatedTime,
    pub(super) stop: CancellationToken,
    pub(super) log_end: Arc<AtomicU64>,
    pub(super) ready: Arc<AtomicBool>,
    feed: Mutex<LiveFeed>,
    progress: Mutex<Progress>,
    _dir: tempfile::TempDir,
}

/// Noon of the day the tests play on.
pub(super) const NOON: &str = "2026-03-02T12:00:00Z";

pub(super) fn at(text: &str) -> EventTime {
    EventTime::parse(text, &TimeZone::UTC).expect("a time")
}

impl Counter {
    pub(super) fn new() -> Counter {
        Counter::with(ApiConfig::default(), IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    pub(super) fn with(config: ApiConfig, address: IpAddr) -> Counter {
        let dir = tempfile::tempdir().expect("a directory");
        let (clock, time) = Clock::simulated(UnixMicros(at(NOON).0));
        let keys = KeyRing::open(&dir.path().join("keys"), clock.clone()).expect("keys open");
        let (live, door) = (
            LiveTables::new(Stores::default()),
            Arc::new(FakeDoor::default()),
        );
        let (log_end, ready) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(true)));
        let feed = Mutex::new(live.feed());
        let state = state(
            live,
            Arc::clone(&door),
            keys.clone(),
            clock,
            (Arc::clone(&log_end), Arc::clone(&ready)),
        );
        let stop = CancellationToken::new();
        let app = App::new(config, state, address, stop.clone());
        let router = routes(&app);
        Counter {
            app,
            router,
            door,
            keys,
            time,
            stop,
            log_end,
            ready,
            feed,
            progress: Mutex::default(),
            _dir: dir,
        }
    }

    pub(super) fn state(&self) -> ApiState {
        self.app.state.clone()
    }

    /// A new key of this scope.
    pub(super) fn key(&self, scope: Scope) -> String {
        let name = format!("the {scope:?} key");
        self.keys
            .create(&NewKey {
                name,
                scope,
                store: None,
            })
            .expect("a key")
    }

    /// Asks with the admin key where the request brings no key or cookie of its own.
    pub(super) async fn ask(&self, ask: Ask) -> Reply {
        let key = self.keys.admin_key().to_owned();
        self.ask_bare(if ask.is_signed() {
            ask
        } else {
            ask.with("x-api-key", &key)
        })
        .await
    }

    /// Asks without adding anything but the name of the server.
    pub(super) async fn ask_bare(&self, ask: Ask) -> Reply {
        Reply::of(self.send(ask.request()).await).await
    }

    /// The answer with its body still to come.
    pub(super) async fn send(&self, request: Request<Body>) -> Response {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("routers do not fail")
    }

    /// Status and code of an answer: `"422 unknown-metric"`, or `"200"`.
    pub(super) async fn check(&self, ask: Ask, expected: &str) {
        let shown = format!("{} {}", ask.method, ask.path);
        let reply = self.ask(ask).await;
        assert_eq!(reply.summary(), expected, "{shown}: {}", reply.text);
    }

    /// Publishes changes and how far they reach.
    pub(super) fn publish(&self, changes: Vec<Change>) {
        let progress = *self.progress.lock();
        self.feed.lock().apply(&ChangeBatch { changes, progress });
        assert_eq!(
            self.app.state.live.refused_rows(),
            0,
            "rows have the form of their table"
        );
    }

    /// Adds one moment's numbers to every window of a cube, as the first and only row of each.
    pub(super) fn publish_fact(&self, cube: CubeId, time: &str, of: (&str, &str), numbers: &str) {
        self.reach(time);
        self.publish(fact(cube, at(time), of, numbers));
    }

    /// Publishes a second of the pulse.
    pub(super) fn publish_second(&self, time: &str, kind: &str, events: i64) {
        let cube = analytics::cell::cubes::PULSE_BY_TYPE;
        self.publish_fact(cube, time, (kind, ""), &format!("events={events}"));
    }

    /// Publishes an order, or that it is gone.
    pub(super) fn publish_order(&self, key: &str, time: &str, revenue: Option<i128>) {
        self.reach(time);
        let values = revenue.map(|revenue| -> Box<[Cellar]> {
            let numbers = [
                Cellar::Time(at(time).0),
                Cellar::Decimal(revenue),
                text("EUR"),
                Cellar::Decimal(20_000),
                Cellar::Int(2),
            ];
            numbers
                .into_iter()
                .chain([text("Germany"), Cellar::Null, text("Lamp"), text(key)])
                .collect()
        });
        self.publish(vec![Change {
            table: "orders",
            key: Box::new([text("main"), text(key)]),
            values,
            version: 1,
        }]);
    }

    fn reach(&self, time: &str) {
        let mut progress = self.progress.lock();
        let (oldest, newest) = progress.event_times.unwrap_or((i64::MAX, i64::MIN));
        progress.event_times = Some((oldest.min(at(time).0), newest.max(at(time).0)));
    }
}

fn state(
    live: LiveTables,
    door: Arc<FakeDoor>,
    keys: KeyRing,
    clock: Clock,
    (log_end, ready): (Arc<AtomicU64>, Arc<AtomicBool>),
) -> ApiState {
    let readiness = move || {
        let is_ready = ready.load(Ordering::Relaxed);
        let stream = if is_ready { "ok" } else { "replaying 45 %" };
        Readiness {
            is_ready,
            checks: vec![("log", "ok".to_owned()), ("stream", stream.to_owned())],
        }
    };
    ApiState {
        live,
        door,
        sql: Arc::new(FakeSql),
        keys,
        thresholds: analytics::quality::Thresholds::default(),
        clock,
        log_end: Arc::new(move || log_end.load(Ordering::Relaxed)),
        readiness: Arc::new(readiness),
        render_metrics: Arc::new(|| "shopstream_events_total 3\n".to_owned()),
    }
}

/// Says what it was asked, and refuses what is no question.
struct FakeSql;

impl crate::sql::SqlDoor for FakeSql {
    fn ask(
        &self,
        ask: crate::sql::SqlAsk,
    ) -> std::pin::Pin<
        Box<dyn Future<Output = Result<crate::sql::SqlBody, crate::sql::SqlRefused>> + Send + '_>,
    > {
        Box::pin(async move {
            if !ask.sql.starts_with("SELECT") {
                return Err(crate::sql::SqlRefused {
                    state: "25006",
                    message: "it is not answered".to_owned(),
                    hint: "ask with SELECT".to_owned(),
                });
            }
            let (parts, body) = tokio::sync::mpsc::channel(1);
            let said = format!("{:?} of {:?}: {}", ask.format, ask.store, ask.sql);
            let _ = parts.send(Ok(said.into())).await;
            Ok(body)
        })
    }
}

pub(super) fn text(text: &str) -> Cellar {
    Cellar::Text(Arc::from(text))
}

/// Rows of one fact in every window of its cube.
pub(super) fn fact(
    id: CubeId,
    time: EventTime,
    (value, currency): (&str, &str),
    numbers: &str,
) -> Vec<Change> {
    let cube = id.cube();
    let stated = |name: &str| {
        if name.is_empty() {
            Cellar::Null
        } else {
            text(name)
        }
    };
    let number = |name: &str| {
        let given = numbers
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='))
            .find(|(field, _)| *field == name);
        given.map_or(0, |(_, text)| {
            parse_decimal(text.as_bytes()).expect("a number").value
        })
    };
    let sums = cube.fields.iter().map(|field| match field.scale() {
        Scale::Count => Cellar::Int(number(field.name()) / event::SCALE),
        _ => Cellar::Decimal(number(field.name()).into()),
    });
    let sketches = cube.distincts.len() + usize::from(cube.has_order_value);
    let values: Box<[Cellar]> = sums
        .chain((0..sketches).map(|_| Cellar::Sketch(Arc::from([]))))
        .collect();
    let row = |grain: &analytics::window::Grain| {
        let window = Calendar::new(TimeZone::UTC).window_start(*grain, time);
        let mut key = vec![text("main"), text(grain.name()), Cellar::Time(window.0)];
        key.extend(cube.dimension.map(|_| stated(value)));
        key.extend(cube.has_currency.then(|| stated(currency)));
        Change {
            table: cube.table,
            key: key.into(),
            values: Some(values.clone()),
            version: 1,
        }
    };
    cube.grains.iter().map(row).collect()
}

/// A request to be.
pub(super) struct Ask {
    pub(super) method: String,
    pub(super) path: String,
    headers: Vec<(String, String)>,
    body: Body,
}

impl Ask {
    fn new(method: &str, path: &str) -> Ask {
        Ask {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Body::empty(),
        }
    }

    pub(super) fn get(path: &str) -> Ask {
        Ask::new("GET", path)
    }

    pub(super) fn post(path: &str, body: impl Into<Body>) -> Ask {
        Ask {
            body: body.into(),
            ..Ask::new("POST", path)
        }
    }

    pub(super) fn of(method: &str, path: &str) -> Ask {
        Ask::new(method, path)
    }

    pub(super) fn with(mut self, header: &str, value: &str) -> Ask {
        self.headers.push((header.to_owned(), value.to_owned()));
        self
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header == name)
    }

    fn is_signed(&self) -> bool {
        ["x-api-key", "authorization", "cookie"]
            .into_iter()
            .any(|name| self.has(name))
    }

    pub(super) fn request(self) -> Request<Body> {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(&self.path);
        if !self.has("host") {
            request = request.header(header::HOST, "localhost:8000");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body).expect("a request")
    }
}

/// An answer, read to its end.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
}

impl Reply {
    async fn of(response: Response) -> Reply {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX)
            .await
            .expect("the body comes")
            .to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes,
            text,
        }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Status, and the code of a problem.
    pub(super) fn summary(&self) -> String {
        let problem: Option<Value> = serde_json::from_str(&self.text).ok();
        let code = problem
            .as_ref()
            .and_then(|problem| problem["code"].as_str());
        code.map_or_else(
            || self.status.to_string(),
            |code| format!("{} {code}", self.status),
        )
    }
}
