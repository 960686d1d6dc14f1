//! From names to cubes: which columns of which cubes answer a question, and how they become metrics.
//! Times are not resolved here.

use super::answer::{Column, Rate};
use super::calendar::CalendarValues;
use super::sliding::Sliding;
use super::{FILTER_VALUES_MAX, Granularity, LIMIT_MAX, METRICS_MAX, Query, QueryError};
use crate::tables::LiveTables;
use crate::texts::TextId;
use analytics::catalogue::{Dimension, Metric, Reading, metric};
use analytics::cell::{CUBES, Cube, CubeId};
use analytics::tally::{Field, Scale};
use analytics::window::{Calendar, Grain};
use event::Currency;
use std::sync::Arc;

/// How a question will be answered.
pub(crate) struct Plan {
    pub(crate) store: TextId,
    pub(crate) calendar: Calendar,
    /// Windows side by side; sliding ones stand apart.
    pub(crate) granularity: Option<Grain>,
    pub(crate) sliding: Option<Sliding>,
    pub(crate) dimension: Option<Dimension>,
    /// Values of the windows, where the dimension follows from them.
    pub(crate) of_window: Option<CalendarValues>,
    /// Values to keep; nothing means all.
    pub(crate) values: Option<Vec<TextId>>,
    /// The one currency to keep.
    pub(crate) currency: Option<TextId>,
    /// Whether rows are told apart by currency: where money is asked for.
    pub(crate) is_by_currency: bool,
    /// The currency of rows where nothing was sold.
    pub(crate) currency_of_nothing: Arc<str>,
    pub(crate) compares: bool,
    pub(crate) metrics: Vec<PlannedMetric>,
    pub(crate) sources: Vec<Source>,
    /// Quantiles of order values that are asked for, in thousandths.
    pub(crate) quantiles: Vec<u32>,
}

/// One cube and the columns that are read from it.
pub(crate) struct Source {
    pub(crate) id: CubeId,
    pub(crate) cube: &'static Cube,
    pub(crate) part: Part,
    /// Column of the cube, column of the groups.
    pub(crate) sums: Vec<(usize, usize)>,
    pub(crate) distincts: Vec<(usize, usize)>,
    /// Where order values stand in the cube's sketches, if they are needed.
    pub(crate) order_values: Option<usize>,
}

/// The two sets of groups: those told apart by currency, and the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    ByCurrency,
    Plain,
}

/// A metric, and where its numbers will stand.
pub(crate) struct PlannedMetric {
    pub(crate) metric: Metric,
    pub(crate) part: Part,
    pub(crate) read: Read,
}

/// Columns of the groups that a metric is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Read {
    Sum(usize),
    Ratio(usize, usize, Rate),
    Distinct(usize),
    OrderValue(usize),
}

impl Plan {
    pub(crate) fn of(live: &LiveTables, query: &Query) -> Result<Plan, QueryError> {
        check_limits(query)?;
        let metrics = read_metrics(query)?;
        let dimension = read_dimension(query)?;
        let is_by_currency = metrics.iter().any(Metric::is_money);
        let settings = live.stores().get(&query.store);
        let texts = live.shared.texts.read();
        let find = |text: &str| texts.find(text).unwrap_or(TextId(u32::MAX));
        let currency = read_currency(query)?;
        let text = |value: &Option<String>| value.as_deref().map_or(TextId::NONE, find);
        let of_window = dimension.and_then(|dimension| live.shared.calendar_texts.of(dimension));
        let mut plan = Plan {
            store: find(&query.store),
            calendar: settings.calendar(),
            granularity: match query.granularity {
                Some(Granularity::Grain(grain)) => Some(grain),
                _ => None,
            },
            sliding: match query.granularity {
                Some(Granularity::Sliding(sliding)) => Some(sliding),
                _ => None,
            },
            dimension,
            of_window,
            values: read_filter(query, dimension)?
                .map(|values| match of_window {
                    Some(of_window) => values.iter().map(|value| of_window.named(value)).collect(),
                    None => Ok(values.iter().map(text).collect()),
                })
                .transpose()?,
            currency: currency.as_ref().map(|code| find(code.as_str())),
            is_by_currency,
            currency_of_nothing: Arc::from(currency.unwrap_or(settings.currency).as_str()),
            compares: query.compare.is_some(),
            metrics: Vec::new(),
            sources: Vec::new(),
            quantiles: Vec::new(),
        };
        metrics
            .into_iter()
            .try_for_each(|metric| plan.add(metric, query.granularity))?;
        Ok(plan)
    }

    /// Whether rows are told apart by windows.
    pub(crate) fn has_windows(&self) -> bool {
        self.granularity.is_some() || self.sliding.is_some()
    }

    fn add(&mut self, metric: Metric, granularity: Option<Granularity>) -> Result<(), QueryError> {
        let id = cube_of(&metric, self.dimension, granularity)?;
        let at = self.source(id);
        let part = self.sources[at].part;
        let read = match metric.reading {
            Reading::Sum(field) => Read::Sum(self.sum_column(at, field)),
            Reading::Ratio(numerator, denominator) => {
                let rate = Rate {
                    is_count: numerator.scale() == Scale::Count,
                    is_of_counts: denominator.scale() == Scale::Count,
                };
                Read::Ratio(
                    self.sum_column(at, numerator),
                    self.sum_column(at, denominator),
                    rate,
                )
            }
            Reading::Distinct(of) => {
                let cube = self.sources[at].cube;
                let column = cube.distincts.iter().position(|known| *known == of);
                Read::Distinct(self.distinct_column(
                    at,
                    column.expect("the cube was chosen because it has this count"),
                ))
            }
            Reading::OrderValue(permille) => {
                let source = &mut self.sources[at];
                source.order_values = Some(source.cube.distincts.len());
                Read::OrderValue(self.quantile_column(permille))
            }
        };
        self.metrics.push(PlannedMetric { metric, part, read });
        Ok(())
    }

    fn source(&mut self, id: CubeId) -> usize {
        if let Some(at) = self.sources.iter().position(|source| source.id == id) {
            return at;
        }
        let cube = id.cube();
        let part = if self.is_by_currency && cube.has_currency {
            Part::ByCurrency
        } else {
            Part::Plain
        };
        self.sources.push(Source {
            id,
            cube,
            part,
            sums: Vec::new(),
            distincts: Vec::new(),
            order_values: None,
        });
        self.sources.len() - 1
    }

    fn sum_column(&mut self, at: usize, field: Field) -> usize {
        let column = self.sources[at]
            .cube
            .fields
            .iter()
            .position(|known| *known == field);
        let column = column.expect("the cube was chosen because it has this field");
        let next = self.width(self.sources[at].part).sums;
        let sums = &mut self.sources[at].sums;
        if let Some((_, known)) = sums.iter().find(|(known, _)| *known == column) {
            return *known;
        }
        sums.push((column, next));
        next
    }

    fn distinct_column(&mut self, at: usize, column: usize) -> usize {
        let next = self.width(self.sources[at].part).distincts;
        let distincts = &mut self.sources[at].distincts;
        if let Some((_, known)) = distincts.iter().find(|(known, _)| *known == column) {
            return *known;
        }
        distincts.push((column, next));
        next
    }

    fn quantile_column(&mut self, permille: u32) -> usize {
        let known = self.quantiles.iter().position(|known| *known == permille);
        known.unwrap_or_else(|| {
            self.quantiles.push(permille);
            self.quantiles.len() - 1
        })
    }

    /// How many columns the groups of a part have.
    pub(crate) fn width(&self, part: Part) -> Width {
        let sources = self.sources.iter().filter(|source| source.part == part);
        sources.fold(Width::default(), |width, source| Width {
            sums: width.sums + source.sums.len(),
            distincts: width.distincts + source.distincts.len(),
            order_values: match source.order_values {
                Some(_) => self.quantiles.len(),
                None => width.order_values,
            },
        })
    }

    /// The grid that ranges are widened to: the coarsest of the finest windows that must be read.
    pub(crate) fn grid(&self) -> Grain {
        self.sources
            .iter()
            .map(|source| source.cube.base)
            .max()
            .unwrap_or(Grain::Minute)
    }

    /// The columns of the answer, in the order of its rows.
    pub(crate) fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        if self.has_windows() {
            columns.push(Column::of_key("window_start", "time", "From"));
        }
        if self.sliding.is_some() {
            columns.push(Column::of_key("window_end", "time", "To"));
        }
        if let Some(dimension) = self.dimension {
            columns.push(Column::of_key(
                dimension.name(),
                "dimension",
                dimension_label(dimension),
            ));
        }
        if self.dimension == Some(Dimension::Product) {
            columns.push(Column::of_key("product_name", "dimension", "Product name"));
        }
        if self.is_by_currency {
            columns.push(Column::of_key("currency", "currency", "Currency"));
        }
        columns.extend(
            self.metrics
                .iter()
                .map(|planned| Column::of_metric(&planned.metric, "", "")),
        );
        if self.compares {
            columns.extend(
                self.metrics
                    .iter()
                    .map(|planned| Column::of_metric(&planned.metric, "_before", ", before")),
            );
        }
        columns
    }
}

/// How many columns of each kind groups have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Width {
    pub(crate) sums: usize,
    pub(crate) distincts: usize,
    pub(crate) order_values: usize,
}

fn dimension_label(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Type => "Type",
        Dimension::Country => "Country",
        Dimension::Category => "Category",
        Dimension::Device => "Device",
        Dimension::Channel => "Channel",
        Dimension::Identity => "Identity",
        Dimension::Product => "Product",
        Dimension::Hour => "Hour",
        Dimension::DayOfWeek => "Day of week",
        Dimension::FunnelStep => "Step of a funnel",
        Dimension::PaymentMethod => "Payment method",
        Dimension::Coupon => "Coupon",
        Dimension::Promotion => "Promotion",
        Dimension::Campaign => "Campaign",
        Dimension::LandingPage => "Landing page",
        Dimension::Referrer => "Referrer",
        Dimension::SearchTerm => "Search term",
        Dimension::VisitorKind => "Person or bot",
    }
}

fn check_limits(query: &Query) -> Result<(), QueryError> {
    if query.metrics.is_empty() {
        return Err(QueryError::invalid(
            "metrics is empty",
            "name at least one metric, such as \"revenue\"",
        ));
    }
    if query.metrics.len() > METRICS_MAX {
        return Err(QueryError::invalid(
            format!("{} metrics are asked for", query.metrics.len()),
            format!("ask for at most {METRICS_MAX} at once"),
        ));
    }
    if query.limit == 0 || query.limit > LIMIT_MAX {
        return Err(QueryError::invalid(
            format!("limit is {}", query.limit),
            format!("use 1 to {LIMIT_MAX}; further rows come by offset"),
        ));
    }
    if let Some(limit) = query.limit_each {
        check_limit_each(query, limit)?;
    }
    match query.granularity {
        Some(Granularity::Sliding(sliding)) => sliding.check(),
        _ => Ok(()),
    }
}

fn check_limit_each(query: &Query, limit: usize) -> Result<(), QueryError> {
    if query.granularity.is_none() {
        return Err(QueryError::invalid(
            "limit_each is given without a granularity",
            "add a granularity, or use limit: there is one window only",
        ));
    }
    if limit == 0 || limit > LIMIT_MAX {
        return Err(QueryError::invalid(
            format!("limit_each is {limit}"),
            format!("use 1 to {LIMIT_MAX}"),
        ));
    }
    Ok(())
}

fn read_metrics(query: &Query) -> Result<Vec<Metric>, QueryError> {
    let mut metrics: Vec<Metric> = Vec::with_capacity(query.metrics.len());
    for name in &query.metrics {
        let metric =
            metric(name).ok_or_else(|| QueryError::UnknownMetric { name: name.clone() })?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    Ok(metrics)
}

fn parse_dimension(name: &str) -> Result<Dimension, QueryError> {
    Dimension::parse(name).ok_or_else(|| QueryError::UnknownDimension {
        name: name.to_owned(),
    })
}

fn read_dimension(query: &Query) -> Result<Option<Dimension>, QueryError> {
    match &query.dimensions[..] {
        [] => Ok(None),
        [name] => parse_dimension(name).map(Some),
        names => Err(QueryError::invalid(
            format!("{} dimensions are asked for", names.len()),
            "split by one dimension; numbers are kept by one at a time",
        )),
    }
}

fn read_filter(
    query: &Query,
    dimension: Option<Dimension>,
) -> Result<Option<&[Option<String>]>, QueryError> {
    let mut filter = None;
    for (name, values) in &query.filters {
        let filtered = parse_dimension(name)?;
        if dimension != Some(filtered) {
            return Err(QueryError::invalid(
                format!("{name} is filtered but not asked for"),
                format!("add it: \"dimensions\": [\"{name}\"]"),
            ));
        }
        if values.len() > FILTER_VALUES_MAX {
            return Err(QueryError::invalid(
                format!("{} values of {name} are given", values.len()),
                format!("filter by at most {FILTER_VALUES_MAX}"),
            ));
        }
        filter = Some(&values[..]);
    }
    Ok(filter)
}

fn read_currency(query: &Query) -> Result<Option<Currency>, QueryError> {
    let Some(code) = &query.currency else {
        return Ok(None);
    };
    let currency = Currency::parse(code);
    let unknown = || {
        QueryError::invalid(
            format!("\"{code}\" is no currency"),
            "use a code of ISO 4217, such as \"EUR\"",
        )
    };
    currency.map(Some).ok_or_else(unknown)
}

/// The cube a metric is read from: with windows of the granularity, else the one that keeps everything.
fn cube_of(
    metric: &Metric,
    dimension: Option<Dimension>,
    granularity: Option<Granularity>,
) -> Result<CubeId, QueryError> {
    let kept_by = dimension.and_then(Dimension::of_cells);
    let holds = |cube: &Cube| cube.dimension == kept_by && metric.is_in(cube);
    if let Some(dimension) = dimension.filter(|_| !CUBES.iter().any(holds)) {
        let available = metric.dimensions().map(Dimension::name).collect();
        return Err(QueryError::NotSplitBy {
            metric: metric.name,
            dimension: dimension.name(),
            available,
        });
    }
    if kept_by.is_none() && !CUBES.iter().any(holds) {
        let available: Vec<&str> = metric.dimensions().map(Dimension::name).collect();
        return Err(QueryError::invalid(
            format!("{} has no total", metric.name),
            format!("ask for it by {}", available.join(" or ")),
        ));
    }
    let suits = |cube: &Cube| match granularity {
        Some(Granularity::Grain(grain)) => cube.grains.contains(&grain),
        Some(Granularity::Sliding(sliding)) => sliding.is_made_of(cube.base),
        None => cube.kept_micros.is_none(),
    };
    let found = CubeId::all().find(|id| holds(id.cube()) && suits(id.cube()));
    let available = || metric.grains(dimension).map(Grain::name).collect();
    found.ok_or_else(|| match granularity {
        Some(Granularity::Sliding(sliding)) => QueryError::NotInSlidingWindows {
            metric: metric.name,
            sliding,
            available: available(),
        },
        Some(Granularity::Grain(granularity)) => not_in_windows(metric, granularity, available()),
        None => not_in_windows(metric, Grain::Day, available()),
    })
}

fn not_in_windows(metric: &Metric, granularity: Grain, available: Vec<&'static str>) -> QueryError {
    QueryError::NotInWindows {
        metric: metric.name,
        granularity,
        available,
    }
}
