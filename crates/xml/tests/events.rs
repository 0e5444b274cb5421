//! What the parser tells of documents, right and wrong, whole and in pieces: as expat told, when `record.py` ran with the
//! reference. `XML_EVENTS` names another recording.

use std::fmt::Write;

use krait_xml::{
    EntityIds, Event, ExternalEntity, Kind, ParamEntityParsing, Parser, Part, Settings, Sink,
};

struct Case {
    data: Vec<u8>,
    encoding: Option<String>,
    separator: Option<u8>,
    kinds: u32,
    numbers: [usize; 6],
    replies: Vec<Reply>,
}

enum Reply {
    Number(bool),
    Text(Vec<u8>),
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.trim_matches('-').as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

impl Case {
    fn parse(line: &str) -> Case {
        let words: Vec<&str> = line.split(' ').collect();
        let separator = match words[3] {
            "~" => None,
            "''" => Some(0),
            "%21" => Some(b'!'),
            "%20" => Some(b' '),
            other => other.bytes().next(),
        };
        let reply = |word: &str| match word.strip_prefix('x') {
            Some(text) => Reply::Text(unhex(text)),
            None => Reply::Number(word == "1"),
        };
        Case {
            data: unhex(words[1]),
            encoding: (words[2] != "~").then(|| words[2].to_owned()),
            separator,
            kinds: u32::from_str_radix(words[4], 16).unwrap(),
            numbers: std::array::from_fn(|at| words[5 + at].parse().unwrap()),
            replies: words[11].split(',').filter(|word| *word != "-").rev().map(reply).collect(),
        }
    }
}

fn plain(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".:_-".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
    }
    out
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "~".to_owned(), plain)
}

fn model(parts: &[Part], number: usize) -> String {
    let part = &parts[number];
    let mut children = Vec::new();
    let mut child = part.first_child;
    for _ in 0..part.children {
        children.push(model(parts, child));
        child = parts[child].next;
    }
    let name = optional(part.name.as_deref());
    format!("({} {} {name} ({}))", part.kind as u8, part.quantifier as u8, children.join(" "))
}

struct Recorder {
    kinds: u32,
    standalone: bool,
    replies: Vec<Reply>,
    out: Vec<String>,
}

impl Recorder {
    fn tell(&mut self, parser: &Parser, kind: Kind, args: &[String]) {
        let (line, column) = parser.position();
        let index = parser.byte_index().map_or(-1, |index| index as i64);
        let mut text = format!("{kind:?} {index} {line} {column}");
        for arg in args {
            write!(text, " {arg}").unwrap();
        }
        self.out.push(text);
    }
}

fn ids(entity: EntityIds<'_>) -> [String; 3] {
    [optional(entity.base), optional(entity.system_id), optional(entity.public_id)]
}

fn args(event: Event<'_>) -> (Kind, Vec<String>) {
    let number = |value: bool| u8::from(value).to_string();
    match event {
        Event::StartElement { name, attributes } => {
            let flat: Vec<String> =
                attributes.iter().flat_map(|(name, value)| [plain(name), plain(value)]).collect();
            (Kind::StartElement, vec![plain(name), format!("[{}]", flat.join(" "))])
        }
        Event::EndElement { name } => (Kind::EndElement, vec![plain(name)]),
        Event::ProcessingInstruction { target, data } => {
            (Kind::ProcessingInstruction, vec![plain(target), plain(data)])
        }
        Event::CharacterData(text) => (Kind::CharacterData, vec![plain(text)]),
        Event::UnparsedEntityDecl { entity, notation } => {
            let [base, system, public] = ids(entity);
            let args = vec![plain(entity.name), base, system, public, plain(notation)];
            (Kind::UnparsedEntityDecl, args)
        }
        Event::NotationDecl { entity } => {
            let [base, system, public] = ids(entity);
            (Kind::NotationDecl, vec![plain(entity.name), base, system, public])
        }
        Event::StartNamespaceDecl { prefix, uri } => {
            (Kind::StartNamespaceDecl, vec![optional(prefix), optional(uri)])
        }
        Event::EndNamespaceDecl { prefix } => (Kind::EndNamespaceDecl, vec![optional(prefix)]),
        Event::Comment(text) => (Kind::Comment, vec![plain(text)]),
        Event::StartCdataSection => (Kind::StartCdataSection, vec![]),
        Event::EndCdataSection => (Kind::EndCdataSection, vec![]),
        Event::Default(text) => (Kind::Default, vec![plain(text)]),
        Event::StartDoctypeDecl { name, system_id, public_id, internal_subset } => {
            let ids = [optional(system_id), optional(public_id), number(internal_subset)];
            (Kind::StartDoctypeDecl, [vec![plain(name)], ids.to_vec()].concat())
        }
        Event::EndDoctypeDecl => (Kind::EndDoctypeDecl, vec![]),
        Event::EntityDecl { entity, is_parameter, value, notation } => {
            let start = vec![plain(entity.name), number(is_parameter), optional(value)];
            (Kind::EntityDecl, [start, ids(entity).to_vec(), vec![optional(notation)]].concat())
        }
        Event::XmlDecl { version, encoding, standalone } => {
            let args = vec![optional(version), optional(encoding), standalone.to_string()];
            (Kind::XmlDecl, args)
        }
        Event::ElementDecl { name, model: parts } => {
            (Kind::ElementDecl, vec![plain(name), model(parts, 0)])
        }
        Event::AttlistDecl { element, attribute, kind, default, required } => {
            let start = vec![plain(element), plain(attribute), plain(kind)];
            (Kind::AttlistDecl, [start, vec![optional(default), number(required)]].concat())
        }
        Event::SkippedEntity { name, is_parameter } => {
            (Kind::SkippedEntity, vec![plain(name), number(is_parameter)])
        }
    }
}

const DEFAULTS: u32 = 1 << Kind::Default as u32 | 1 << Kind::DefaultExpand as u32;

impl Sink for Recorder {
    fn wants(&self, kind: Kind) -> bool {
        self.kinds >> kind as u32 & 1 != 0
    }

    fn wants_default(&self) -> bool {
        self.kinds & DEFAULTS != 0
    }

    // Of both handlers the one for expanded text is set last.
    fn expands_entities(&self) -> bool {
        self.wants(Kind::DefaultExpand) || !self.wants(Kind::Default)
    }

    fn is_stopped(&self) -> bool {
        false
    }

    fn event(&mut self, parser: &Parser, event: Event<'_>) {
        let (kind, args) = args(event);
        match kind {
            Kind::Default if self.wants(Kind::DefaultExpand) => {
                self.tell(parser, Kind::DefaultExpand, &args);
            }
            _ => self.tell(parser, kind, &args),
        }
    }

    fn external_entity(&mut self, parser: &Parser, entity: ExternalEntity<'_>) -> bool {
        // In what order expat has the parts of a context, is chance.
        let context = match entity.context {
            Some(context) if context.contains('\x0c') => {
                let mut parts: Vec<&str> = context.split('\x0c').collect();
                parts.sort_unstable();
                let parts: Vec<String> = parts.into_iter().map(plain).collect();
                format!("[{}]", parts.join(" "))
            }
            context => optional(context),
        };
        let [base, system, public] =
            [entity.base, entity.system_id, entity.public_id].map(optional);
        self.tell(parser, Kind::ExternalEntityRef, &[context, base, system, public]);
        match self.replies.pop() {
            None => true,
            Some(Reply::Number(number)) => number,
            Some(Reply::Text(data)) => {
                let mut sub = parser.external(self, entity.context, None).unwrap();
                feed(&mut sub, self, &data, 0);
                true
            }
        }
    }

    fn not_standalone(&mut self, parser: &Parser) -> bool {
        self.tell(parser, Kind::NotStandalone, &[]);
        self.standalone
    }

    fn unknown_encoding(&mut self, _: &Parser, _: &str) -> Option<Box<[u16; 256]>> {
        None
    }
}

fn feed(parser: &mut Parser, recorder: &mut Recorder, data: &[u8], chunk: usize) {
    let mut pieces: Vec<&[u8]> = if chunk == 0 { vec![] } else { data.chunks(chunk).collect() };
    let last: &[u8] = if chunk == 0 { data } else { b"" };
    pieces.push(last);
    let count = pieces.len();
    for (number, piece) in pieces.into_iter().enumerate() {
        if let Err(code) = parser.parse(recorder, piece, piece.len(), number + 1 == count) {
            let (line, column) = parser.position();
            let index = parser.byte_index().map_or(-1, |index| index as i64);
            recorder.out.push(format!("error {} {index} {line} {column}", code as u8));
            return;
        }
    }
}

fn run(case: Case) -> Vec<String> {
    let [parameter, triplets, foreign, deferral, chunk, standalone] = case.numbers;
    let settings = Settings { encoding: case.encoding.as_deref(), separator: case.separator };
    let mut parser = Parser::new(settings);
    parser.set_triplets(triplets != 0);
    parser.set_parameter_parsing(match parameter {
        0 => ParamEntityParsing::Never,
        1 => ParamEntityParsing::UnlessStandalone,
        _ => ParamEntityParsing::Always,
    });
    parser.set_reparse_deferral(deferral != 0);
    parser.set_foreign_dtd(foreign != 0).unwrap();
    let (kinds, standalone) = (case.kinds, standalone != 0);
    let mut recorder = Recorder { kinds, standalone, replies: case.replies, out: Vec::new() };
    feed(&mut parser, &mut recorder, &case.data, chunk);
    recorder.out
}

#[test]
fn events_are_expats() {
    let recorded = match std::env::var("XML_EVENTS") {
        Ok(path) => std::fs::read_to_string(path).unwrap(),
        Err(_) => include_str!("events.txt").to_owned(),
    };
    let (mut wrong, mut count) = (0, 0);
    let mut lines = recorded.lines().peekable();
    while let Some(line) = lines.next() {
        let mut expected = Vec::new();
        while let Some(event) = lines.next_if(|line| !line.starts_with("case ")) {
            expected.push(event);
        }
        count += 1;
        let case = Case::parse(line);
        let shown = String::from_utf8_lossy(&case.data).into_owned();
        let told = run(case);
        if told != expected {
            wrong += 1;
            let at = told.iter().zip(&expected).take_while(|(ours, theirs)| ours == theirs).count();
            eprintln!("{shown:?}\n  {line}");
            eprintln!("  event {at}: {:?}\n  expected: {:?}", told.get(at), expected.get(at));
        }
    }
    assert_eq!(wrong, 0, "of {count} cases");
}
