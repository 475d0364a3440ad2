//! CSV with dotted column names: `Attributes.Interests`, `User.UserId`. A repeated column gives a further value.

use std::collections::BTreeMap;

use csv_core::{ReadRecordResult, ReaderBuilder, Terminator};

use super::row::Row;
use crate::domain::endpoint::{Demographic, Location};
use crate::wire::endpoint_update::{self, Item};
use crate::wire::invalid::{Invalid, Problem};

/// What the columns of a file are.
#[derive(Debug)]
pub(super) struct Header {
    columns: Vec<Column>,
    names: Vec<String>,
    users_only: bool,
}

#[derive(Debug)]
enum Column {
    Id,
    ChannelType,
    Address,
    EndpointStatus,
    OptOut,
    EffectiveDate,
    RequestId,
    UserId,
    Latitude,
    Longitude,
    Location(fn(&mut Location) -> &mut Option<String>),
    Demographic(fn(&mut Demographic) -> &mut Option<String>),
    Attribute(String),
    UserAttribute(String),
    Metric(String),
}

impl Column {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Id" => Self::Id,
            "ChannelType" => Self::ChannelType,
            "Address" => Self::Address,
            // Not in Pinpoint's imports, but in its exports.
            "EndpointStatus" => Self::EndpointStatus,
            "OptOut" => Self::OptOut,
            "EffectiveDate" => Self::EffectiveDate,
            "RequestId" => Self::RequestId,
            "User.UserId" => Self::UserId,
            "Location.Latitude" => Self::Latitude,
            "Location.Longitude" => Self::Longitude,
            "Location.City" => Self::Location(|location| &mut location.city),
            "Location.Country" => Self::Location(|location| &mut location.country),
            "Location.PostalCode" => Self::Location(|location| &mut location.postal_code),
            "Location.Region" => Self::Location(|location| &mut location.region),
            "Demographic.AppVersion" => Self::Demographic(|demographic| &mut demographic.app_version),
            "Demographic.Locale" => Self::Demographic(|demographic| &mut demographic.locale),
            "Demographic.Make" => Self::Demographic(|demographic| &mut demographic.make),
            "Demographic.Model" => Self::Demographic(|demographic| &mut demographic.model),
            "Demographic.ModelVersion" => Self::Demographic(|demographic| &mut demographic.model_version),
            "Demographic.Platform" => Self::Demographic(|demographic| &mut demographic.platform),
            "Demographic.PlatformVersion" => Self::Demographic(|demographic| &mut demographic.platform_version),
            "Demographic.Timezone" => Self::Demographic(|demographic| &mut demographic.timezone),
            _ => {
                let named = |prefix: &str| {
                    let rest = name.strip_prefix(prefix).filter(|rest| !rest.is_empty());
                    rest.map(str::to_owned)
                };
                return named("Attributes.")
                    .map(Self::Attribute)
                    .or_else(|| named("User.UserAttributes.").map(Self::UserAttribute))
                    .or_else(|| named("Metrics.").map(Self::Metric));
            }
        })
    }

    /// Whether more than one column of this name makes sense.
    fn is_list(&self) -> bool {
        matches!(self, Self::Attribute(_) | Self::UserAttribute(_))
    }

    fn set(&self, item: &mut Item, name: &str, value: &str) -> Result<(), Invalid> {
        let update = &mut item.update;
        let number = || {
            let parsed = value.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            parsed.ok_or_else(|| Problem::NotANumber { value: value.to_owned() }.at(name))
        };
        let text = || Some(value.to_owned());
        match self {
            Self::Id => item.id = text(),
            Self::ChannelType => update.channel_type = Some(endpoint_update::channel_type(value)?),
            Self::Address => update.address = text(),
            Self::EndpointStatus => update.status = Some(endpoint_update::endpoint_status(value)?),
            Self::OptOut => update.opt_out = Some(endpoint_update::opt_out(value)?),
            Self::EffectiveDate => update.effective_date = text(),
            Self::RequestId => update.request_id = text(),
            Self::UserId => update.user.id = text(),
            Self::Latitude => update.location.latitude = Some(number()?),
            Self::Longitude => update.location.longitude = Some(number()?),
            Self::Location(field) => *field(&mut update.location) = text(),
            Self::Demographic(field) => *field(&mut update.demographic) = text(),
            Self::Attribute(attribute) => push(&mut update.attributes, attribute, value),
            Self::UserAttribute(attribute) => push(&mut update.user.attributes, attribute, value),
            Self::Metric(metric) => {
                update.metrics.insert(metric.clone(), Some(number()?));
            }
        }
        Ok(())
    }
}

fn push(attributes: &mut BTreeMap<String, Vec<String>>, name: &str, value: &str) {
    match attributes.get_mut(name) {
        Some(values) => values.push(value.to_owned()),
        None => {
            attributes.insert(name.to_owned(), vec![value.to_owned()]);
        }
    }
}

impl Header {
    /// Reads the first line of a file.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        let mut names: Vec<String> = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        fields.split(line)?;
        for name in fields.iter() {
            let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
            let column = Column::parse(&name)
                .ok_or_else(|| Problem::rule(format!("`{name}` is not a column of an import file")))?;
            if !column.is_list() && names.contains(&name) {
                return Err(Problem::rule(format!("the column `{name}` is there twice, but takes one value")));
            }
            names.push(name);
            columns.push(column);
        }
        let users_only = names == ["User.UserId"];
        Ok(Self { columns, names, users_only })
    }
}

/// Reads lines below a header.
#[derive(Default)]
pub(super) struct Parser(Fields);

impl Parser {
    /// Shape: empty values are as if the column were not there.
    pub(super) fn row(&mut self, header: &Header, line: &[u8]) -> Result<Row, Invalid> {
        self.0.split(line).map_err(|problem| problem.at("line"))?;
        let values = self.0.ends.len();
        if values != header.columns.len() {
            let problem = Problem::rule(format!("{values} values, the header has {} columns", header.columns.len()));
            return Err(problem.at("line"));
        }
        let mut item = Item::default();
        for ((column, name), value) in header.columns.iter().zip(&header.names).zip(self.0.iter()) {
            let value = std::str::from_utf8(value).map_err(|_| Problem::rule("not UTF-8 text").at(name))?;
            if value.is_empty() {
                continue;
            }
            if header.users_only {
                return Ok(Row::Users(value.split_whitespace().map(str::to_owned).collect()));
            }
            column.set(&mut item, name, value)?;
        }
        endpoint_update::check(&item.update)?;
        Row::new(item)
    }
}

/// A line cut into its values, the quotes taken off.
///
/// One line at a time: values of import files have no line breaks, so that a quote nobody closed spoils one line and
/// not the rest of the file.
struct Fields {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Default for Fields {
    fn default() -> Self {
        let reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        Self { reader, text: Vec::new(), ends: Vec::new() }
    }
}

impl Fields {
    fn split(&mut self, line: &[u8]) -> Result<(), Problem> {
        self.reader.reset();
        // Values are together no longer than their line, and no more than its bytes and one. The reader stops before
        // the line break when there is no room left, even if it needs none.
        self.text.resize(line.len() + 1, 0);
        self.ends.resize(line.len() + 1, 0);
        let (_, _, text, ended) = self.reader.read_record(line, &mut self.text, &mut self.ends);
        let (result, _, _, last) = self.reader.read_record(b"\n", &mut self.text[text..], &mut self.ends[ended..]);
        self.ends.truncate(ended + last);
        match result {
            ReadRecordResult::Record => Ok(()),
            // The line break became part of a value.
            _ => Err(Problem::rule("a quote is not closed")),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EndpointWrite;

    fn row(header: &str, line: &str) -> Result<Row, String> {
        let header = Header::parse(header.as_bytes()).unwrap();
        Parser::default().row(&header, line.as_bytes()).map_err(|error| error.to_string())
    }

    fn endpoint(header: &str, line: &str) -> EndpointWrite {
        match row(header, line) {
            Ok(Row::Endpoint(write)) => write,
            other => panic!("{other:?} is no endpoint"),
        }
    }

    #[test]
    fn every_column_has_its_place() {
        let columns = [
            ("Id", "e"),
            ("ChannelType", "SMS"),
            ("Address", "+1"),
            ("EndpointStatus", "INACTIVE"),
            ("OptOut", "ALL"),
            ("EffectiveDate", "2026-03-01T09:00:00Z"),
            ("RequestId", "r"),
            ("User.UserId", "u"),
            ("User.UserAttributes.Plan", "gold"),
            ("Location.City", "Ulm"),
            ("Location.Country", "DE"),
            ("Location.PostalCode", "89073"),
            ("Location.Region", "BW"),
            ("Location.Latitude", "48.4"),
            ("Location.Longitude", " 9.99 "),
            ("Demographic.AppVersion", "1"),
            ("Demographic.Locale", "de_DE"),
            ("Demographic.Make", "m"),
            ("Demographic.Model", "n"),
            ("Demographic.ModelVersion", "2"),
            ("Demographic.Platform", "p"),
            ("Demographic.PlatformVersion", "3"),
            ("Demographic.Timezone", "Europe/Berlin"),
            ("Attributes.a.b", "x"),
            ("Metrics.visits", "3"),
        ];
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<_> = columns.iter().map(|(_, value)| *value).collect();
        let json = br#"{"Id":"e","ChannelType":"SMS","Address":"+1","EndpointStatus":"INACTIVE","OptOut":"ALL",
            "EffectiveDate":"2026-03-01T09:00:00Z","RequestId":"r",
            "User":{"UserId":"u","UserAttributes":{"Plan":["gold"]}},
            "Location":{"City":"Ulm","Country":"DE","PostalCode":"89073","Region":"BW","Latitude":48.4,"Longitude":9.99},
            "Demographic":{"AppVersion":"1","Locale":"de_DE","Make":"m","Model":"n","ModelVersion":"2","Platform":"p",
                "PlatformVersion":"3","Timezone":"Europe/Berlin"},
            "Attributes":{"a.b":["x"]},"Metrics":{"visits":3}}"#;
        let expected = Row::new(endpoint_update::read(json).unwrap()).unwrap();
        assert_eq!(row(&names.join(","), &values.join(",")), Ok(expected));
    }

    #[test]
    fn repeated_columns_give_several_values_and_quotes_hold_commas() {
        let write = endpoint(
            "Id,Attributes.Interests,Attributes.Note,Attributes.Interests,Attributes.Interests",
            r#"e,hiking,"a ""b"", c",,chess"#,
        );
        let expected = [
            ("Interests".to_owned(), vec!["hiking".to_owned(), "chess".to_owned()]),
            ("Note".to_owned(), vec![r#"a "b", c"#.to_owned()]),
        ];
        assert_eq!(write.update.attributes, expected.into());
        assert_eq!(endpoint("Id,Address", "e,").update.address, None, "an empty value is none");
    }

    #[test]
    fn users_alone_stand_several_on_a_line() {
        let users = |ids: &[&str]| Ok(Row::Users(ids.iter().map(|id| (*id).to_owned()).collect()));
        assert_eq!(row("User.UserId", "u1 u2  u3"), users(&["u1", "u2", "u3"]));
        assert_eq!(row("Id,User.UserId", ",u1 u2"), users(&["u1 u2"]));
    }

    #[test]
    fn bad_headers_name_the_column() {
        let cases = [
            ("Id,Colour", "`Colour` is not a column of an import file"),
            ("Id,Attributes.", "`Attributes.` is not a column of an import file"),
            ("id", "`id` is not a column of an import file"),
            ("Id,Address,Id", "the column `Id` is there twice, but takes one value"),
            ("Metrics.n,Metrics.n", "the column `Metrics.n` is there twice, but takes one value"),
            ("\"Id", "a quote is not closed"),
        ];
        for (header, expected) in cases {
            assert_eq!(Header::parse(header.as_bytes()).expect_err(header).to_string(), expected, "{header}");
        }
        assert!(Header::parse(b"Id, Address ,\"Attributes.a, b\"").is_ok());
    }

    #[test]
    fn bad_lines_name_field_value_and_rule() {
        let header = "Id,ChannelType,Metrics.visits,Location.Latitude,Attributes.a";
        let cases = [
            ("e,FAX,,,", "ChannelType: `FAX` is not one of ADM, APNS,"),
            ("e,,many,,", "Metrics.visits: `many` is not a number"),
            ("e,,inf,,", "Metrics.visits: `inf` is not a number"),
            ("e,,,91,", "Location.Latitude: 91 is not between -90 and 90"),
            ("e,,", "line: 3 values, the header has 5 columns"),
            ("e,,,,,,", "line: 7 values, the header has 5 columns"),
            ("e,,,,\"x", "line: a quote is not closed"),
            (",SMS,,,", "Id: missing, without it `ChannelType` and `Address` are needed"),
        ];
        for (line, expected) in cases {
            let error = row(header, line).expect_err(line);
            assert!(error.starts_with(expected), "{line}: {error}");
        }
        let header = Header::parse(b"Id,Attributes.a").unwrap();
        let error = Parser::default().row(&header, b"e,\xff").unwrap_err();
        assert_eq!(error.to_string(), "Attributes.a: not UTF-8 text");
    }
}
