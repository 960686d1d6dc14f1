//! Campaigns: for a while some goods are cheaper and more people come, sent by links that say so.
//! Which visitors come by a campaign is drawn here; what they do is `session`.

use crate::assortment::Shelves;
use crate::catalogue::Catalogue;
use crate::random::Random;
use crate::time::Time;

/// A campaign; times count from the start of the shop.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    /// How it names itself in links.
    pub label: CampaignLabel,
    /// Begins so many microseconds after the shop.
    pub begins_micros: i64,
    /// Lasts so many microseconds.
    pub lasts_micros: i64,
    /// Positions of the categories it is about; none means all.
    pub categories: Vec<u8>,
    /// What it takes off prices, in hundredths of a percent.
    pub cut_basis_points: i64,
    /// Visitors it brings against the usual number: 0.3 is three more for every ten.
    pub lift: f64,
}

/// How a campaign names itself in links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CampaignLabel {
    /// `utm_source`.
    pub source: &'static str,
    /// `utm_medium`.
    pub medium: &'static str,
    /// `utm_campaign`.
    pub name: &'static str,
}

/// What brought a visitor: a link, and the category it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lead {
    pub(crate) label: CampaignLabel,
    pub(crate) category: Option<u8>,
}

/// Running campaigns.
#[derive(Debug, Default)]
pub(crate) struct Campaigns {
    start: Time,
    all: Vec<Campaign>,
    active: Vec<usize>,
    next_change: Option<Time>,
    lift: f64,
}

impl Campaigns {
    pub(crate) fn new(start: Time, all: Vec<Campaign>) -> Campaigns {
        Campaigns {
            start,
            next_change: (!all.is_empty()).then_some(start),
            all,
            ..Campaigns::default()
        }
    }

    /// When a campaign begins or ends next.
    pub(crate) fn next_change(&self) -> Option<Time> {
        self.next_change
    }

    /// Visitors beside the usual ones, against their number.
    pub(crate) fn lift(&self) -> f64 {
        self.lift
    }

    /// Opens and closes campaigns as of this time.
    pub(crate) fn change(&mut self, time: Time, catalogue: &mut Catalogue) {
        let spans: Vec<(Time, Time)> = self
            .all
            .iter()
            .map(|campaign| self.span(campaign))
            .collect();
        let is_active = |index: &usize| (spans[*index].0..spans[*index].1).contains(&time);
        self.active = (0..self.all.len()).filter(is_active).collect();
        self.lift = self.active.iter().map(|index| self.all[*index].lift).sum();
        catalogue.set_cuts(self.cuts(catalogue.shelves()));
        let changes = spans.iter().flat_map(|(from, until)| [*from, *until]);
        self.next_change = changes.filter(|change| *change > time).min();
    }

    /// Whether one more visitor comes by a campaign, and by which.
    pub(crate) fn lead(&self, random: &mut Random) -> Option<Lead> {
        if self.lift <= 0.0 || !random.chance(self.lift / (1.0 + self.lift)) {
            return None;
        }
        let mut drawn = random.unit() * self.lift;
        let index = self.active.iter().find(|index| {
            drawn -= self.all[**index].lift;
            drawn < 0.0
        })?;
        let campaign = &self.all[*index];
        let count = campaign.categories.len() as u64;
        let category = (count > 0).then(|| campaign.categories[random.below(count) as usize]);
        Some(Lead {
            label: campaign.label,
            category,
        })
    }

    fn span(&self, campaign: &Campaign) -> (Time, Time) {
        let from = self.start.plus(campaign.begins_micros);
        (from, from.plus(campaign.lasts_micros))
    }

    /// The deepest cut of each category; empty where nothing is cut.
    fn cuts(&self, shelves: Shelves) -> Vec<i64> {
        let mut cuts = vec![0; shelves.len()];
        for campaign in self.active.iter().map(|index| &self.all[*index]) {
            for (category, cut) in (0_u8..=255).zip(&mut cuts) {
                if campaign.categories.is_empty() || campaign.categories.contains(&category) {
                    *cut = campaign.cut_basis_points.max(*cut);
                }
            }
        }
        if cuts.iter().all(|cut| *cut == 0) {
            cuts.clear();
        }
        cuts
    }
}
