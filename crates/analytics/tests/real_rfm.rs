//! RFM of a real month of orders: fed order by order, as orders' homes tell them. Values, cut points, scores and segments are
//! those that Polars 2.1, NumPy and pandas 3.1 give for the same rows. Where the file is missing, the test says SKIPPED.

use analytics::cell::NameId;
use analytics::customer::rfm::{
    Counts, CutPoints, Day, Fifths, Rules, Scores, Segments, Values, by_rank,
};
use analytics::customer::{Ledger, Limits, OrderId, OrderSummary, OrderTold, Taken};
use analytics::names::{EventNames, ItemNames};
use analytics::order::{OrderKey, OrderKind, Sale, SaleLine};
use analytics::person::Version;
use analytics::window::Calendar;
use event::{EventTime, LineKind, Money, Quantity, SCALE};
use flate2::read::GzDecoder;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::io::Read;
use testkit::fixture;

const FEES: [&str; 8] = [
    "POST",
    "DOT",
    "M",
    "C2",
    "D",
    "AMAZONFEE",
    "BANK CHARGES",
    "S",
];

/// Fields of a line; some are quoted and hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("one at least").push(letter),
        }
    }
    fields
}

fn sale_line(fields: &[String], at: usize) -> SaleLine {
    let code = fields[1].to_uppercase();
    let is_fee = FEES.contains(&code.as_str()) || code.starts_with("GIFT_");
    let kind = match (fields[0].starts_with('C'), is_fee) {
        (true, _) => LineKind::Return,
        (false, true) => LineKind::Fee,
        (false, false) => LineKind::Product,
    };
    let price = event::parse_decimal(fields[5].as_bytes()).expect("a price");
    SaleLine {
        line: at as i64,
        kind,
        names: ItemNames::default(),
        unit_price: Some(Money(price.value)),
        list_price: None,
        quantity: Quantity(fields[3].parse::<i64>().expect("pieces") * SCALE),
        unit_discount: Money(0),
    }
}

/// Orders and refunds of every customer, by invoice.
fn invoices(text: &str) -> BTreeMap<(String, String), Sale> {
    let mut invoices: BTreeMap<(String, String), Sale> = BTreeMap::new();
    for (at, line) in text.lines().enumerate().skip(1) {
        let fields = fields(line);
        if fields[6].is_empty() {
            continue;
        }
        let time = EventTime::parse(&fields[4], &TimeZone::UTC).expect("a time");
        let sale = invoices
            .entry((fields[6].clone(), fields[0].clone()))
            .or_insert_with(|| Sale {
                time,
                names: EventNames::default(),
                customer: None,
                discount: Money(0),
                stated: None,
                lines: Vec::new(),
                customer_id: None,
                given_back: Default::default(),
            });
        sale.time = sale.time.min(time);
        sale.lines.push(sale_line(&fields, at));
    }
    invoices
}

fn told(invoice: &str, sale: &Sale, calendar: &Calendar) -> OrderTold {
    let kind = if invoice.starts_with('C') {
        OrderKind::Refund
    } else {
        OrderKind::Order
    };
    let key = OrderKey {
        store: NameId(1),
        kind,
        id: invoice.into(),
    };
    OrderTold {
        order: OrderId::of(&key),
        time: sale.time,
        version: Version::default(),
        what: Some(OrderSummary::of(kind, sale, calendar)),
    }
}

/// Every customer's values, and the counts of them as each order changed them.
fn fold(text: &str, calendar: &Calendar) -> (BTreeMap<String, Values>, Counts) {
    let mut ledgers: BTreeMap<String, Ledger> = BTreeMap::new();
    let mut shards = [const { None }; 3].map(|none: Option<Counts>| none.unwrap_or_default());
    let values = |ledger: &Ledger| Values::of(&ledger.totals([]), NameId(0), calendar);
    for ((customer, invoice), sale) in &invoices(text) {
        let home = customer.len() + customer.as_bytes()[4] as usize;
        let ledger = ledgers.entry(customer.clone()).or_default();
        let before = values(ledger);
        let told = told(invoice, sale, calendar);
        assert_eq!(ledger.take(told, &Limits::default()), Taken::Folded);
        shards[home % 3].change(before.as_ref(), values(ledger).as_ref());
    }
    let mut counts = Counts::default();
    shards.iter().for_each(|shard| counts.merge(shard));
    let all = ledgers.into_iter();
    let all = all.filter_map(|(customer, ledger)| Some((customer, values(&ledger)?)));
    (all.collect(), counts)
}

fn read() -> Option<String> {
    let path = fixture("online_retail_2010_12/online_retail_2010-12.csv.gz")?;
    let file = std::fs::File::open(path).expect("opens");
    let mut bytes = Vec::new();
    let mut reader = GzDecoder::new(file);
    reader.read_to_end(&mut bytes).expect("is read");
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

const SCORED: &str = "111:36 112:39 113:32 114:15 115:10 141:2 142:2 143:2 144:1 145:3 153:1 155:3 211:37 212:24 213:24 \
214:26 215:6 241:3 242:2 243:5 244:6 245:3 254:2 255:1 311:46 312:43 313:34 314:20 315:12 341:1 342:5 343:4 344:12 345:15 \
354:3 355:7 411:22 412:24 413:25 414:18 415:12 441:4 442:3 443:8 444:15 445:15 452:1 453:1 454:5 455:12 511:23 512:28 \
513:32 514:22 515:12 541:3 542:6 543:7 544:18 545:24 553:2 554:14 555:42";

const SEGMENTS: [(&str, u32); 8] = [
    ("About to Sleep", 155),
    ("At Risk", 29),
    ("Can't Lose Them", 7),
    ("Champions", 116),
    ("Hibernating", 249),
    ("Loyal Customers", 111),
    ("New Customers", 117),
    ("Promising", 101),
];

#[test]
fn a_real_month_is_scored_as_numpy_and_pandas_score_it() {
    let Some(text) = read() else { return };
    let calendar = Calendar::new(TimeZone::UTC);
    let (values, counts) = fold(&text, &calendar);
    let day = EventTime::parse("2010-12-24", &TimeZone::UTC).expect("a day");
    let day = Day::of(day, &calendar);
    assert_eq!((values.len(), counts.customers()), (885, 885));
    let sums = values.values().fold((0, 0, 0), |(r, f, m), one| {
        let money = i128::from(one.monetary);
        (r + day.since(one.last), f + one.frequency, m + money)
    });
    assert_eq!(sums, (11_673, 1_400, 5_533_095_200));
    let cuts = CutPoints::of(&counts, &Rules::default(), day).expect("somebody ordered");
    assert_eq!(cuts.recency.0, [8, 11, 16, 19].map(Fifths::whole));
    assert_eq!(cuts.frequency.0, [1, 1, 1, 2].map(Fifths::whole));
    let money = [1_677_480, 2_776_380, 3_805_060, 6_878_200];
    assert_eq!(cuts.monetary.0, money.map(Fifths::whole));

    let segments = Segments::default();
    let (mut scored, mut by_segment) = (BTreeMap::new(), BTreeMap::new());
    for one in values.values() {
        let scores = cuts.scores(one);
        let Scores {
            recency,
            frequency,
            monetary,
        } = scores;
        *scored
            .entry(format!("{recency}{frequency}{monetary}"))
            .or_insert(0) += 1;
        *by_segment.entry(segments.of(Some(scores))).or_insert(0) += 1;
    }
    let said: Vec<String> = scored
        .iter()
        .map(|(code, count)| format!("{code}:{count}"))
        .collect();
    assert_eq!(said.join(" "), SCORED);
    assert_eq!(by_segment, BTreeMap::from(SEGMENTS));
}

#[test]
fn ranks_with_ties_by_id_are_those_of_pandas() {
    let Some(text) = read() else { return };
    let (values, _) = fold(&text, &Calendar::new(TimeZone::UTC));
    let by_id: Vec<(i64, &str)> = values
        .iter()
        .map(|(id, one)| (one.frequency as i64, id.as_str()))
        .collect();
    let fifths = by_rank(&by_id);
    let of = |fifth| fifths.iter().filter(|one| **one == fifth).count();
    assert_eq!([1, 2, 3, 4, 5].map(of), [177; 5]);
    let places = fifths
        .iter()
        .zip(0..)
        .map(|(fifth, place)| u64::from(*fifth) * place);
    assert_eq!(places.sum::<u64>(), 1_359_911);
}
