//! What a process says about itself: log lines on stderr, numbers for Prometheus.
//! Which numbers exist is listed in each crate's `metrics.rs`, not here.

use std::io::{IsTerminal, stderr};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::TryInitError;

/// The variable that sets levels, such as `info` or `warn,eventlog=debug`.
pub const LEVEL_VARIABLE: &str = "SHOPSTREAM_LOG";

/// Fsyncs and requests lie between 0.1 ms and 10 s; each step is about a factor of 2.5.
const SECONDS_BUCKETS: [f64; 13] = [
    0.000_1, 0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people on a terminal, JSON otherwise.
    #[default]
    Detect,
    /// One line to read, coloured on a terminal unless `NO_COLOR` is set.
    Human,
    /// One JSON object a line.
    Json,
}

/// What may be chosen about log lines; by default all is detected.
#[derive(Debug, Clone, Default)]
pub struct Logging {
    /// Levels to use instead of those in `SHOPSTREAM_LOG`; without either it is `info`.
    pub level: Option<String>,
    /// The look of a line.
    pub format: Format,
}

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The text for the levels means nothing.
    #[error("understand log levels {text:?}")]
    Level {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        cause: ParseError,
    },
    /// Somebody else already receives log lines in this process.
    #[error("start log output")]
    Logging(#[from] TryInitError),
    /// Somebody else already receives metrics in this process.
    #[error("start metrics")]
    Metrics(#[from] BuildError),
}

/// Starts log lines and metrics; once a process. The answer renders the metrics.
pub fn init(logging: &Logging) -> Result<Metrics, TelemetryError> {
    init_logging(logging)?;
    let matcher = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(matcher, &SECONDS_BUCKETS)?;
    Ok(Metrics(builder.install_recorder()?))
}

/// What is told where nobody chose: of libraries that tell of every step only what went wrong.
const USUAL_LEVELS: &str = "info,buoyant_kernel=warn,buoyant_kernel_engine=warn,deltalake_core=warn,datafusion=warn,object_store=warn";

fn init_logging(logging: &Logging) -> Result<(), TelemetryError> {
    use tracing_subscriber::util::SubscriberInitExt;
    let filter = level_filter(logging, std::env::var(LEVEL_VARIABLE).ok())?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // It would tell of a failed write on standard error, and so panic in whoever logs when nobody reads there.
        .log_internal_errors(false)
        .with_writer(stderr);
    match logging.format.resolve(stderr().is_terminal()) {
        Format::Json => lines.json().flatten_event(true).finish().try_init()?,
        _ => lines.with_ansi(coloured()).finish().try_init()?,
    }
    Ok(())
}

fn level_filter(logging: &Logging, variable: Option<String>) -> Result<EnvFilter, TelemetryError> {
    let given = logging.level.clone().or(variable);
    let text = given
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| USUAL_LEVELS.to_owned());
    let parsed = EnvFilter::try_new(&text);
    parsed.map_err(|cause| TelemetryError::Level { text, cause })
}

/// <https://no-color.org>: any value but the empty one switches colour off.
fn coloured() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stderr().is_terminal() && !refused
}

impl Format {
    fn resolve(self, terminal: bool) -> Self {
        match self {
            Self::Detect if terminal => Self::Human,
            Self::Detect => Self::Json,
            chosen => chosen,
        }
    }
}

/// The numbers gathered so far.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// The page a Prometheus server reads.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds pending samples; call it every few seconds, or they pile up where nobody scrapes.
    pub fn fold_pending(&self) {
        self.0.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn check_level(given: Option<&str>, variable: Option<&str>, expected: &str) {
        let logging = Logging {
            level: given.map(str::to_owned),
            format: Format::Detect,
        };
        let filter = level_filter(&logging, variable.map(str::to_owned));
        let text = filter.map_or_else(|error| error.to_string(), |filter| filter.to_string());
        let directives = |text: &str| text.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(directives(&text), directives(expected));
    }

    #[test]
    fn the_given_level_wins_over_the_variable_and_info_is_the_default() {
        check_level(Some("debug"), Some("warn"), "debug");
        check_level(None, Some("warn"), "warn");
        let usual = "info,buoyant_kernel=warn,buoyant_kernel_engine=warn,datafusion=warn,deltalake_core=warn,object_store=warn";
        check_level(None, Some(" "), usual);
        check_level(None, None, usual);
    }

    #[test]
    fn a_level_that_means_nothing_is_refused_with_its_text() {
        check_level(
            Some("eventlog=loud"),
            None,
            "understand log levels \"eventlog=loud\"",
        );
    }

    #[test]
    fn lines_are_json_unless_a_person_watches() {
        assert_eq!(Format::Detect.resolve(false), Format::Json);
        assert_eq!(Format::Detect.resolve(true), Format::Human);
        assert_eq!(Format::Human.resolve(false), Format::Human);
    }

    #[test]
    fn rendered_metrics_carry_names_and_buckets() {
        let metrics = init(&Logging::default()).expect("telemetry starts once in this process");
        metrics::counter!("shelf_events_total").increment(3);
        metrics::histogram!("shelf_sync_seconds").record(0.004);
        metrics.fold_pending();
        let page = metrics.render();
        assert!(page.contains("shelf_events_total 3"), "{page}");
        assert!(
            page.contains("shelf_sync_seconds_bucket{le=\"0.005\"} 1"),
            "{page}"
        );
    }
}
