//! The watch: measures what the shards harvested by the rules of their store, and says which alerts changed. It sits with
//! the merger, which knows all names and sees every cell; what a rule finds is decided in `analytics::alert`.

mod funnels;
mod orders;
mod pipeline;
mod products;
mod rates;

use crate::line::Harvest;
use crate::names::Product;
use crate::rest::alerts::{self, Rests, keys};
use crate::rest::{self, AtRest, RestError};
use crate::{Store, Stores};
use analytics::alert::{
    AlertBook, Breaks, Changed, Daily, Desk, DrawerKey, Handled, Rates, Spans, StoreDesk, Trails,
    Verdicts,
};
use analytics::cell::{CubeId, NameId};
use analytics::kept::Kept;
use analytics::window::Calendar;
use checkpoint::{Decoder, Encoder, Folder, Run, Table};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use pipeline::Pipeline;
use rates::Feeds;
use std::hash::Hash;
use std::sync::Arc;

/// All histories, and the book of alerts.
#[derive(Debug)]
pub struct Watch {
    stores: Stores,
    /// What stores that are not listed go by.
    usual: Store,
    desk: Desk,
    feeds: Feeds,
    trails: Trails,
    daily: Daily,
    rates: Rates,
    breaks: Breaks,
    /// Where the steps of funnels are counted.
    steps: Option<(CubeId, usize)>,
    pipeline: Pipeline,
    spans: Spans,
    book: AlertBook,
    texts: Texts,
    at_rest: Table,
    /// The version of what was written last, which tables at rest that are older do not have.
    written: i64,
}

/// Numbers of the texts that rules and stores speak of; nothing of those that nothing was named by yet.
type Texts = HashMap<Arc<str>, Option<NameId>, FixedState>;

/// Names by number, as the merger has them.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Of stores, currencies, categories, types.
    pub names: &'a [Arc<str>],
    /// Of products.
    pub products: &'a [Option<Product>],
}

impl Known<'_> {
    fn name(&self, id: NameId) -> Arc<str> {
        let name = self.names.get(id.0 as usize);
        name.map_or_else(|| Arc::from(""), Arc::clone)
    }

    fn product(&self, id: NameId) -> Arc<str> {
        let product = self.products.get(id.0 as usize).and_then(Option::as_ref);
        product.map_or_else(|| Arc::from(""), |product| Arc::clone(&product.id))
    }
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(stores: Stores) -> Watch {
        let usual = Store::default();
        let all = || stores.0.values().chain([&usual]);
        let currencies = all().map(|store| store.currency.as_str().into());
        let texts = currencies.chain(rates::values(all()));
        Watch {
            texts: texts.map(|text| (text, None)).collect(),
            feeds: Feeds::of(all()),
            steps: funnels::steps(all()),
            desk: Desk::default(),
            usual,
            stores,
            trails: Trails::default(),
            daily: Daily::default(),
            rates: Rates::default(),
            breaks: Breaks::default(),
            pipeline: Pipeline::default(),
            spans: Spans::default(),
            book: AlertBook::default(),
            at_rest: Table::default(),
            written: i64::MIN,
        }
    }

    /// Takes in what changed; `fresh` is the first of the names that are new.
    pub fn observe(
        &mut self,
        harvest: &Harvest,
        (known, fresh): (Known<'_>, usize),
    ) -> Result<Changed, RestError> {
        self.learn(known, fresh);
        let mut verdicts = Verdicts::default();
        for news in &harvest.order_news {
            self.observe_order(news, known, &mut verdicts)?;
        }
        for told in &harvest.inventory {
            self.observe_products(told, known, &mut verdicts)?;
        }
        for (person, bursts) in &harvest.bursts {
            self.observe_bursts(person, bursts, known, &mut verdicts)?;
        }
        for delta in harvest.deltas.iter().flatten() {
            self.observe_delta(delta, known);
            self.observe_steps(delta, known);
        }
        self.observe_receipts(&harvest.receipts, known, &mut verdicts)?;
        self.observe_lags(&harvest.lags, known, &mut verdicts)?;
        self.trails.settle(&self.desk, &mut verdicts);
        self.daily.settle(&self.desk, &mut verdicts);
        for (store, as_of) in harvest.as_of.iter() {
            if self.desk(*store, known).is_some()
                && let Some(desk) = self.desk.of(*store)
            {
                self.rates.settle(desk, *as_of, &mut verdicts);
                self.breaks.settle(desk, *as_of, &mut verdicts);
            }
        }
        self.write_down(verdicts, &harvest.acts)
    }

    fn write_down(&mut self, verdicts: Verdicts, acts: &[Handled]) -> Result<Changed, RestError> {
        let handled = acts.iter().map(|handled| handled.key.clone());
        let drawers: Vec<DrawerKey> = verdicts.drawers().chain(handled).collect();
        for key in drawers {
            let at_rest = &self.at_rest;
            bring(&mut self.book.kept, key, at_rest, keys::drawer)?;
        }
        self.book.observe(verdicts);
        for handled in acts {
            self.book.handle(handled.clone());
        }
        let mut changed = Changed::default();
        self.book.settle(&mut changed);
        Ok(changed)
    }

    /// Looks for the texts that rules and stores speak of among new names.
    pub fn learn(&mut self, known: Known<'_>, fresh: usize) {
        let mut has_learned = false;
        for (at, name) in known.names.iter().enumerate().skip(fresh) {
            if let Some(id) = self.texts.get_mut(name) {
                *id = Some(NameId(at as u32));
                has_learned = true;
            }
        }
        if has_learned {
            self.feeds.learn(&self.texts);
        }
    }

    /// A store's rules; made when it is first asked for.
    fn desk(&mut self, store: NameId, known: Known<'_>) -> Option<&StoreDesk> {
        if self.desk.of(store).is_none() {
            let name = known.name(store);
            let settings = self.stores.0.get(&*name).unwrap_or(&self.usual);
            // No order of the store can have a currency that was never named.
            let currency = (*self.texts.get(settings.currency.as_str())?)?;
            let desk = StoreDesk {
                name,
                store,
                currency,
                calendar: Calendar::new(settings.zone.clone()),
                rules: settings.rules.as_slice().into(),
            };
            self.feeds.add(&desk, &self.texts);
            self.desk.set(desk);
        }
        self.desk.of(store)
    }

    /// Writes what changed; it is let go of with [`Watch::rest`].
    pub fn write(&self, folder: &Folder) -> Result<Option<Run>, RestError> {
        let mut rows = Vec::new();
        write_kept(&self.trails.kept, keys::trail, &mut rows);
        write_kept(&self.daily.kept, keys::days, &mut rows);
        write_kept(&self.spans.kept, keys::span, &mut rows);
        write_kept(&self.book.kept, keys::drawer, &mut rows);
        rest::write_run(rows, folder, |row, bytes| bytes.extend(row))
    }

    /// What changed was written, as of a version of the results.
    pub fn rest(&mut self, run: Option<&Run>, version: i64) {
        self.trails.kept.rest();
        self.daily.kept.rest();
        self.spans.kept.rest();
        self.book.kept.rest();
        (run.into_iter()).for_each(|run| self.at_rest.push(run.clone()));
        self.written = version;
    }

    /// Rates, funnels and the way of the events stay in memory; a checkpoint takes them whole.
    pub fn write_rates(&self, out: &mut Encoder<'_>) {
        let series: Vec<_> = self.rates.kept.fresh().collect();
        out.u64(series.len() as u64);
        for (key, state) in series {
            alerts::write_rate(key, state, out);
        }
        let funnels: Vec<_> = self.breaks.kept.fresh().collect();
        out.u64(funnels.len() as u64);
        for (key, state) in funnels {
            alerts::write_break(key, state, out);
        }
        self.pipeline.write(out);
    }

    /// Goes on from a checkpoint.
    pub fn restore(&mut self, read: &mut Decoder<'_>, at_rest: &AtRest) -> Result<(), RestError> {
        let series = alerts::read_rates(read).map_err(RestError::of("rates"))?;
        for (key, state) in series {
            self.rates.kept.bring(key, state);
        }
        let funnels = alerts::read_breaks(read).map_err(RestError::of("funnels under watch"))?;
        for (key, state) in funnels {
            self.breaks.kept.bring(key, state);
        }
        let pipeline = Pipeline::read(read);
        self.pipeline = pipeline.map_err(RestError::of("the way of the events"))?;
        self.at_rest = at_rest.alerts.clone();
        Ok(())
    }

    /// Looks there from now on, if all that was written is there.
    pub fn set_at_rest(&mut self, at_rest: &AtRest) {
        if at_rest.version >= self.written {
            self.at_rest = at_rest.alerts.clone();
        }
    }
}

/// Makes sure that what is known of a key is in memory.
fn bring<K: Eq + Hash + Clone, S: Default + Rests>(
    kept: &mut Kept<K, S>,
    key: K,
    at_rest: &Table,
    bytes: impl FnOnce(&K) -> Vec<u8>,
) -> Result<(), RestError> {
    if at_rest.is_empty() || kept.holds(&key) {
        return Ok(());
    }
    if let Some(state) = at_rest.get(&bytes(&key))? {
        kept.bring(key, alerts::read(&state)?);
    }
    Ok(())
}

/// Everything of one kind as rows.
fn write_kept<K: Eq + Hash + Clone, S: Default + Rests>(
    kept: &Kept<K, S>,
    key: impl Fn(&K) -> Vec<u8>,
    rows: &mut Vec<(Vec<u8>, Vec<u8>)>,
) {
    rows.extend(kept.fresh().map(|(of, state)| {
        let mut bytes = Vec::new();
        alerts::write(state, &mut bytes);
        (key(of), bytes)
    }));
}
