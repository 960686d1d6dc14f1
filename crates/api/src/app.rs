//! The table of routes: which path wants which scope, and the layers around all of them.

use crate::auth::{Need, require};
use crate::config::ApiConfig;
use crate::host::{self, HostNames};
use crate::hub::Hub;
use crate::keys::Scope;
use crate::routes::{
    alerts, audit, carts, catalogue, customers, errors, events, fallback, funnels, health, imports,
    inventory, quality, quarantine, queries, segments, sessions, sql, stream,
};
use crate::state::ApiState;
use crate::trace;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use event::EventTime;
use runtime::CancellationToken;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What handlers share.
pub(crate) struct App {
    pub(crate) config: ApiConfig,
    pub(crate) state: ApiState,
    pub(crate) hosts: HostNames,
    pub(crate) is_loopback: bool,
    pub(crate) hub: Arc<Hub>,
    pub(crate) queries: Semaphore,
    pub(crate) imports: Arc<Semaphore>,
    pub(crate) stop: CancellationToken,
    /// Since when events can come in.
    pub(crate) started: EventTime,
}

impl App {
    pub(crate) fn new(
        config: ApiConfig,
        state: ApiState,
        address: IpAddr,
        stop: CancellationToken,
    ) -> Arc<App> {
        let interval = Duration::from_millis(config.stream_interval_ms);
        let heartbeat = Duration::from_secs(config.heartbeat_s);
        let hub = Hub::new(
            state.live.clone(),
            state.clock.clone(),
            interval,
            heartbeat,
            config.stream_readers_max,
        );
        Arc::new(App {
            hosts: HostNames::new(address.is_loopback(), &config.allowed_hosts),
            is_loopback: address.is_loopback(),
            hub,
            queries: Semaphore::new(config.query_slots.max(1)),
            imports: Arc::new(Semaphore::new(config.import_slots.max(1))),
            stop,
            started: EventTime(state.clock.now().0),
            config,
            state,
        })
    }
}

/// All routes, as a server on this address has them; `stop` ends streams.
/// Deltas of the stream flow only while [`crate::serve`] runs.
pub fn router(
    config: ApiConfig,
    state: ApiState,
    address: IpAddr,
    stop: CancellationToken,
) -> Router {
    routes(&App::new(config, state, address, stop))
}

pub(crate) fn routes(app: &Arc<App>) -> Router {
    let reading = Router::new()
        .route("/api/v1/query", post(queries::query))
        .route("/api/v1/sql", post(sql::ask))
        .route("/api/v1/stream", get(stream::stream))
        .route("/api/v1/carts", get(carts::list))
        .route("/api/v1/funnel", get(funnels::funnels))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/audit", get(audit::audit))
        .route("/api/v1/quality", get(quality::quality))
        .route("/api/v1/quarantine", get(quarantine::list))
        .route("/api/v1/quarantine/{id}", get(quarantine::show))
        .route("/api/v1/imports", get(imports::list))
        .route("/api/v1/inventory", get(inventory::list))
        .route("/api/v1/customers", get(customers::list))
        .route("/api/v1/customers/segments", get(segments::list))
        .route("/api/v1/customers/{id}", get(customers::show))
        .route("/api/v1/prices/changes", get(inventory::price_changes))
        .route("/api/v1/meta/metrics", get(catalogue::metrics));
    let adding = Router::new().route("/api/v1/events", post(events::add));
    let managing = Router::new()
        .route("/api/v1/alerts/{id}/acknowledge", post(alerts::acknowledge))
        .route("/api/v1/alerts/{id}/resolve", post(alerts::resolve))
        .route("/api/v1/imports", post(imports::import))
        .route("/api/v1/imports/{id}/undo", post(imports::undo))
        .route("/api/v1/quarantine/replay", post(quarantine::replay));
    let open = Router::new()
        .route("/login", get(sessions::log_in))
        .route(
            "/api/v1/session",
            post(sessions::open)
                .get(sessions::show)
                .delete(sessions::close),
        )
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/docs/errors", get(errors::list))
        .route("/docs/errors/{code}", get(errors::page));
    open.merge(guarded(reading, app, Scope::Read))
        .merge(guarded(adding, app, Scope::Ingest))
        .merge(guarded(managing, app, Scope::Admin))
        .fallback(fallback::fallback)
        .method_not_allowed_fallback(fallback::not_this_method)
        .layer(from_fn_with_state(Arc::clone(app), host::guard))
        .layer(from_fn_with_state(Arc::clone(app), trace::trace))
        .with_state(Arc::clone(app))
}

fn guarded(routes: Router<Arc<App>>, app: &Arc<App>, scope: Scope) -> Router<Arc<App>> {
    let need = Need {
        app: Arc::clone(app),
        scope: Some(scope),
    };
    routes.route_layer(from_fn_with_state(need, require))
}
