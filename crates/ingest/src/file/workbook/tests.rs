//! Workbooks: what a sheet says, as the text of a table, and what is refused before it takes memory or time.

use super::*;
use std::fmt::Write as _;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const CONTENT: &str = "[Content_Types].xml";
const ROOT: (&str, &str) = (
    "_rels/.rels",
    r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
);
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
    <numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>
    <cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs>
    <cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="2"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

/// The parts of a workbook.
struct Workbook {
    sheets: Vec<(&'static str, &'static str, String)>,
    strings: String,
    properties: &'static str,
    others: Vec<(&'static str, Vec<u8>)>,
    method: CompressionMethod,
}

impl Workbook {
    /// One sheet of these rows.
    fn of(rows: &str) -> Workbook {
        Workbook {
            sheets: vec![("Orders", "", sheet(rows))],
            strings: String::new(),
            properties: "",
            others: Vec::new(),
            method: CompressionMethod::Deflated,
        }
    }

    fn pack(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(self.method);
        let mut add = |name: &str, bytes: &[u8]| {
            zip.start_file(name, options).expect("a new part");
            zip.write_all(bytes).expect("memory takes it");
        };
        add(CONTENT, b"<Types/>");
        add(ROOT.0, ROOT.1.as_bytes());
        let (mut listed, mut targets) = (String::new(), String::new());
        for (at, (name, state, xml)) in self.sheets.iter().enumerate() {
            write!(
                listed,
                r#"<sheet name="{name}" sheetId="{at}" {state} r:id="rId{at}"/>"#
            )
            .expect("a string takes it");
            write!(targets, r#"<Relationship Id="rId{at}" Type="x/worksheet" Target="worksheets/sheet{at}.xml"/>"#)
                .expect("a string takes it");
            add(&format!("xl/worksheets/sheet{at}.xml"), xml.as_bytes());
        }
        let properties = self.properties;
        add("xl/workbook.xml", format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook>{properties}<sheets>{listed}</sheets></workbook>").as_bytes());
        add("xl/_rels/workbook.xml.rels", format!(r#"<Relationships>{targets}<Relationship Id="s" Type="x/styles" Target="/xl/styles.xml"/><Relationship Id="t" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#).as_bytes());
        add("xl/styles.xml", STYLES.as_bytes());
        if !self.strings.is_empty() {
            add(
                "xl/sharedStrings.xml",
                format!("<sst>{}</sst>", self.strings).as_bytes(),
            );
        }
        for (name, bytes) in &self.others {
            add(name, bytes);
        }
        zip.finish().expect("memory takes it").into_inner()
    }
}

fn sheet(rows: &str) -> String {
    format!(
        r#"<worksheet><dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData></worksheet>"#
    )
}

/// A row of words and numbers, `|` between them: words are written into the cell, `@S` before a number is its style.
fn row(number: u32, cells: &str) -> String {
    let cell = |(at, text): (usize, &str)| {
        let column = char::from(b'A' + u8::try_from(at).expect("few columns"));
        let place = format!("{column}{number}");
        if text.is_empty() {
            return format!(r#"<c r="{place}" s="1"/>"#);
        }
        if let Some(styled) = text.strip_prefix('@') {
            let (style, value) = styled.split_once(' ').expect("a style and a number");
            return format!(r#"<c r="{place}" s="{style}"><v>{value}</v></c>"#);
        }
        match text.parse::<f64>() {
            Ok(_) => format!(r#"<c r="{place}"><v>{text}</v></c>"#),
            Err(_) => format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#),
        }
    };
    let cells: String = cells.split('|').enumerate().map(cell).collect();
    format!(r#"<row r="{number}" spans="1:9">{cells}</row>"#)
}

fn rows(lines: &[&str]) -> String {
    (1..).zip(lines).map(|(at, cells)| row(at, cells)).collect()
}

fn text_of(bytes: Vec<u8>, wish: Option<&str>) -> Result<(String, Vec<String>), String> {
    let explain = |error: io::Error| error.to_string();
    let kind = Kind::of(&bytes).expect("a workbook");
    let mut sheet = open(Box::new(Cursor::new(bytes)), kind, wish).map_err(explain)?;
    let mut text = String::new();
    sheet.read.read_to_string(&mut text).map_err(explain)?;
    Ok((text, sheet.evidence))
}

fn check(workbook: &Workbook, expected: &str) {
    let shown = text_of(workbook.pack(), None).map_or_else(|error| error, |(text, _)| text);
    assert_eq!(shown, expected);
}

fn check_refused(bytes: Vec<u8>, wish: Option<&str>, expected: &str) {
    assert_eq!(
        text_of(bytes, wish).map(|(text, _)| text),
        Err(expected.to_owned())
    );
}

#[test]
fn a_sheet_becomes_the_text_of_a_table() {
    let lines = [
        "InvoiceNo|StockCode|Quantity|InvoiceDate|UnitPrice|CustomerID",
        "536365|85123A|6|@1 40513.351388888892|@2 2.5499999999999998|17850",
        "536366|POST|12.5|@3 40514|18|",
        "C536379|2103807459595387724|-1|@1 40513.5|0.30000000000000004|17850.0",
    ];
    check(
        &Workbook::of(&rows(&lines)),
        "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n\
         536365,85123A,6,2010-12-01 08:26:00,2.55,17850\n\
         536366,POST,12.5,2010-12-02,18,\n\
         C536379,2103807459595387724,-1,2010-12-01 12:00:00,0.3,17850\n",
    );
}

#[test]
fn cells_of_every_kind_are_read() {
    let cells = r#"<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>
        <row r="3"><c r="A3" t="s"><v>2</v></c><c r="D3" t="b"><v>1</v></c></row>
        <row r="4"><c r="B4" t="str"><f>A1&amp;"x"</f><v>formula &lt;says&gt;</v></c><c r="C4"><f>1+1</f><v>2</v></c><c r="D4" t="e"><v>#N/A</v></c></row>
        <row r="5"/>
        <row r="6"><c r="A6" t="d"><v>2010-12-01T08:26:00</v></c><c r="B6" t="s"><v>3</v></c></row>"#;
    let mut workbook = Workbook::of(cells);
    workbook.strings = r#"<si><t>one</t></si><si><t xml:space="preserve"> two </t></si>
        <si><r><t>a, </t></r><r><rPr><b/></rPr><t>"b"</t></r><rPh sb="0" eb="1"><t>aloud</t></rPh></si>
        <si><t>two_x000D_
lines_x0041_ _xyz_ &#10;&amp;</t></si>"#
        .to_owned();
    check(
        &workbook,
        "one,two\n\"a, \"\"b\"\"\",,,true\n,formula <says>,2,#N/A\n\
         2010-12-01T08:26:00,\"two\r\nlinesA _xyz_ \n&\"\n",
    );
}

#[test]
fn the_first_sheet_with_a_header_is_taken_or_the_one_asked_for() {
    let table = sheet(&rows(&["event|ts", "view|1700000000"]));
    let other = sheet(&rows(&["order_id|price", "1|2"]));
    let workbook = Workbook {
        sheets: vec![
            ("Notes", "", sheet(&rows(&["Report of May"]))),
            ("Lists", r#"state="hidden""#, other.clone()),
            ("Events", "", table),
            ("Orders &amp; more", "", other),
        ],
        ..Workbook::of("")
    };
    let (text, evidence) = text_of(workbook.pack(), None).expect("a table");
    assert_eq!(text, "event,ts\nview,1700000000\n");
    assert_eq!(
        evidence,
        ["sheet \"Events\" of Notes, Lists, Events, Orders & more"]
    );
    for wish in ["Orders & more", "Lists"] {
        let (text, _) = text_of(workbook.pack(), Some(wish)).expect("a table");
        assert_eq!(text, "order_id,price\n1,2\n", "{wish}");
    }
    check_refused(
        workbook.pack(),
        Some("orders"),
        "it has no sheet \"orders\"",
    );
    check_refused(
        workbook.pack(),
        Some("Notes"),
        "the sheet \"Notes\" has no header row",
    );
    check_refused(
        Workbook::of(&rows(&["1|2", "3|4"])).pack(),
        None,
        "none of its sheets has a header row",
    );
}

#[test]
fn titles_above_the_header_are_left_out_and_said() {
    let rows =
        row(2, "Report of May") + &row(4, "event|ts|") + &row(7, "view|1700000000|more|and more");
    let (text, evidence) = text_of(Workbook::of(&rows).pack(), None).expect("a table");
    assert_eq!(text, "event,ts\nview,1700000000,more,and more\n");
    assert_eq!(
        evidence[1],
        "the header is row 4; one row above it left out"
    );
}

#[test]
fn days_may_be_counted_from_1904() {
    let workbook = Workbook {
        properties: r#"<workbookPr date1904="1"/>"#,
        ..Workbook::of(&rows(&["event|ts", "view|@3 39051"]))
    };
    check(&workbook, "event,ts\nview,2010-12-01\n");
}

#[test]
fn a_workbook_is_the_same_however_it_is_packed() {
    let rows = rows(&["event|ts", "view|1700000000"]);
    let stored = Workbook {
        method: CompressionMethod::Stored,
        ..Workbook::of(&rows)
    };
    assert_eq!(
        text_of(stored.pack(), None),
        text_of(Workbook::of(&rows).pack(), None)
    );
}

#[test]
fn a_damaged_workbook_says_what_is_wrong() {
    let good = Workbook::of(&rows(&["event|ts", "view|1700000000"]));
    let bytes = good.pack();
    let broken = "the workbook is damaged: it ends too early, or its directory is broken";
    check_refused(bytes[..bytes.len() / 2].to_vec(), None, broken);
    let of = |rows: &str| Workbook::of(rows).pack();
    for (rows, what) in [
        ("<row><c>", "a part of it is no XML"),
        (r#"<row r="2"/><row r="1"/>"#, "it has a row 1 after row 2"),
        (r#"<row r="1048577"/>"#, "it has a row 1048577 after row 0"),
        (
            r#"<row><c r="XFE1"><v>1</v></c></row>"#,
            "it has a cell at \"XFE1\"",
        ),
        (
            r#"<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>"#,
            "the cells of a row stand in the wrong order",
        ),
        (
            r#"<row><c t="s"><v>7</v></c></row>"#,
            "a cell points at text that is not there",
        ),
        (
            r#"<row><c t="str"><v>&lol;</v></c></row>"#,
            "it has an unknown entity",
        ),
        (&"<x>".repeat(100), "its elements are nested too deep"),
    ] {
        check_refused(of(rows), None, &format!("the workbook is damaged: {what}"));
    }
    // A byte turned over within a part.
    let mut stored = Workbook {
        method: CompressionMethod::Stored,
        ..good
    }
    .pack();
    let at = stored
        .windows(4)
        .position(|bytes| bytes == b"view")
        .expect("stored as it is");
    stored[at] = b'V';
    check_refused(
        stored,
        None,
        "the workbook is damaged: a part of it has the wrong checksum",
    );
}

#[test]
fn what_is_no_workbook_says_what_it_is() {
    let zip = |parts: &[&str]| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for part in parts {
            zip.start_file(*part, SimpleFileOptions::default())
                .expect("a new part");
        }
        zip.finish().expect("memory takes it").into_inner()
    };
    check_refused(
        zip(&["readme.txt"]),
        None,
        "it is a ZIP, and not of a workbook",
    );
    check_refused(
        zip(&["mimetype", "content.xml"]),
        None,
        "it is a spreadsheet in the OpenDocument format",
    );
    check_refused(
        [COMPOUND, &[0; 512]].concat(),
        None,
        "it is a workbook of the old format, or one with a password",
    );
}

#[test]
fn a_sheet_that_unpacks_to_far_more_than_it_is_is_refused() {
    // 300 MB in some 300 KB: a thousand times, where sheets are ten to fifty times.
    let piece = format!("<row><c><v>1</v></c></row>{}", " ".repeat(150_000));
    let bytes = Workbook::of(&(rows(&["event|ts"]) + &piece.repeat(2_000))).pack();
    assert!(bytes.len() < 1 << 20);
    let error = text_of(bytes, None).expect_err("a bomb");
    let beginning = "the workbook is too large: a part of it unpacks to more than ";
    assert!(error.starts_with(beginning), "{error}");
    assert!(error.ends_with(" MiB, 200 times its size"), "{error}");
}

#[test]
fn one_cell_without_end_is_refused() {
    let text = "x".repeat(8 << 20);
    let expected = "the workbook is too large: a piece of it is longer than any cell may be";
    check_refused(
        Workbook::of(&rows(&["event|ts", &text])).pack(),
        None,
        expected,
    );
    let comment = format!("<!--{}-->", "<>".repeat(4 << 20));
    check_refused(Workbook::of(&comment).pack(), None, expected);
    let mut shared = Workbook::of(&rows(&["event|ts"]));
    shared.strings = format!("<si><t>{text}</t></si>");
    check_refused(shared.pack(), None, expected);
    let many = "<![CDATA[x]]>".repeat(3 << 20);
    check_refused(
        Workbook::of(&format!("<row><c t=\"str\"><v>{many}</v></c></row>")).pack(),
        None,
        "the workbook is too large: a cell of it is longer than any cell may be",
    );
}

#[test]
fn text_that_is_shared_too_often_is_refused() {
    let mut workbook = Workbook::of("");
    let cells = r#"<c t="s"><v>0</v></c>"#.repeat(40);
    let header = r#"<row><c t="s"><v>1</v></c><c t="s"><v>1</v></c></row>"#;
    workbook.sheets[0].2 = sheet(&format!(
        "{header}{}",
        format!("<row>{cells}</row>").repeat(4_000)
    ));
    workbook.strings = format!("<si><t>{}</t></si><si><t>name</t></si>", "x".repeat(30_000));
    check_refused(
        workbook.pack(),
        None,
        "the workbook is too large: its cells point at the same text over and over",
    );
}

#[test]
fn a_row_of_more_text_than_any_row_may_have_is_cut_and_set_aside_as_too_large() {
    let mut workbook = Workbook::of("");
    let cells = r#"<c t="s"><v>0</v></c>"#.repeat(500);
    workbook.sheets[0].2 = sheet(&format!(
        "{}<row r=\"2\">{cells}</row>{}",
        row(1, "event|ts"),
        row(3, "view|1700000000")
    ));
    workbook.strings = format!("<si><t>{}</t></si>", "x".repeat(30_000));
    let (text, _) = text_of(workbook.pack(), None).expect("a table");
    let lengths: Vec<usize> = text.lines().map(str::len).collect();
    assert_eq!(lengths.len(), 3);
    assert!((1 << 20..3 << 20).contains(&lengths[1]), "{}", lengths[1]);
}
