//! What the database says about every code point, against digests that `data/record_database.py`
//! recorded; normal forms of chosen texts too.

use krait_unicode::database::{self as db, Version};
use krait_unicode::names;
use krait_unicode::normalization::{Form, is_normalized, normalize};

const LAST: u32 = 0x11_0000;

fn digest(values: impl Iterator<Item = u64>) -> String {
    let hash = values.fold(0xCBF2_9CE4_8422_2325, |hash: u64, value| {
        (hash ^ value).wrapping_mul(0x0100_0000_01B3)
    });
    format!("{hash:016x}")
}

fn digest_texts(text: impl Fn(u32) -> String) -> String {
    digest((0..LAST).flat_map(|c| [text(c).into_bytes(), vec![0xFF]].concat()).map(u64::from))
}

fn digest_numbers(number: impl Fn(u32) -> u64) -> String {
    digest((0..LAST).map(number))
}

/// As UTF-8 with surrogates.
fn push_utf8(out: &mut Vec<u8>, c: u32) {
    match char::from_u32(c) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out
            .extend([0xE0 | (c >> 12), 0x80 | (c >> 6 & 0x3F), 0x80 | (c & 0x3F)].map(|b| b as u8)),
    }
}

fn digest_form(version: Version, form: Form) -> String {
    let mut bytes = Vec::new();
    for c in 0..LAST {
        normalize(version, form, [c]).into_iter().for_each(|c| push_utf8(&mut bytes, c));
        bytes.push(0xFF);
    }
    digest(bytes.into_iter().map(u64::from))
}

fn property(version: Version, name: &str) -> String {
    match name {
        "category" => digest_texts(|c| db::category(version, c).to_owned()),
        "bidirectional" => digest_texts(|c| db::bidirectional(version, c).to_owned()),
        "east_asian_width" => digest_texts(|c| db::east_asian_width(version, c).to_owned()),
        "decomposition" => digest_texts(|c| db::decomposition(version, c)),
        "name" => digest_texts(|c| match names::name(c) {
            Some(name) if db::is_assigned(version, c) => name.to_string(),
            _ => String::new(),
        }),
        "combining" => digest_numbers(|c| db::combining(version, c).into()),
        "mirrored" => digest_numbers(|c| db::mirrored(version, c).into()),
        "decimal" => digest_numbers(|c| db::decimal(version, c).unwrap_or(255).into()),
        "numeric" => digest_numbers(|c| db::numeric(version, c).unwrap_or(-1.0).to_bits()),
        _ => match name.strip_suffix(".check") {
            Some(form) => {
                let form = Form::named(form).expect("form");
                digest_numbers(|c| is_normalized(version, form, [c]).into())
            }
            None => digest_form(version, Form::named(name).expect("form")),
        },
    }
}

#[test]
fn every_code_point_is_as_in_the_reference() {
    for line in include_str!("golden/database.txt").lines() {
        let (name, expected) = line.split_once(' ').expect("name and digest");
        let found = match name.split_once('.') {
            Some(("now", name)) => property(Version::Current, name),
            Some(("old", name)) => property(Version::Old, name),
            _ => continue,
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_name_is_found_and_no_other_spelling() {
    for c in 0..LAST {
        if let Some(name) = names::name(c) {
            let name = name.to_string();
            assert_eq!(names::lookup(&name).map(u32::from), Some(c));
            assert_eq!(names::lookup(&name.to_lowercase()).map(u32::from), Some(c));
            assert_eq!(names::lookup(&format!("{name} ")), None);
        }
    }
    assert_eq!(names::lookup("LINE FEED"), Some('\n'));
    assert_eq!(names::official("LINE FEED"), None);
    assert_eq!(names::lookup("Tangut Ideograph-18d08"), Some('\u{18D08}'));
    assert_eq!(names::lookup("Tangut Ideograph-18d09"), None);
    for wrong in [
        "LINEFEED",
        "LINE-FEED",
        "-",
        "-SPACE",
        "LOWLINE",
        "low_line",
        "",
        "É",
        "CJK UNIFIED IDEOGRAPH-04E00",
    ] {
        assert_eq!(names::lookup(wrong), None, "{wrong}");
    }
    assert_eq!(names::named_sequence("tamil syllable yo"), Some([0xBAF, 0xBCA].as_slice()));
}

#[test]
fn texts_are_normalised_as_in_the_reference() {
    let forms = [Form::Nfc, Form::Nfkc, Form::Nfd, Form::Nfkd];
    for line in include_str!("golden/normalization.txt").lines() {
        let parse = |text: &str| -> Vec<u32> {
            text.split(' ').map(|c| u32::from_str_radix(c, 16).expect("code point")).collect()
        };
        let mut columns = line.split(';').map(parse);
        let text = columns.next().expect("text");
        for version in [Version::Current, Version::Old] {
            for form in forms {
                let expected = columns.next().expect("normal form");
                let found = normalize(version, form, text.iter().copied());
                assert_eq!(found, expected, "{version:?} {form:?} of {text:X?}");
                let is = is_normalized(version, form, text.iter().copied());
                assert_eq!(is, text == expected, "{version:?} {form:?} {text:X?}");
            }
        }
    }
}
