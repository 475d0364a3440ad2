mod property;

use serde_json::{Value, json};

use super::*;

fn endpoint() -> Value {
    json!({
        "ChannelType": "GCM",
        "Address": "token",
        "EndpointStatus": "ACTIVE",
        "OptOut": "NONE",
        "Location": {"City": "Wien", "Latitude": 48.2, "Longitude": 16.0},
        "Demographic": {"Timezone": "Europe/Vienna"},
        "EffectiveDate": "2026-02-01T08:00:00Z",
        "Attributes": {
            "Color": ["red"],
            "Sizes": ["S", "M", "L"],
            "Empty": [],
            "Price": ["12.50"],
            "Zero": ["0"],
            "Title": ["the <b>quick</b> \"fox\" & co"],
            "my attribute": ["spaced"],
            "Many": (1..=20).map(|n| n.to_string()).collect::<Vec<_>>(),
            "Born": ["2020-09-19"],
        },
        "Metrics": {"visits": 3.0, "score": 0.5},
        "User": {"UserId": "u1", "UserAttributes": {"FirstName": ["anna maria"], "Last Name": ["Müller"], "Age": ["9"]}},
        "CreationDate": "2026-01-01T00:00:00.000Z",
    })
}

fn context(defaults: &str) -> Context {
    let document = endpoint().to_string();
    let now = "2026-03-01T09:05:07.042Z".parse().unwrap();
    Context::new(document.as_bytes(), "e1", now, &Defaults::parse(defaults).unwrap()).unwrap()
}

fn render(source: &str, escape: Escape, missing: Missing) -> Result<String, Error> {
    Template::compile(source, escape)?.render(&context("{}"), missing)
}

fn assert_renders(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        let rendered = render(source, Escape::None, Missing::Empty);
        assert_eq!(rendered.as_deref(), Ok(*expected), "{source}");
    }
}

#[test]
fn variables() {
    assert_renders(&[
        ("", ""),
        ("plain } { text", "plain } { text"),
        ("{{Id}} {{Address}} {{ChannelType}} {{EndpointStatus}} {{OptOut}}", "e1 token GCM ACTIVE NONE"),
        ("{{Attributes.Color}}", "red"),
        ("{{Attributes.Color.[0]}}", "red"),
        ("{{Attributes.Sizes}}", "S,M,L"),
        ("{{Attributes.Sizes.[2]}}", "L"),
        ("[{{Attributes.Sizes.[3]}}]", "[]"),
        ("[{{Attributes.Empty}}{{Attributes.None}}{{Nothing.At.All}}{{name}}]", "[]"),
        ("[{{Location}}]", "[]"),
        ("{{Attributes.[my attribute]}}", "spaced"),
        ("{{User.UserId}} {{User.UserAttributes.[Last Name].[0]}}", "u1 Müller"),
        ("{{Metrics.visits}} {{Metrics.score}}", "3 0.5"),
        ("{{Location.Latitude}} {{Location.Longitude}}", "48.2 16"),
        ("{{Demographic.Timezone}} {{Location.City}}", "Europe/Vienna Wien"),
        ("{{CreationDate}} {{EffectiveDate}}", "2026-01-01T00:00:00.000Z 2026-02-01T08:00:00.000Z"),
        ("{{{Attributes.Color}}} {{&Attributes.Color}} {{~Attributes.Color~}} !", "red redred!"),
        ("\\{{Attributes.Color}}", "{{Attributes.Color}}"),
        ("{{! a note }}{{!-- {{another}} --}}x", "x"),
        ("{{(upper Attributes.Color)}}", "RED"),
        ("{{{{raw}}}}{{Id}}{{{{/raw}}}}", "{{Id}}"),
    ]);
}

#[test]
fn escapes() {
    let source = "{{Attributes.Title}}|{{{Attributes.Title}}}|{{upper Attributes.Title}}";
    let plain = "the <b>quick</b> \"fox\" & co";
    let cases = [
        (Escape::None, plain.to_owned(), plain.to_uppercase()),
        (
            Escape::Html,
            "the &lt;b&gt;quick&lt;/b&gt; &quot;fox&quot; &amp; co".to_owned(),
            "THE &lt;B&gt;QUICK&lt;/B&gt; &quot;FOX&quot; &amp; CO".to_owned(),
        ),
        (Escape::Json, "the <b>quick</b> \\\"fox\\\" & co".to_owned(), "THE <B>QUICK</B> \\\"FOX\\\" & CO".to_owned()),
    ];
    for (escape, escaped, upper) in cases {
        let expected = format!("{escaped}|{plain}|{upper}");
        assert_eq!(render(source, escape, Missing::Empty), Ok(expected), "{escape:?}");
    }
    // Arguments of helpers are not escaped on the way.
    let nested = "{{eq (lower Attributes.Title) 'the <b>quick</b> \"fox\" & co' yes='<' no='>'}}";
    assert_eq!(render(nested, Escape::Html, Missing::Empty).as_deref(), Ok("&lt;"));
}

#[test]
fn missing_variables_fail_if_asked_to() {
    let cases = [
        ("{{Attributes.None}}", "Attributes.None"),
        ("{{Attributes.Empty}}", "Attributes.Empty"),
        ("{{{User.UserAttributes.[Middle Name].[0]}}}", "User.UserAttributes.[Middle Name].[0]"),
        ("{{upper Attributes.None}}", "Attributes.None"),
        ("{{add 1 Attributes.None}}", "Attributes.None"),
        ("{{upper (lower Attributes.None)}}", "(upper …)"),
        ("{{#if Id}}{{Attributes.None}}{{/if}}", "Attributes.None"),
    ];
    for (source, path) in cases {
        let expected = Err(Error::MissingVariable { path: path.to_owned() });
        assert_eq!(render(source, Escape::None, Missing::Fail), expected, "{source}");
        assert_eq!(render(source, Escape::None, Missing::Empty).as_deref(), Ok(""), "{source}");
    }
    // What asks whether there is a value may find none.
    for source in [
        "{{#if Attributes.None}}{{Attributes.None}}{{/if}}",
        "{{#each Attributes.None}}{{this}}{{/each}}",
        "{{yesno Attributes.None maybe=''}}",
        "{{#eq Attributes.None 'a'}}{{/eq}}",
        "{{#with Attributes.None}}{{/with}}",
    ] {
        assert_eq!(render(source, Escape::None, Missing::Fail).as_deref(), Ok(""), "{source}");
    }
}

#[test]
fn defaults_stand_in_for_missing_variables() {
    let context = context(
        r#"{"User.UserAttributes.Nickname":"friend","Attributes.Color":"blue","Attributes.None.[0]":"some","code":7}"#,
    );
    let source = "{{User.UserAttributes.Nickname}} {{User.UserAttributes.Nickname.[0]}} {{upper \
                  User.UserAttributes.Nickname}} {{Attributes.Color}} {{Attributes.None}} {{code}}";
    let template = Template::compile(source, Escape::None).unwrap();
    assert_eq!(template.render(&context, Missing::Fail).as_deref(), Ok("friend friend FRIEND red some 7"));
}

#[test]
fn conditions() {
    assert_renders(&[
        ("{{#if Attributes.Color}}y{{else}}n{{/if}}", "y"),
        ("{{#if Attributes.None}}y{{else}}n{{/if}}", "n"),
        ("{{#if Attributes.Empty}}y{{/if}}", ""),
        ("{{#if Metrics.visits}}y{{/if}}", "y"),
        ("{{#if (subtract 1 1)}}y{{else}}n{{/if}}", "n"),
        ("{{#if Attributes.None}}a{{else if Attributes.Color}}b{{else}}c{{/if}}", "b"),
        ("{{#eq 1 2}}a{{else eq 1 1}}b{{else}}c{{/eq}}", "b"),
        ("{{#unless Attributes.None}}y{{else}}n{{/unless}}", "y"),
        ("{{if Attributes.Color yes='y' no='n'}}", "y"),
        ("{{#eq Attributes.Color 'red'}}y{{else}}n{{/eq}}", "y"),
        ("{{eq Attributes.Color 'red'}} {{eq Attributes.Color 'Red'}}", "true false"),
        ("{{eq Attributes.Color 'red' yes='y' no='n'}}", "y"),
        ("{{eq Attributes.Color 'blue' yes='y' no=Attributes.Sizes.[0]}}", "S"),
        ("{{eq Attributes.Price '12.5'}} {{eq Attributes.Price 12.5}}", "true true"),
        ("{{eq Attributes.None ''}} {{eq Attributes.None Attributes.Empty}}", "true true"),
        ("{{neq Attributes.Color 'red'}} {{neq Attributes.Color 'blue'}}", "false true"),
        ("{{#gt User.UserAttributes.Age.[0] \"17\"}}adult{{else}}minor{{/gt}}", "minor"),
        ("{{gt 18 '17'}} {{gt '17' '17'}} {{gte '17' '17'}}", "true false true"),
        ("{{lt 'a' 'b'}} {{lt 'b' 'b'}} {{lte 'b' 'b'}}", "true false true"),
        ("{{gt Attributes.None 1}} {{lte Attributes.None 1}}", "false false"),
        ("{{and Id Attributes.Color}} {{and Id Attributes.None}}", "true false"),
        ("{{or Attributes.None Attributes.Color}} {{or Attributes.None Attributes.Empty}}", "true false"),
        ("{{not Id}} {{not Attributes.None}}", "false true"),
        ("{{#and (eq 1 1) (gt 2 1)}}y{{/and}}{{#or (eq 1 2) (not Id)}}{{else}}n{{/or}}", "yn"),
        ("{{#if (eq 1 2 yes='' no='x')}}y{{/if}}", "y"),
    ]);
}

#[test]
fn blocks_and_partials() {
    assert_renders(&[
        ("{{#each Attributes.Sizes}}{{@index}}{{this}}{{#if @last}}.{{else}},{{/if}}{{/each}}", "0S,1M,2L."),
        ("{{#each Attributes.Sizes}}{{#if @first}}[{{/if}}{{@key}}{{/each}}", "[012"),
        ("{{#each Attributes.Empty}}x{{else}}none{{/each}}", "none"),
        ("{{#each Attributes.None}}x{{/each}}", ""),
        ("{{#each Attributes.Many}}{{this}} {{/each}}", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 "),
        ("{{#each Attributes.Many}}{{#if @last}}{{this}}{{/if}}{{/each}}", "15"),
        ("{{#each Attributes.Sizes as |size index|}}{{index}}{{size}}{{/each}}", "0S1M2L"),
        ("{{#each Attributes.Color as |color|}}{{color}}{{../Id}}{{@root.Id}}{{/each}}", "rede1e1"),
        ("{{#each Id}}{{this}}{{/each}}", "e1"),
        ("{{#each Metrics}}{{@key}}={{this}};{{/each}}", "score=0.5;visits=3;"),
        ("{{#with User}}{{UserId}}{{/with}}", "u1"),
        ("{{#with Attributes.None}}x{{else}}none{{/with}}", "none"),
        ("{{lookup Attributes 'Color'}} {{lookup Attributes.Sizes 1}} [{{lookup Attributes.Sizes 9}}]", "red M []"),
        ("{{#*inline \"hi\"}}Hi {{User.UserId}}{{/inline}}{{> hi}} {{> hi}}", "Hi u1 Hi u1"),
        ("{{#* inline \"hi\"}}Hi {{name}}{{/inline}}{{> hi name='you'}}", "Hi you"),
        ("{{#*inline \"a\"}}1{{> b}}{{/inline}}{{#*inline \"b\"}}2{{/inline}}{{> a}}", "12"),
        ("{{#*inline \"row\"}}<{{this}}>{{/inline}}{{#each Attributes.Sizes}}{{> row this}}{{/each}}", "<S><M><L>"),
    ]);
}

#[test]
fn text_helpers() {
    assert_renders(&[
        ("{{abbreviate 'Handlebars.java' 13}}", "Handlebars..."),
        ("{{abbreviate 'short' 5}} {{abbreviate 'größer' 5}} {{abbreviate 'abcdef' 2}}", "short gr... ab"),
        ("{{capitalize User.UserAttributes.FirstName}}", "Anna Maria"),
        ("{{capitalizeFirst User.UserAttributes.FirstName}}", "Anna maria"),
        ("{{capitalize 'über  ÄRGER'}} {{capitalizeFirst ''}}", "Über  ÄRGER "),
        (
            "[{{center 'abc' 8}}] {{center 'abc' 8 pad='*'}} {{center 'abc' size=5 pad='-'}}",
            "[  abc   ] **abc*** -abc-",
        ),
        ("[{{ljust 'abc' 5}}] [{{rjust 'abc' 5 pad='0'}}] {{ljust 'abc' 2}}", "[abc  ] [00abc] abc"),
        ("{{cut 'a b c'}} {{cut 'a,b,c' ','}} {{cut 'abc' ''}}", "abc abc abc"),
        (
            "{{replace 'a.b.c' '.' '-'}} {{replace 'abc' '' '-'}} {{replace 'abc' 'b' Attributes.Color}}",
            "a-b-c abc aredc",
        ),
        ("{{lower 'ÄB'}} {{upper 'straße'}}", "äb STRASSE"),
        ("{{slugify '  Joel is a slug! -- 100% '}} {{slugify 'Größe_M'}}", "joel-is-a-slug-100 größe_m"),
        (
            "{{stripTags Attributes.Title}} {{stripTags 'a < b'}} {{stripTags '<p >x</p>'}}",
            "the quick \"fox\" & co a < b x",
        ),
        (
            "{{substring 'abcdef' 2}} {{substring 'abcdef' 1 3}} [{{substring 'abc' 5 9}}] {{substring 'äöü' 1 9}}",
            "cdef bc [] öü",
        ),
        ("[{{substring 'abc' 2 1}}]", "[]"),
        (
            "{{ordinalize 1}} {{ordinalize '2'}} {{ordinalize 3}} {{ordinalize 4}} {{ordinalize 11}}",
            "1st 2nd 3rd 4th 11th",
        ),
        ("{{ordinalize 112}} {{ordinalize 121}} {{ordinalize 0}} {{ordinalize Metrics.visits}}", "112th 121st 0th 3rd"),
        ("{{inflect 1 'item' 'items'}} {{inflect Metrics.visits 'item' 'items' includeCount=true}}", "item 3 items"),
        (
            "{{inflect Attributes.Zero 'item' 'items' includeCount='true'}} {{inflect 1 'a' 'b' includeCount=false}}",
            "0 items a",
        ),
        ("{{join Attributes.Sizes ', '}} {{join Attributes.Sizes ' ' prefix='<' suffix='>'}}", "S, M, L <S M L>"),
        (
            "{{join 'a' Attributes.Color 'c' '-'}} {{join Attributes.Color ', '}} {{join Attributes.Sizes}}",
            "a-red-c red SML",
        ),
        ("{{yesno true}} {{yesno false}} {{yesno Attributes.None}}", "yes no maybe"),
        ("{{yesno Id yes='Y'}} {{yesno 'No' no='N'}} {{yesno Attributes.None maybe='M'}}", "Y N M"),
        ("{{yesno Attributes.Zero}} {{yesno Attributes.Color}}", "no yes"),
        ("[{{upper Attributes.None}}{{join Attributes.Empty ','}}{{add Attributes.None 1}}]", "[]"),
    ]);
}

#[test]
fn math_helpers() {
    assert_renders(&[
        ("{{add 1 2}} {{add Attributes.Price '0.5'}} {{add 0.1 0.2}}", "3 13 0.3"),
        ("{{subtract 1 2.5}} {{multiply Attributes.Price 2}} {{multiply -2 0}}", "-1.5 25 0"),
        ("{{divide 1 4}} {{divide 9 3}} {{divide 2 3}}", "0.25 3 0.666666667"),
        ("{{modulo 7 3}} {{modulo -7 3}} {{modulo 7.5 2}}", "1 -1 1.5"),
        ("{{ceiling 1.2}} {{floor 1.8}} {{round 1.5}} {{round -1.5}} {{round 1.49}}", "2 1 2 -2 1"),
        ("{{floor (divide (add Metrics.visits 4) 2)}}", "3"),
    ]);
}

#[test]
fn encoding_helpers() {
    assert_renders(&[
        ("{{encode64 'Grüße'}} {{decode64 'R3LDvMOfZQ=='}}", "R3LDvMOfZQ== Grüße"),
        ("{{md5 'abc'}}", "900150983cd24fb0d6963f7d28e17f72"),
        ("{{sha256 'abc'}}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "{{sha512 'abc'}}",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ]);
    let uuid = render("{{uuid}}", Escape::None, Missing::Fail).unwrap();
    let parsed = uuid::Uuid::parse_str(&uuid).unwrap();
    assert_eq!(parsed.get_version_num(), 4);
    assert_ne!(render("{{uuid}}", Escape::None, Missing::Fail).unwrap(), uuid);
}

#[test]
fn date_helpers() {
    assert_renders(&[
        (
            "{{dateFormat '2020-09-19'}} | {{dateFormat '2020-09-19' outputFormat='medium'}}",
            "Sep 19, 2020 | Sep 19, 2020",
        ),
        ("{{dateFormat Attributes.Born outputFormat='full'}}", "Saturday, September 19, 2020"),
        ("{{dateFormat Attributes.Born outputFormat='long'}}", "September 19, 2020"),
        ("{{dateFormat Attributes.Born outputFormat='short'}} {{dateFormat Attributes.Born 'yyyy'}}", "9/19/20 2020"),
        ("{{dateFormat EffectiveDate outputFormat='HH:mm z' tz='Europe/Vienna'}}", "09:00 CET"),
        ("{{dateFormat '2020-09-19T23:30:00-07:00' outputFormat='yyyy-MM-dd HH:mm'}}", "2020-09-20 06:30"),
        ("{{dateFormat '2020-09-19T23:30:00' outputFormat='d MMM HH:mm' tz='Asia/Tokyo'}}", "20 Sep 08:30"),
        ("{{dateFormat '19/09/2020' inputFormat='dd/MM/yyyy' outputFormat='EEE d'}}", "Sat 19"),
        ("{{now}} | {{now 'yyyy-MM-dd HH:mm:ss.SSS'}}", "Mar 1, 2026 | 2026-03-01 09:05:07.042"),
        ("{{now 'h:mm a' tz='America/New_York'}} {{now format='short'}}", "4:05 AM 3/1/26"),
        ("{{dateFormat (now 'yyyy-MM-dd') outputFormat='D'}}", "60"),
    ]);
}

#[test]
fn helpers_say_what_they_cannot_do() {
    let cases = [
        ("{{add Attributes.Color 1}}", "`add`: `Attributes.Color` is not a number"),
        ("{{add 1 'x'}}", "`add`: argument 2 is not a number"),
        ("{{divide 1 Attributes.Zero}}", "`divide`: `Attributes.Zero` is zero"),
        ("{{modulo 1 0}}", "`modulo`: argument 2 is zero"),
        ("{{multiply 1E300 1E300}}", "`multiply`: the result is too large"),
        ("{{abbreviate 'a' 'b'}}", "`abbreviate`: argument 2 is not a whole number"),
        ("{{center 'a'}}", "`center`: the size is missing"),
        ("{{center 'a' 2000000}}", "`center`: a size of 2000000 is too large"),
        ("{{ordinalize 1.5}}", "`ordinalize`: argument 1 is not a whole number"),
        ("{{decode64 '?'}}", "`decode64`: argument 1 is not the Base64 form of a text"),
        ("{{dateFormat Attributes.Color}}", "`dateFormat`: `Attributes.Color` is not a date of that format"),
        (
            "{{dateFormat '2020-01-01' outputFormat='Q'}}",
            "`dateFormat`: `Q` means nothing in a date pattern; text stands in single quotes",
        ),
        ("{{now tz='Mars/Olympus'}}", "`now`: `tz` is not a name of the time zone database"),
        ("{{Attributes.Color.name}}", "a list is indexed by a number such as `[0]`, not by `name`"),
        ("{{> a}}{{#*inline \"a\"}}{{/inline}}", "the inline partial `a` is used before it is defined"),
    ];
    for (source, expected) in cases {
        let error = render(source, Escape::None, Missing::Empty).unwrap_err();
        assert_eq!(error.to_string(), expected, "{source}");
    }
}

#[test]
fn broken_templates_do_not_compile() {
    let cases = [
        ("{{uper Attributes.Color}}", "unknown helper `uper` at line 1, column 1"),
        ("a\n b {{#uper}}x{{/uper}}", "unknown helper `uper` at line 2, column 4"),
        ("{{upper (uper Id)}}", "unknown helper `uper` at line 1, column 1"),
        ("{{#if (uper)}}{{/if}}", "unknown helper `uper` at line 1, column 1"),
        ("{{#each Id}}{{log Id}}{{/each}}", "unknown helper `log` at line 1, column 13"),
        ("{{upper}}", "`upper` takes 1 argument, not 0 at line 1, column 1"),
        ("{{substring Id}}", "`substring` takes 2 to 3 arguments, not 1 at line 1, column 1"),
        ("{{#upper Id}}{{/upper}}", "`upper` is no block helper at line 1, column 1"),
        ("{{each Id}}", "`each` is a block: `{{#each …}}` at line 1, column 1"),
        ("{{*other}}", "unknown decorator `other` at line 1, column 1"),
        ("{{#*inline Id}}{{/inline}}", "an inline partial needs a name in quotes at line 1, column 1"),
        ("x {{> other}}", "unknown inline partial `other` at line 1, column 3"),
        ("{{#> other}}{{/other}}", "partials take no block at line 1, column 1"),
        ("{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}", "the inline partial `a` leads back to itself"),
        (
            "{{#*inline \"a\"}}{{> b}}{{/inline}}{{#*inline \"b\"}}{{> a}}{{/inline}}{{> b}}",
            "the inline partial `b` leads back to itself",
        ),
    ];
    for (source, expected) in cases {
        let error = Template::compile(source, Escape::None).unwrap_err();
        assert_eq!(error.to_string(), expected, "{source}");
    }
    for source in ["{{", "{{Id", "{{#if Id}}", "{{/if}}", "{{#if Id}}{{/each}}", "a {{}} b", "{{Id |}}", "{{else}}"] {
        let error = Template::compile(source, Escape::None).unwrap_err();
        assert!(matches!(error, Error::Syntax { line: 1, .. }), "{source}: {error}");
    }
}

#[test]
fn runaway_templates_are_refused() {
    let too_complex = |source: &str| {
        let error = Template::compile(source, Escape::None).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::TooComplex { .. }), "{error}");
    };
    let chain =
        |levels: usize| format!("{{{{#if no}}}}{}x{{{{/if}}}}", "{{else if no}}".repeat(levels - 2) + "{{else}}");
    let nested = |levels: usize| format!("{}x{}", "{{#if Id}}".repeat(levels), "{{/if}}".repeat(levels));
    assert_renders(&[(&nested(100), "x"), (&chain(100), "x")]);
    too_complex(&nested(101));
    too_complex(&chain(102));
    too_complex(&nested(2000));
    too_complex(&nested(20_000));
    let partials = |levels: usize| {
        let chain = (0..levels).map(|n| format!("{{{{#*inline \"p{n}\"}}}}{{{{> p{}}}}}{{{{/inline}}}}", n + 1));
        format!("{}{{{{#*inline \"p{levels}\"}}}}x{{{{/inline}}}}{{{{> p0}}}}", chain.collect::<String>())
    };
    assert_renders(&[(&partials(98), "x")]);
    too_complex(&partials(101));
    let calls = |levels: usize| format!("{{{{upper {}Id{}}}}}", "(upper ".repeat(levels), ")".repeat(levels));
    assert_renders(&[(&calls(100), "E1")]);
    for levels in [101, 500, 4096, 5000] {
        too_complex(&calls(levels));
    }
    let loops =
        |levels: usize| format!("{}x{}", "{{#each Attributes.Many}}".repeat(levels), "{{/each}}".repeat(levels));
    assert!(Template::compile(&loops(4), Escape::None).is_ok());
    too_complex(&loops(5));
    let doubling: String = (0..20)
        .map(|n| format!("{{{{#*inline \"p{n}\"}}}}{{{{> p{m}}}}}{{{{> p{m}}}}}{{{{/inline}}}}", m = n + 1))
        .collect();
    too_complex(&format!("{doubling}{{{{#*inline \"p20\"}}}}{{{{/inline}}}}{{{{> p0}}}}"));

    let growing = "{{replace ".to_owned()
        + &"(replace ".repeat(8)
        + "'aaaaaaaaaa'"
        + &" 'a' 'aaaaaaaaaa')".repeat(8)
        + " 'a' 'aaaaaaaaaa'}}";
    assert!(render(&growing, Escape::None, Missing::Empty).is_err());
    let long = "{{center 'x' 600000}}{{center 'x' 600000}}";
    assert_eq!(render(long, Escape::None, Missing::Empty), Err(Error::TooLong));
}
