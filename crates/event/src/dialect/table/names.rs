//! What shops call the columns of their files, in the languages we have met.

use crate::dialect::Field;
use crate::dialect::lookup::Lookup;
use crate::schema::{Amount, ItemAmount, ItemLabel, ItemText, Label, Text};

/// Column names as [`squeeze`] leaves them. Names of canonical columns need no entry.
static NAMES: Lookup<Field> = Lookup::new(&[
    ("invoiceno", Field::Text(Text::OrderId)),
    ("invoice", Field::Text(Text::OrderId)),
    ("invoicenumber", Field::Text(Text::OrderId)),
    ("invoiceid", Field::Text(Text::OrderId)),
    ("order", Field::Text(Text::OrderId)),
    ("orderno", Field::Text(Text::OrderId)),
    ("ordernumber", Field::Text(Text::OrderId)),
    ("transactionid", Field::Text(Text::OrderId)),
    ("bestellnummer", Field::Text(Text::OrderId)),
    ("bestellung", Field::Text(Text::OrderId)),
    ("rechnungsnummer", Field::Text(Text::OrderId)),
    ("auftragsnummer", Field::Text(Text::OrderId)),
    ("numerocommande", Field::Text(Text::OrderId)),
    ("commande", Field::Text(Text::OrderId)),
    ("facture", Field::Text(Text::OrderId)),
    ("pedido", Field::Text(Text::OrderId)),
    ("numeropedido", Field::Text(Text::OrderId)),
    ("factura", Field::Text(Text::OrderId)),
    ("ordine", Field::Text(Text::OrderId)),
    ("stockcode", Field::ItemText(ItemText::ProductId)),
    ("productcode", Field::ItemText(ItemText::ProductId)),
    ("itemid", Field::ItemText(ItemText::ProductId)),
    ("itemcode", Field::ItemText(ItemText::ProductId)),
    ("article", Field::ItemText(ItemText::ProductId)),
    ("articleid", Field::ItemText(ItemText::ProductId)),
    ("asin", Field::ItemText(ItemText::ProductId)),
    ("artikelnummer", Field::ItemText(ItemText::ProductId)),
    ("artnr", Field::ItemText(ItemText::ProductId)),
    ("reference", Field::ItemText(ItemText::ProductId)),
    ("referencia", Field::ItemText(ItemText::ProductId)),
    ("codigo", Field::ItemText(ItemText::ProductId)),
    ("description", Field::ItemText(ItemText::Name)),
    ("product", Field::ItemText(ItemText::Name)),
    ("itemname", Field::ItemText(ItemText::Name)),
    ("producttitle", Field::ItemText(ItemText::Name)),
    ("bezeichnung", Field::ItemText(ItemText::Name)),
    ("artikel", Field::ItemText(ItemText::Name)),
    ("produkt", Field::ItemText(ItemText::Name)),
    ("beschreibung", Field::ItemText(ItemText::Name)),
    ("designation", Field::ItemText(ItemText::Name)),
    ("produit", Field::ItemText(ItemText::Name)),
    ("producto", Field::ItemText(ItemText::Name)),
    ("descripcion", Field::ItemText(ItemText::Name)),
    ("prodotto", Field::ItemText(ItemText::Name)),
    ("qty", Field::ItemAmount(ItemAmount::Quantity)),
    ("units", Field::ItemAmount(ItemAmount::Quantity)),
    ("menge", Field::ItemAmount(ItemAmount::Quantity)),
    ("anzahl", Field::ItemAmount(ItemAmount::Quantity)),
    ("stueck", Field::ItemAmount(ItemAmount::Quantity)),
    ("quantite", Field::ItemAmount(ItemAmount::Quantity)),
    ("cantidad", Field::ItemAmount(ItemAmount::Quantity)),
    ("quantita", Field::ItemAmount(ItemAmount::Quantity)),
    ("itemprice", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("preis", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("einzelpreis", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("stueckpreis", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("prix", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("prixunitaire", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("precio", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("preciounitario", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("prezzo", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("invoicedate", Field::Time),
    ("orderdate", Field::Time),
    ("date", Field::Time),
    ("datetime", Field::Time),
    ("eventtime", Field::Time),
    ("eventtimestamp", Field::Time),
    ("eventdate", Field::Time),
    ("time", Field::Time),
    ("createdat", Field::Time),
    ("datum", Field::Time),
    ("zeitpunkt", Field::Time),
    ("zeit", Field::Time),
    ("bestelldatum", Field::Time),
    ("rechnungsdatum", Field::Time),
    ("datecommande", Field::Time),
    ("fecha", Field::Time),
    ("fechapedido", Field::Time),
    ("data", Field::Time),
    ("customer", Field::Text(Text::CustomerId)),
    ("custid", Field::Text(Text::CustomerId)),
    ("customerno", Field::Text(Text::CustomerId)),
    ("user", Field::Text(Text::CustomerId)),
    ("clientid", Field::Text(Text::CustomerId)),
    ("kundennummer", Field::Text(Text::CustomerId)),
    ("kunde", Field::Text(Text::CustomerId)),
    ("kundenid", Field::Text(Text::CustomerId)),
    ("idclient", Field::Text(Text::CustomerId)),
    ("client", Field::Text(Text::CustomerId)),
    ("idcliente", Field::Text(Text::CustomerId)),
    ("cliente", Field::Text(Text::CustomerId)),
    ("visitorid", Field::Text(Text::AnonymousId)),
    ("cookieid", Field::Text(Text::AnonymousId)),
    ("land", Field::Label(Label::Country)),
    ("pays", Field::Label(Label::Country)),
    ("pais", Field::Label(Label::Country)),
    ("paese", Field::Label(Label::Country)),
    ("stadt", Field::Label(Label::City)),
    ("ville", Field::Label(Label::City)),
    ("ciudad", Field::Label(Label::City)),
    ("event", Field::Type),
    ("eventname", Field::Type),
    ("action", Field::Type),
    ("ereignis", Field::Type),
    ("aktion", Field::Type),
    ("evenement", Field::Type),
    ("evento", Field::Type),
    ("usersession", Field::Text(Text::SourceSessionId)),
    ("session", Field::Text(Text::SourceSessionId)),
    ("visitid", Field::Text(Text::SourceSessionId)),
    ("kategorie", Field::ItemLabel(ItemLabel::CategoryPath)),
    ("categorie", Field::ItemLabel(ItemLabel::CategoryPath)),
    ("categoria", Field::ItemLabel(ItemLabel::CategoryPath)),
    ("productcategory", Field::ItemLabel(ItemLabel::CategoryPath)),
    ("marke", Field::ItemText(ItemText::Brand)),
    ("marque", Field::ItemText(ItemText::Brand)),
    ("marca", Field::ItemText(ItemText::Brand)),
    ("platform", Field::Label(Label::DeviceType)),
    ("ipaddress", Field::Text(Text::Ip)),
    ("pageurl", Field::Text(Text::Url)),
    ("pagetitle", Field::Text(Text::Title)),
    ("searchquery", Field::Text(Text::Query)),
    ("searchterm", Field::Text(Text::Query)),
    ("paymenttype", Field::Label(Label::PaymentMethod)),
    ("zahlungsart", Field::Label(Label::PaymentMethod)),
    ("waehrung", Field::Label(Label::Currency)),
    ("devise", Field::Label(Label::Currency)),
    ("moneda", Field::Label(Label::Currency)),
    ("rabatt", Field::Amount(Amount::Discount)),
    ("remise", Field::Amount(Amount::Discount)),
    ("descuento", Field::Amount(Amount::Discount)),
    ("versand", Field::Amount(Amount::Shipping)),
    ("shippingcost", Field::Amount(Amount::Shipping)),
    ("steuer", Field::Amount(Amount::Tax)),
    ("mwst", Field::Amount(Amount::Tax)),
]);

/// The field a column of this name most likely is.
pub(super) fn field_named(name: &str) -> Option<Field> {
    let squeezed = squeeze(name);
    let canonical = || {
        Field::names()
            .find(|canonical| squeeze(canonical) == squeezed)
            .and_then(Field::parse)
    };
    NAMES
        .find(squeezed.as_bytes())
        .map(|(_, field)| *field)
        .or_else(canonical)
}

/// `Unit Price`, `unit_price` and `UnitPrice` are `unitprice`; letters lose their accents.
pub(super) fn squeeze(name: &str) -> String {
    let mut squeezed = String::with_capacity(name.len());
    for character in name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
    {
        match character {
            'ä' => squeezed.push_str("ae"),
            'ö' => squeezed.push_str("oe"),
            'ü' => squeezed.push_str("ue"),
            'ß' => squeezed.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' => squeezed.push('a'),
            'è' | 'é' | 'ê' | 'ë' => squeezed.push('e'),
            'ì' | 'í' | 'î' | 'ï' => squeezed.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' => squeezed.push('o'),
            'ù' | 'ú' | 'û' => squeezed.push('u'),
            'ç' => squeezed.push('c'),
            'ñ' => squeezed.push('n'),
            other => squeezed.push(other),
        }
    }
    squeezed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(
            field_named(name).map_or_else(|| "-".to_owned(), Field::name),
            expected,
            "{name}"
        );
    }

    #[test]
    fn columns_are_known_by_many_names() {
        check("InvoiceNo", "order_id");
        check("order_id", "order_id");
        check("Customer ID", "customer_id");
        check("CustomerID", "customer_id");
        check("UnitPrice", "unit_price");
        check("Price", "unit_price");
        check("StockCode", "product_id");
        check("Stückpreis", "unit_price");
        check("Währung", "currency");
        check("Quantité", "quantity");
        check("event_time", "ts_event");
        check("user_session", "source_session_id");
        check("session_id", "source_session_id");
        check("category_code", "category_path");
        check("platform", "device_type");
        check("user_cohort", "-");
        check("", "-");
        check("store", "-");
    }

    #[test]
    fn every_entry_is_written_as_names_are_squeezed() {
        for name in NAMES.names() {
            assert_eq!(squeeze(name), name);
        }
    }
}
