//! What can be asked: every metric that is counted, with its definition, dimensions and windows.

use crate::app::App;
use crate::wire::Envelope;
use analytics::catalogue::{self, Dimension, Metric};
use analytics::window::Grain;
use axum::extract::State;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The catalogue.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Envelope {
    let data = catalogue::metrics()
        .map(|metric| describe(&metric))
        .collect();
    Envelope::new(data, app.state.clock.now())
}

fn describe(metric: &Metric) -> Value {
    let dimensions: Vec<Dimension> = metric.dimensions().collect();
    let names: Vec<&str> = dimensions
        .iter()
        .map(|dimension| dimension.name())
        .collect();
    let grains = |dimension| {
        metric
            .grains(dimension)
            .map(Grain::name)
            .collect::<Vec<_>>()
    };
    let by_dimension: Map<String, Value> = dimensions
        .iter()
        .map(|dimension| {
            (
                dimension.name().to_owned(),
                Value::from(grains(Some(*dimension))),
            )
        })
        .collect();
    json!({
        "name": metric.name,
        "label": metric.label,
        "kind": metric.kind(),
        "unit": metric.unit(),
        "definition": metric.definition,
        "formula": metric.formula,
        "dimensions": names,
        "grains": grains(None),
        "grains_by_dimension": by_dimension,
    })
}
