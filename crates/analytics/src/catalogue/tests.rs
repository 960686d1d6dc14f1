//! Claims about declarations: what is told of every metric is true of its cubes.

use super::*;

/// What is told of single steps of funnels cannot be added up over them.
fn totals() -> impl Iterator<Item = Metric> {
    let of_steps = [Dimension::FunnelStep];
    metrics().filter(move |metric| !metric.dimensions().eq(of_steps))
}

#[test]
fn what_is_told_of_steps_of_funnels_is_kept_by_step_from_a_quarter_on() {
    let of_steps = metrics().filter(|metric| metric.name.starts_with("funnel_"));
    let grains = of_steps.map(|metric| metric.grains(Some(Dimension::FunnelStep)).count());
    assert_eq!(grains.collect::<Vec<_>>(), [3, 3, 3, 3, 3]);
    assert_eq!(totals().count() + 5, metrics().count());
}

#[test]
fn every_metric_can_be_read_somewhere_and_names_are_unique() {
    let mut names: Vec<&str> = metrics().map(|metric| metric.name).collect();
    let lacking = totals().find(|metric| metric.cube(None, Grain::Day).is_none());
    assert_eq!(lacking, None, "has no total");
    assert_eq!(names.len(), Field::COUNT + DERIVED.len());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), metrics().count());
}

#[test]
fn money_is_only_kept_by_currency() {
    let wrong = CUBES.iter().find(|cube| {
        !cube.has_currency
            && cube
                .fields
                .iter()
                .any(|field| field.scale() == Scale::Money)
    });
    assert_eq!(wrong, None);
}

#[test]
fn every_metric_can_be_split_by_hour_and_day_of_the_week() {
    for dimension in [Dimension::Hour, Dimension::DayOfWeek] {
        assert!(totals().all(|metric| metric.dimensions().any(|known| known == dimension)));
        let lacking = totals().find(|metric| {
            !metric
                .grains(Some(dimension))
                .any(|grain| grain == Grain::Hour)
        });
        assert_eq!(lacking, None);
    }
}

#[test]
fn revenue_can_be_split_by_product_from_a_quarter_on() {
    let revenue = metric("revenue").expect("declared");
    assert!(
        revenue
            .cube(Some(Dimension::Product), Grain::Minute)
            .is_none()
    );
    assert!(
        revenue
            .cube(Some(Dimension::Product), Grain::Quarter)
            .is_some()
    );
    assert!(
        revenue
            .dimensions()
            .any(|dimension| dimension == Dimension::Country)
    );
}
