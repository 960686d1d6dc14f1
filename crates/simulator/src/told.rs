//! Events of a shop that no everyday visitor causes: news of the warehouse, errands, bots. Each becomes an act like others.
//! When they are due is decided by `story`; how they look as bytes is `write`.

use crate::cart::as_line;
use crate::event::{Detail, Page};
use crate::kind::Kind;
use crate::population::{Device, Identity};
use crate::sale::{Wishes, bill};
use crate::session::{Act, World};
use crate::shop::{Facts, Shop};
use crate::story::{BotAct, Errand, Step, SupplyNews};
use crate::time::Time;

/// An event before it has its id.
pub(crate) struct Told {
    pub(crate) time: Time,
    pub(crate) facts: Facts,
    pub(crate) act: Act,
}

/// Numbers of bots' and errands' visits, far beyond those of visitors.
const BOT_VISITS: u64 = 1 << 48;
const ERRAND_VISITS: u64 = 1 << 49;

impl Shop {
    /// What the story has to tell before the next visitor acts.
    pub(crate) fn next_of_tale(&mut self) -> Option<Told> {
        let now = Time(self.now_nanos.div_euclid(1_000));
        let due = self.world.tale.next_event_due()?.max(now);
        if due > self.paced_time() {
            return None;
        }
        self.now_nanos = self.now_nanos.max(due.0.saturating_mul(1_000));
        self.world.now = due;
        self.world.lines.clear();
        if let Some(news) = self.world.tale.take_news() {
            return Some(self.news(news, due));
        }
        let World {
            tale, catalogue, ..
        } = &mut self.world;
        let errand = tale.take_errand(due, catalogue)?;
        Some(self.errand(errand, due))
    }

    /// The page a bot asks for, if this moment is a bot's.
    pub(crate) fn bot_act(&mut self, time: Time) -> Option<Told> {
        let World {
            tale,
            catalogue,
            population,
            lines,
            ..
        } = &mut self.world;
        let BotAct {
            who,
            session,
            product,
            act,
        } = tale.bot_act(time, population, catalogue)?;
        lines.clear();
        if act.kind == Kind::ItemView {
            lines.push(as_line((product, 1), catalogue));
        }
        let facts = Facts {
            who,
            focus: product,
            session: Some(BOT_VISITS + session),
        };
        Some(Told { time, facts, act })
    }

    fn news(&mut self, news: SupplyNews, time: Time) -> Told {
        let World {
            catalogue,
            population,
            lines,
            ..
        } = &mut self.world;
        lines.push(as_line((news.product, 1), catalogue));
        let kind = match news.detail {
            Detail::Price { .. } => Kind::PriceChange,
            _ => Kind::StockUpdate,
        };
        let facts = Facts {
            who: Identity {
                visitor: population.visitor(0, catalogue),
                device: Device::First,
                is_signed_in: false,
                bot: None,
            },
            focus: news.product,
            session: None,
        };
        let act = Act {
            kind,
            page: Page::Product,
            detail: news.detail,
            origin: None,
        };
        Told { time, facts, act }
    }

    fn errand(&mut self, errand: Errand, time: Time) -> Told {
        let World {
            catalogue,
            population,
            lines,
            ..
        } = &mut self.world;
        let line = as_line((errand.product, 1), catalogue);
        lines.push(line);
        let who = Identity {
            visitor: population.visitor(errand.number, catalogue),
            device: Device::First,
            is_signed_in: true,
            bot: None,
        };
        let (kind, page) = match errand.step {
            Step::Look => (Kind::ItemView, Page::Product),
            Step::Take => (Kind::CartAdd, Page::Product),
            Step::CheckOut => (Kind::CheckoutStart, Page::Checkout),
            Step::Buy => (Kind::Order, Page::Checkout),
        };
        let detail = match errand.step {
            Step::Buy => self.errand_order(who),
            _ => Detail::None,
        };
        let facts = Facts {
            who,
            focus: errand.product,
            session: Some(ERRAND_VISITS + errand.visit),
        };
        let act = Act {
            kind,
            page,
            detail,
            origin: None,
        };
        Told { time, facts, act }
    }

    fn errand_order(&mut self, who: Identity) -> Detail {
        let currency = self.world.currency(&who.visitor);
        let bill = bill(
            &self.world.lines,
            currency,
            who.visitor.country(),
            Wishes::none(),
        );
        self.world.planted_order = None;
        self.book_order(who, bill, self.world.now)
    }
}
