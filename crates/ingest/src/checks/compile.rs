//! From CEL's syntax tree to conditions and terms: names are looked up, kinds compared, once, before any event comes.

use super::EXPRESSION_BYTES_MAX;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SourceInfo};
use cel::parser::{ParseErrors, Parser};
use event::dialect::Field;
use event::rule::{Comparison, Condition, Operation, Term, TermKind};
use event::{EventTime, parse_decimal};
use jiff::tz::TimeZone;

/// Brackets within brackets; the parser's own stack grows with them.
const DEPTH_MAX: u16 = 24;
/// Fields that CEL offers beside the canonical ones.
const EXTRA_NAMES: [&str; 3] = ["items", "items_count", "items_value"];

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Mistake {
    /// The character, from 1.
    pub column: usize,
    pub what: String,
    pub hint: String,
}

/// Compiles an expression that is true or false of an event.
pub(super) fn condition(written: &str) -> Result<Condition, Mistake> {
    if written.len() > EXPRESSION_BYTES_MAX {
        return Err(Mistake {
            column: EXPRESSION_BYTES_MAX,
            what: format!("the expression is longer than {EXPRESSION_BYTES_MAX} bytes"),
            hint: "make two checks of it".to_owned(),
        });
    }
    let parser = Parser::new().max_recursion_depth(DEPTH_MAX);
    let (tree, source) = parser
        .parse_with_source_info(written)
        .map_err(|errors| unreadable(written, &errors))?;
    let compiler = Compiler {
        source: &source,
        item: None,
    };
    compiler.condition(&tree)
}

fn unreadable(written: &str, errors: &ParseErrors) -> Mistake {
    let (column, what) =
        errors
            .errors
            .first()
            .map_or((1, "it cannot be read".to_owned()), |error| {
                let column = usize::try_from(error.pos.1).unwrap_or(0).max(1);
                (
                    column,
                    error.msg.lines().next().unwrap_or_default().to_owned(),
                )
            });
    let hint = if what.contains("has()") {
        "write `coupon != null` for a field that must be there"
    } else if written.contains(" and ") || written.contains(" or ") || written.contains(" not ") {
        "write && for and, || for or, ! for not"
    } else if has_single_equals(written) {
        "write == to compare"
    } else {
        "an example: type == 'order' && total > 100000"
    };
    Mistake {
        column,
        what,
        hint: hint.to_owned(),
    }
}

fn has_single_equals(written: &str) -> bool {
    let bytes = written.as_bytes();
    (0..bytes.len()).any(|at| {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        bytes[at] == b'='
            && bytes.get(at + 1) != Some(&b'=')
            && !before.is_some_and(|before| b"=!<>".contains(&before))
    })
}

#[derive(Clone, Copy)]
struct Compiler<'s> {
    source: &'s SourceInfo,
    /// The name a line item goes by here.
    item: Option<&'s str>,
}

type Compiled<T> = Result<T, Mistake>;

impl<'s> Compiler<'s> {
    fn mistake(&self, at: &IdedExpr, what: impl Into<String>, hint: impl Into<String>) -> Mistake {
        let start = self.source.offset_for(at.id).map_or(0, |(start, _)| start);
        Mistake {
            column: start as usize + 1,
            what: what.into(),
            hint: hint.into(),
        }
    }

    fn condition(&self, tree: &'s IdedExpr) -> Compiled<Condition> {
        match &tree.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => {
                Ok(Condition::Constant(value.into_inner()))
            }
            Expr::Call(call) => self.call(tree, call),
            Expr::Comprehension(comprehension) => self.of_items(tree, comprehension),
            Expr::Select(select) if select.test => {
                let field = format!("{} != null", select.field);
                Err(self.mistake(tree, "has() is not needed", format!("write `{field}`")))
            }
            Expr::Ident(name) if name == "is_bot" => Ok(Condition::Compare(
                Comparison::Equal,
                self.term(tree)?,
                Term::Number(i128::from(event::SCALE)),
            )),
            _ => Err(self.mistake(
                tree,
                "this is a value, and neither true nor false",
                "compare it with something: total > 100000",
            )),
        }
    }

    fn call(&self, tree: &'s IdedExpr, call: &'s CallExpr) -> Compiled<Condition> {
        let conditions = || -> Compiled<Vec<Condition>> {
            call.args.iter().map(|one| self.condition(one)).collect()
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            ("_&&_", _) => Ok(Condition::And(conditions()?)),
            ("_||_", _) => Ok(Condition::Or(conditions()?)),
            ("!_", [inner]) => Ok(Condition::Not(Box::new(self.condition(inner)?))),
            ("_==_", [left, right]) => self.compare(Comparison::Equal, left, right),
            ("_!=_", [left, right]) => self.compare(Comparison::NotEqual, left, right),
            ("_<_", [left, right]) => self.compare(Comparison::Less, left, right),
            ("_<=_", [left, right]) => self.compare(Comparison::LessOrEqual, left, right),
            ("_>_", [left, right]) => self.compare(Comparison::Greater, left, right),
            ("_>=_", [left, right]) => self.compare(Comparison::GreaterOrEqual, left, right),
            ("@in", [value, list]) => self.one_of(value, list),
            (name @ ("startsWith" | "endsWith" | "contains"), [part]) => {
                let Some(text) = call.target.as_deref() else {
                    let hint = format!("write it behind a text: url.{name}('…')");
                    return Err(self.mistake(tree, format!("{name} of what?"), hint));
                };
                let (text, part) = (self.words(text)?, self.words(part)?);
                Ok(match name {
                    "startsWith" => Condition::StartsWith(text, part),
                    "endsWith" => Condition::EndsWith(text, part),
                    _ => Condition::Contains(text, part),
                })
            }
            ("_+_" | "_-_" | "_*_" | "_/_" | "-_" | "size" | "timestamp", _) => Err(self.mistake(
                tree,
                "this is a value, and neither true nor false",
                "compare it with something: total > 100000",
            )),
            (name, _) => Err(self.unknown_function(tree, name)),
        }
    }

    fn unknown_function(&self, tree: &IdedExpr, name: &str) -> Mistake {
        const KNOWN: [&str; 7] = [
            "startsWith",
            "endsWith",
            "contains",
            "size",
            "timestamp",
            "exists",
            "all",
        ];
        let hint = nearest(name, KNOWN.into_iter()).map_or_else(
            || format!("known are {}", KNOWN.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.mistake(tree, format!("there is no function `{name}` here"), hint)
    }

    fn compare(
        &self,
        comparison: Comparison,
        left: &'s IdedExpr,
        right: &'s IdedExpr,
    ) -> Compiled<Condition> {
        let is_null = |tree: &IdedExpr| matches!(tree.expr, Expr::Literal(LiteralValue::Null));
        if is_null(left) || is_null(right) {
            let missing =
                Condition::Missing(self.term(if is_null(left) { right } else { left })?);
            return match comparison {
                Comparison::Equal => Ok(missing),
                Comparison::NotEqual => Ok(Condition::Not(Box::new(missing))),
                _ => Err(self.mistake(
                    right,
                    "nothing is larger or smaller than null",
                    "compare with == null or != null",
                )),
            };
        }
        if let Some(flag) = self.compare_flag(comparison, left, right)? {
            return Ok(flag);
        }
        let (one, other) = (self.term(left)?, self.term(right)?);
        if one.kind() != other.kind() {
            let what = format!(
                "{} cannot be compared with {}",
                one.kind().name(),
                other.kind().name()
            );
            let hint = match (one.kind(), other.kind()) {
                (TermKind::Instant, _) | (_, TermKind::Instant) => {
                    "write the time as timestamp('2026-01-31T00:00:00Z')"
                }
                _ => "texts stand in quotes, numbers do not; ids are texts",
            };
            return Err(self.mistake(right, what, hint));
        }
        Ok(Condition::Compare(comparison, one, other))
    }

    /// `is_bot == true`
    fn compare_flag(
        &self,
        comparison: Comparison,
        left: &'s IdedExpr,
        right: &'s IdedExpr,
    ) -> Compiled<Option<Condition>> {
        let Expr::Literal(LiteralValue::Boolean(value)) = &right.expr else {
            return Ok(None);
        };
        let held = self.condition(left)?;
        let is_wanted = value.into_inner() == (comparison == Comparison::Equal);
        Ok(match comparison {
            Comparison::Equal | Comparison::NotEqual if is_wanted => Some(held),
            Comparison::Equal | Comparison::NotEqual => Some(Condition::Not(Box::new(held))),
            _ => None,
        })
    }

    fn one_of(&self, value: &'s IdedExpr, list: &'s IdedExpr) -> Compiled<Condition> {
        let Expr::List(choices) = &list.expr else {
            let hint = "write it in brackets: country in ['DE', 'AT']";
            return Err(self.mistake(list, "this is no list", hint));
        };
        let term = self.term(value)?;
        let choice = |tree: &'s IdedExpr| {
            let choice = self.term(tree)?;
            if choice.kind() == term.kind() {
                return Ok(choice);
            }
            let what = format!(
                "{} stands in a list for {}",
                choice.kind().name(),
                term.kind().name()
            );
            Err(self.mistake(tree, what, "texts stand in quotes, numbers do not"))
        };
        let choices = choices
            .elements
            .iter()
            .map(choice)
            .collect::<Result<_, _>>()?;
        Ok(Condition::OneOf(term, choices))
    }

    /// `items.exists(i, …)` and `items.all(i, …)`, as the parser has written them out.
    fn of_items(
        &self,
        tree: &'s IdedExpr,
        written_out: &'s ComprehensionExpr,
    ) -> Compiled<Condition> {
        let is_items = matches!(&written_out.iter_range.expr, Expr::Ident(name) if name == "items");
        if !is_items || self.item.is_some() {
            let hint = "write items.exists(i, i.quantity > 100)";
            let what = "only line items can be gone through, and once";
            return Err(self.mistake(&written_out.iter_range, what, hint));
        }
        let of_item = Compiler {
            item: Some(&written_out.iter_var),
            ..*self
        };
        let step = match &written_out.loop_step.expr {
            Expr::Call(call) => Some((call.func_name.as_str(), call.args.as_slice())),
            _ => None,
        };
        let start = match &written_out.accu_init.expr {
            Expr::Literal(LiteralValue::Boolean(start)) => Some(start.into_inner()),
            _ => None,
        };
        match (start, step) {
            (Some(false), Some(("_||_", [_, inner]))) => {
                Ok(Condition::AnyItem(Box::new(of_item.condition(inner)?)))
            }
            (Some(true), Some(("_&&_", [_, inner]))) => {
                Ok(Condition::EveryItem(Box::new(of_item.condition(inner)?)))
            }
            _ => Err(self.mistake(
                tree,
                "of items only exists and all are known",
                "write items.exists(i, …) or items.all(i, …)",
            )),
        }
    }

    fn words(&self, tree: &'s IdedExpr) -> Compiled<Term> {
        self.of_kind(tree, TermKind::Words)
    }

    fn number(&self, tree: &'s IdedExpr) -> Compiled<Box<Term>> {
        self.of_kind(tree, TermKind::Number).map(Box::new)
    }

    fn of_kind(&self, tree: &'s IdedExpr, kind: TermKind) -> Compiled<Term> {
        let term = self.term(tree)?;
        if term.kind() == kind {
            return Ok(term);
        }
        let what = format!("this is {}", term.kind().name());
        let hint = format!("{} is wanted here", kind.name());
        Err(self.mistake(tree, what, hint))
    }

    fn term(&self, tree: &'s IdedExpr) -> Compiled<Term> {
        match &tree.expr {
            Expr::Literal(literal) => self.literal(tree, literal),
            Expr::Ident(name) => self.field(tree, name),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(name) if Some(name.as_str()) == self.item => {
                    self.item_field(tree, &select.field)
                }
                Expr::Ident(name) if name == "event" => self.field(tree, &select.field),
                Expr::Ident(name) if name == "items" => {
                    let example = format!("write items.exists(i, i.{} …)", select.field);
                    Err(self.mistake(tree, "an event has many line items", example))
                }
                _ => Err(self.mistake(
                    tree,
                    "nothing has parts but an event and its items",
                    "name a field, such as customer_id",
                )),
            },
            Expr::Call(call) => self.reckon(tree, call),
            _ => Err(self.mistake(
                tree,
                "a value is wanted here",
                "name a field, or write a number or a text in quotes",
            )),
        }
    }

    fn literal(&self, tree: &IdedExpr, literal: &LiteralValue) -> Compiled<Term> {
        let decimal = |text: String| {
            let decimal = parse_decimal(text.as_bytes()).map_err(|error| {
                self.mistake(tree, format!("{text} is {error}"), "use a smaller number")
            })?;
            if decimal.rounded {
                let hint = "numbers have four digits behind the point";
                return Err(self.mistake(tree, format!("{text} is too exact"), hint));
            }
            Ok(Term::Number(i128::from(decimal.value)))
        };
        match literal {
            LiteralValue::String(text) => Ok(Term::Words(text.inner().to_owned())),
            LiteralValue::Int(number) => decimal(number.into_inner().to_string()),
            LiteralValue::UInt(number) => decimal(number.into_inner().to_string()),
            LiteralValue::Double(number) => decimal(number.into_inner().to_string()),
            LiteralValue::Null => Err(self.mistake(
                tree,
                "null can only be compared",
                "write field == null or field != null",
            )),
            LiteralValue::Boolean(_) | LiteralValue::Bytes(_) => Err(self.mistake(
                tree,
                "this is no value of an event",
                "write a number or a text in quotes",
            )),
        }
    }

    fn reckon(&self, tree: &'s IdedExpr, call: &'s CallExpr) -> Compiled<Term> {
        let of_two = |operation, left, right| {
            Ok(Term::Reckon(
                operation,
                self.number(left)?,
                self.number(right)?,
            ))
        };
        match (
            call.func_name.as_str(),
            call.args.as_slice(),
            call.target.as_deref(),
        ) {
            ("_+_", [left, right], _) => of_two(Operation::Plus, left, right),
            ("_-_", [left, right], _) => of_two(Operation::Minus, left, right),
            ("_*_", [left, right], _) => of_two(Operation::Times, left, right),
            ("_/_", [left, right], _) => of_two(Operation::Over, left, right),
            ("-_", [number], _) => Ok(Term::Reckon(
                Operation::Minus,
                Box::new(Term::Number(0)),
                self.number(number)?,
            )),
            ("size", [of], None) | ("size", [], Some(of)) => match &of.expr {
                Expr::Ident(name) if name == "items" => Ok(Term::ItemCount),
                _ => Ok(Term::Length(Box::new(self.words(of)?))),
            },
            ("timestamp", [text], None) => self.instant(text),
            (name, ..) if name.starts_with('_') || name.starts_with('@') || name == "!_" => {
                Err(self.mistake(
                    tree,
                    "a value is wanted here, and this is true or false",
                    "join conditions with && and ||",
                ))
            }
            (name, ..) => Err(self.unknown_function(tree, name)),
        }
    }

    fn instant(&self, tree: &IdedExpr) -> Compiled<Term> {
        let hint = "write timestamp('2026-01-31T00:00:00Z')";
        match &tree.expr {
            Expr::Literal(LiteralValue::String(text)) => {
                EventTime::parse(text.inner(), &TimeZone::UTC)
                    .map(Term::Instant)
                    .map_err(|_| self.mistake(tree, "this is no time", hint))
            }
            _ => Err(self.mistake(tree, "the time must be written out", hint)),
        }
    }

    fn field(&self, tree: &IdedExpr, name: &str) -> Compiled<Term> {
        match name {
            "items_value" => return Ok(Term::ItemsValue),
            "items_count" => return Ok(Term::ItemCount),
            "items" => {
                let hint = "write items.exists(i, i.quantity > 100), or size(items)";
                return Err(self.mistake(tree, "items is a list", hint));
            }
            _ => {}
        }
        match Field::parse(name) {
            Some(field) if field.is_of_item() => {
                let hint = format!("write items.exists(i, i.{name} …), or items_value for all");
                Err(self.mistake(tree, format!("`{name}` belongs to a line item"), hint))
            }
            Some(field) => term_of(field).ok_or_else(|| {
                self.mistake(
                    tree,
                    format!("`{name}` cannot be checked"),
                    "use another field",
                )
            }),
            None => Err(self.unknown_field(tree, name, false)),
        }
    }

    fn item_field(&self, tree: &IdedExpr, name: &str) -> Compiled<Term> {
        let field = Field::parse(&format!("items.{name}"));
        field
            .and_then(term_of)
            .ok_or_else(|| self.unknown_field(tree, name, true))
    }

    fn unknown_field(&self, tree: &IdedExpr, name: &str, of_item: bool) -> Mistake {
        let is_here = |known: &&str| Field::parse(known).is_some_and(Field::is_of_item) == of_item;
        let known = Field::names().filter(is_here);
        let known = known.chain(EXTRA_NAMES.into_iter().filter(|_| !of_item));
        let hint = nearest(name, known).map_or_else(
            || "fields go by their canonical names, such as customer_id, total, country".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        self.mistake(tree, format!("there is no field `{name}`"), hint)
    }
}

fn term_of(field: Field) -> Option<Term> {
    Some(match field {
        Field::Type => Term::Type,
        Field::Time => Term::Time,
        Field::EventId => Term::Text(event::schema::Text::EventIdText),
        Field::Text(column) => Term::Text(column),
        Field::Label(column) => Term::Label(column),
        Field::Amount(column) => Term::Amount(column),
        Field::Number(column) => Term::Whole(column),
        Field::ItemText(column) => Term::ItemText(column),
        Field::ItemLabel(column) => Term::ItemLabel(column),
        Field::CategoryCode => Term::ItemLabel(event::schema::ItemLabel::CategoryPath),
        Field::ItemAmount(column) => Term::ItemAmount(column),
        Field::ItemNumber(column) => Term::ItemWhole(column),
        Field::Coordinate(_) => return None,
    })
}

/// The known name nearest to one that is not, if any is near.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const NEAR: f64 = 0.75;
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(near, _)| *near > NEAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}
