//! How an answer is written: Arrow, JSON, CSV, Parquet, or rows of plain texts for tables on a terminal. Rows come in batches and
//! leave as bytes; where these go is not known here.

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::csv;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::json;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::errors::ParquetError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A stream of Arrow batches.
    Arrow,
    /// `{"meta": …, "data": [{…}, …]}`.
    Json,
    /// An object a line.
    Ndjson,
    /// With a header; texts that a spreadsheet would take for formulas are marked.
    Csv,
    /// A Parquet file.
    Parquet,
    /// A list of texts a line, the names of the columns and their types first.
    Rows,
}

/// Writes batches in one of the forms.
pub(crate) enum Writer<W: Write + Send> {
    Arrow(Box<StreamWriter<W>>),
    Json(json::Writer<W, json::writer::JsonArray>),
    Ndjson(json::LineDelimitedWriter<W>),
    Csv(Box<csv::Writer<W>>),
    Parquet(Box<ArrowWriter<W>>),
    Rows(W),
}

/// A column as it is told of.
pub(crate) fn column(name: &str, kind: &DataType) -> Value {
    json!({ "name": name, "type": type_name(kind) })
}

impl<W: Write + Send> Writer<W> {
    /// Begins; `meta` is what the JSON form says of the answer.
    pub(crate) fn begin(
        format: Format,
        schema: &SchemaRef,
        meta: &Value,
        mut out: W,
    ) -> Result<Self, ArrowError> {
        let nulls = json::WriterBuilder::new().with_explicit_nulls(true);
        Ok(match format {
            Format::Arrow => Writer::Arrow(Box::new(StreamWriter::try_new(out, schema)?)),
            Format::Json => {
                write!(out, "{{\"meta\":{meta},\"data\":")?;
                Writer::Json(nulls.build(out))
            }
            Format::Ndjson => Writer::Ndjson(nulls.build(out)),
            Format::Csv => Writer::Csv(Box::new(begin_csv(schema, out)?)),
            Format::Parquet => {
                let writer = ArrowWriter::try_new(out, Arc::clone(schema), None);
                Writer::Parquet(Box::new(writer.map_err(of_parquet)?))
            }
            Format::Rows => {
                let fields = schema.fields().iter();
                let names: Vec<&String> = fields.clone().map(|field| field.name()).collect();
                let types: Vec<String> = fields.map(|it| type_name(it.data_type())).collect();
                writeln!(out, "{}\n{}", json!(names), json!(types))?;
                Writer::Rows(out)
            }
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Writer::Arrow(writer) => writer.write(batch),
            Writer::Json(writer) => writer.write(batch),
            Writer::Ndjson(writer) => writer.write(batch),
            Writer::Csv(writer) => writer.write(&guarded(batch)?),
            Writer::Parquet(writer) => writer.write(batch).map_err(of_parquet),
            Writer::Rows(out) => write_rows(batch, out),
        }
    }

    pub(crate) fn end(self) -> Result<(), ArrowError> {
        match self {
            Writer::Arrow(mut writer) => writer.finish(),
            Writer::Json(mut writer) => {
                writer.finish()?;
                Ok(writeln!(writer.into_inner(), "}}")?)
            }
            Writer::Ndjson(mut writer) => writer.finish(),
            Writer::Csv(_) => Ok(()),
            Writer::Parquet(writer) => writer.close().map(|_| ()).map_err(of_parquet),
            Writer::Rows(_) => Ok(()),
        }
    }
}

fn of_parquet(error: ParquetError) -> ArrowError {
    ArrowError::ParquetError(error.to_string())
}

/// The header is there though no row may follow. Lists and structs have no form of their own in CSV: they are written as texts.
fn begin_csv<W: Write>(schema: &SchemaRef, out: W) -> Result<csv::Writer<W>, ArrowError> {
    let mut writer = csv::WriterBuilder::new().with_header(true).build(out);
    writer.write(&guarded(&RecordBatch::new_empty(Arc::clone(schema)))?)?;
    Ok(writer)
}

/// What a spreadsheet would run as a formula gets a mark before it.
fn guarded(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .map(|column| -> Result<ArrayRef, ArrowError> {
            if column.data_type().is_nested() {
                return Ok(Arc::new(as_texts(column)?));
            }
            let Some(texts) = column.as_any().downcast_ref::<StringArray>() else {
                return Ok(Arc::clone(column));
            };
            let is_formula = |text: &str| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
            if !texts.iter().flatten().any(is_formula) {
                return Ok(Arc::clone(column));
            }
            let mark = |text: &str| match is_formula(text) {
                true => format!("'{text}"),
                false => text.to_owned(),
            };
            let marked = texts.iter().map(|text| text.map(mark));
            Ok(Arc::new(marked.collect::<StringArray>()))
        });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let named = batch.schema();
    let named = named.fields().iter().map(|field| field.name().clone());
    match batch.num_columns() {
        0 => Ok(batch.clone()),
        _ => RecordBatch::try_from_iter_with_nullable(
            named
                .zip(columns)
                .map(|(name, column)| (name, column, true)),
        ),
    }
}

const SHOWN: FormatOptions<'static> = FormatOptions::new()
    .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
    .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:z"));

fn as_texts(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let formatter = ArrayFormatter::try_new(column.as_ref(), &SHOWN)?;
    let text = |row: usize| match column.is_null(row) {
        true => Ok(None),
        false => formatter.value(row).try_to_string().map(Some),
    };
    (0..column.len()).map(text).collect()
}

fn write_rows(batch: &RecordBatch, out: &mut impl Write) -> Result<(), ArrowError> {
    let columns = batch.columns().iter().map(as_texts);
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        let cell =
            |column: &StringArray| column.is_valid(row).then(|| column.value(row).to_owned());
        let cells: Vec<Option<String>> = columns.iter().map(cell).collect();
        writeln!(out, "{}", json!(cells))?;
    }
    Ok(())
}

/// The word of SQL for a type.
fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => "smallint".to_owned(),
        DataType::Int32 | DataType::UInt16 => "integer".to_owned(),
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double precision".to_owned(),
        DataType::Decimal128(digits, scale) => format!("numeric({digits},{scale})"),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamptz".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "interval".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "bytea".to_owned(),
        DataType::List(item) | DataType::LargeList(item) => {
            format!("{}[]", type_name(item.data_type()))
        }
        DataType::Struct(_) => "record".to_owned(),
        DataType::Dictionary(_, values) => type_name(values),
        other => other.to_string().to_lowercase(),
    }
}
