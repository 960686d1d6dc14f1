//! Functions that SQL of shops needs and the engine lacks: ids as text, the shop's clock, buckets of time.

use datafusion::arrow::array::{
    Array, ArrayRef, BinaryArray, Int32Array, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    create_udf, lit,
};
use event::EventId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lake::Zones;
use std::collections::HashMap;
use std::sync::Arc;

/// All of them.
pub(crate) fn all(zones: &Zones) -> Vec<ScalarUDF> {
    vec![
        uuid_text(),
        by_clock("store_hour", zones, |local| i32::from(local.hour())),
        by_clock("store_day_of_week", zones, |local| {
            i32::from(local.weekday().to_monday_one_offset())
        }),
        ScalarUDF::from(TimeBucket::new()),
        ScalarUDF::from(Date(Signature::any(1, Volatility::Immutable))),
    ]
}

/// An id of 16 bytes as a UUID is written.
fn uuid_text() -> ScalarUDF {
    let text = |arguments: &[ColumnarValue]| -> Result<ColumnarValue> {
        let [ids] = &ColumnarValue::values_to_arrays(arguments)?[..] else {
            return Err(exec_datafusion_err!("uuid_text takes one id"));
        };
        let ids = cast(ids, &DataType::Binary)?;
        let ids = ids.as_any().downcast_ref::<BinaryArray>();
        let ids = ids.ok_or_else(|| exec_datafusion_err!("uuid_text takes bytes"))?;
        let texts = ids.iter().map(|id| {
            let bytes: [u8; 16] = id?.try_into().ok()?;
            Some(EventId(u128::from_be_bytes(bytes)).to_string())
        });
        Ok(ColumnarValue::Array(Arc::new(
            texts.collect::<StringArray>(),
        )))
    };
    create_udf(
        "uuid_text",
        vec![DataType::Binary],
        DataType::Utf8,
        Volatility::Immutable,
        Arc::new(text),
    )
}

/// What the shop's clock says at an instant.
fn by_clock(name: &str, zones: &Zones, of: fn(jiff::civil::DateTime) -> i32) -> ScalarUDF {
    let zones = Arc::clone(zones);
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let read = move |arguments: &[ColumnarValue]| -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let wrong = || exec_datafusion_err!("it takes a store and a time");
        let [stores, times] = &arrays[..] else {
            return Err(wrong());
        };
        let stores = cast(stores, &DataType::Utf8)?;
        let stores = stores.as_any().downcast_ref::<StringArray>();
        let times = times.as_any().downcast_ref::<TimestampMicrosecondArray>();
        let (stores, times) = (stores.ok_or_else(wrong)?, times.ok_or_else(wrong)?);
        let mut known: HashMap<String, TimeZone> = HashMap::new();
        let read = stores.iter().zip(times.iter()).map(|(store, time)| {
            let (store, time) = (store?, Timestamp::from_microsecond(time?).ok()?);
            if !known.contains_key(store) {
                known.insert(store.to_owned(), zones(store));
            }
            let zone = known.get(store)?;
            Some(of(zone.to_datetime(time)))
        });
        let read: ArrayRef = Arc::new(read.collect::<Int32Array>());
        Ok(ColumnarValue::Array(read))
    };
    create_udf(
        name,
        vec![DataType::Utf8, time],
        DataType::Int32,
        Volatility::Immutable,
        Arc::new(read),
    )
}

/// `date_bin` under the name that people know, with weeks that begin on Monday.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TimeBucket {
    plain: Arc<ScalarUDF>,
}

impl TimeBucket {
    fn new() -> TimeBucket {
        TimeBucket {
            plain: datafusion::functions::datetime::date_bin(),
        }
    }
}

impl ScalarUDFImpl for TimeBucket {
    fn name(&self) -> &str {
        "time_bucket"
    }

    fn signature(&self) -> &Signature {
        self.plain.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.plain.return_type(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.plain.invoke_with_args(arguments)
    }

    fn simplify(
        &self,
        mut arguments: Vec<Expr>,
        _: &SimplifyContext,
    ) -> Result<ExprSimplifyResult> {
        // 2000-01-03 was a Monday; months are counted from the first of January anyway.
        let has_months = matches!(
            arguments.first(),
            Some(Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(it)), _)) if it.months != 0
        );
        if arguments.len() == 2 && !has_months {
            let monday = ScalarValue::TimestampNanosecond(Some(946_857_600_000_000_000), None);
            arguments.push(lit(monday));
        }
        Ok(ExprSimplifyResult::Simplified(self.plain.call(arguments)))
    }
}

/// `date(…)`: the day of an instant (UTC), or of a text.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Date(Signature);

impl ScalarUDFImpl for Date {
    fn name(&self) -> &str {
        "date"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.first() {
            Some(value) => value.cast_to(&DataType::Date32, None),
            None => Err(exec_datafusion_err!("date takes one value")),
        }
    }
}
