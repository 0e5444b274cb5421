//! Codecs and searches against answers recorded from the reference by `data/record_text.py`.

use krait_objects::text::codec::*;
use krait_objects::text::{TextBuf, Unit, compare, convert, converted, max_char, search, split};
use krait_objects::unicode::{is_line_break, is_space};
use std::ops::Range;

#[test]
fn answers_equal_the_reference() {
    let mut wrong = Vec::new();
    for line in include_str!("golden/text.txt").lines() {
        let (question, expected) = line.split_once(" = ").expect("a line has a result");
        let words: Vec<&str> = question.split(' ').collect();
        let answer = match words[0] {
            "decode" => decode(words[1], &unhex(words[2]), true),
            "partial" => decode(words[1], &unhex(words[2]), false),
            "encode" => encode(words[1], &points(words[2])),
            "search" => {
                let most = words[3].parse().expect("a number");
                answer_search(&points(words[1]), &points(words[2]), most)
            }
            _ => answer_space(&points(words[1]), words[2].parse().expect("a number")),
        };
        if answer != expected {
            wrong.push(format!("{line}\n    got {answer}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.strip_prefix('x').expect("bytes").as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn points(text: &str) -> Vec<u32> {
    let items = text[1..].split('.').filter(|item| !item.is_empty());
    items.map(|item| u32::from_str_radix(item, 16).expect("a code point")).collect()
}

fn show<T: Unit>(text: &[T]) -> String {
    let points: Vec<String> = text.iter().map(|unit| format!("{:x}", unit.code())).collect();
    format!(".{}", points.join("."))
}

fn decode(name: &str, input: &[u8], last: bool) -> String {
    let (mut at, mut out, mut log) = (0, TextBuf::default(), String::new());
    let mut utf7 = Utf7Decoder::default();
    let mut invalid = None;
    let snake = |name: &[u8]| (name == b"SNAKE").then_some(0x1f40d);
    loop {
        let result = match name {
            "utf_8" => decode_utf8(input, &mut at, last, &mut out),
            "utf_16_le" => decode_utf16(input, &mut at, Endian::Little, last, &mut out),
            "utf_16_be" => decode_utf16(input, &mut at, Endian::Big, last, &mut out),
            "utf_32_le" => decode_utf32(input, &mut at, Endian::Little, last, &mut out),
            "utf_32_be" => decode_utf32(input, &mut at, Endian::Big, last, &mut out),
            "ascii" => decode_ascii(input, &mut at, &mut out),
            "latin_1" => {
                decode_latin1(input, &mut at, &mut out);
                Ok(())
            }
            "unicode_escape" => {
                decode_unicode_escape(input, &mut at, last, &mut out, &mut invalid, snake)
            }
            "raw_unicode_escape" => decode_raw_unicode_escape(input, &mut at, last, &mut out),
            "utf_7" => utf7.decode(input, &mut at, last, &mut out),
            other => panic!("{other}"),
        };
        let Err(error) = result else { break };
        log += &logged(&error);
        out.push(u32::from(b'?'));
        at = error.end;
    }
    let used = if last { String::new() } else { format!(" {at}") };
    format!("{}{used}{log}", show(&out.code_points()))
}

fn logged(error: &CodecError) -> String {
    format!(" {}-{}:{}", error.start, error.end, error.reason.replace(' ', "_"))
}

/// Encodes in the narrowest kind, as a `str` would be.
fn encode(name: &str, text: &[u32]) -> String {
    match max_char(text) {
        0..0x100 => encode_units(name, &converted::<u32, u8>(text).expect("narrow")),
        0x100..0x1_0000 => encode_units(name, &converted::<u32, u16>(text).expect("narrow")),
        _ => encode_units(name, text),
    }
}

fn encode_units<T: Unit>(name: &str, text: &[T]) -> String {
    let (mut at, mut out, mut log) = (0, Vec::new(), String::new());
    loop {
        let result = match name {
            "utf_8" => encode_utf8(text, &mut at, &mut out),
            "utf_16_le" => encode_utf16(text, &mut at, Endian::Little, &mut out),
            "utf_16_be" => encode_utf16(text, &mut at, Endian::Big, &mut out),
            "utf_32_le" => encode_utf32(text, &mut at, Endian::Little, &mut out),
            "utf_32_be" => encode_utf32(text, &mut at, Endian::Big, &mut out),
            "ascii" => encode_ascii(text, &mut at, &mut out),
            "latin_1" => encode_latin1(text, &mut at, &mut out),
            "unicode_escape" => {
                out = encode_unicode_escape(text).into_bytes();
                Ok(())
            }
            "raw_unicode_escape" => {
                out = encode_raw_unicode_escape(text);
                Ok(())
            }
            _ => {
                out = encode_utf7(text);
                Ok(())
            }
        };
        let Err(error) = result else { break };
        log += &logged(&error);
        out.extend(match name {
            "utf_16_le" => &b"?\0"[..],
            "utf_16_be" => b"\0?",
            "utf_32_le" => b"?\0\0\0",
            "utf_32_be" => b"\0\0\0?",
            _ => b"?",
        });
        at = error.end;
    }
    out.iter().fold("x".to_string(), |text, byte| format!("{text}{byte:02x}")) + &log
}

fn answer_search(text: &[u32], needle: &[u32], most: isize) -> String {
    let wide = search_units(text, needle, most);
    // The other kinds answer the same, where they can hold the texts.
    if let (Some(text), Some(needle)) = (converted::<u32, u16>(text), converted::<u32, u16>(needle))
    {
        assert_eq!(search_units(&text, &needle, most), wide);
    }
    if let (Some(text), Some(needle)) = (converted::<u32, u8>(text), converted::<u32, u8>(needle)) {
        assert_eq!(search_units(&text, &needle, most), wide);
    }
    wide
}

fn bytes_of(units: &[u32]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_ne_bytes()).collect()
}

fn search_units<T: Unit>(text: &[T], needle: &[T], most: isize) -> String {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let number = |found: Option<usize>| found.map_or(-1, |at| at as isize);
    let new = [0x2020u32, 0x78];
    let wide: Vec<u32> = text.iter().map(|&unit| unit.code()).collect();
    let places = search::Places::of(text, needle, most);
    let len = search::replaced_len(text.len(), places.len(), needle.len(), new.len());
    let mut replaced = vec![0u8; len.expect("short") * 4];
    let (wide, new) = (bytes_of(&wide), bytes_of(&new));
    search::replace_into(&wide, &places, 4, needle.len(), &new, &mut replaced);
    let replaced: Vec<u32> =
        replaced.as_chunks().0.iter().map(|&unit| u32::from_ne_bytes(unit)).collect();
    let mut answers = vec![
        number(search::find(text, needle)).to_string(),
        number(search::rfind(text, needle)).to_string(),
        search::count(text, needle, usize::MAX).to_string(),
        show(&replaced),
    ];
    if !needle.is_empty() {
        answers.push(show_parts(text, &split::all(|part| split::split(text, needle, most, part))));
        answers.push(show_parts(text, &split::rsplit(text, needle, most)));
    }
    answers.join(" ")
}

fn show_parts<T: Unit>(text: &[T], parts: &[Range<usize>]) -> String {
    let shown: Vec<String> = parts.iter().map(|part| show(&text[part.clone()])).collect();
    if shown.is_empty() { "none".into() } else { shown.join("|") }
}

fn answer_space(text: &[u32], most: isize) -> String {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let strip = |left, right| split::strip(text, left, right, is_space);
    [
        split::all(|part| split::split_space(text, most, is_space, part)),
        split::rsplit_space(text, most, is_space),
        split::all(|line| split::split_lines(text, false, is_line_break, line)),
        split::all(|line| split::split_lines(text, true, is_line_break, line)),
        vec![strip(true, true), strip(true, false), strip(false, true)],
    ]
    .map(|parts| show_parts(text, &parts))
    .join(" ")
}

#[test]
fn kinds_convert_and_compare() {
    let narrow = *b"caf\xe9";
    let mut wide = [0u32; 4];
    convert(&narrow, &mut wide);
    assert_eq!(wide, [0x63, 0x61, 0x66, 0xe9]);
    assert_eq!(converted::<u32, u8>(&[0x100]), None);
    assert!(compare(&narrow, &[0x63u16, 0x61, 0x66, 0x20ac]).is_lt());
    assert!(compare(&wide, &narrow[..3]).is_gt());
    assert_eq!([max_char(b"abc"), max_char(&narrow), max_char(&[0x20acu32])], [0x7f, 0xff, 0xffff]);
    assert_eq!(shape_of("aé€".as_bytes()), (3, 0xffff));
}

/// The code points of UTF-8; `None` if it is not valid.
fn decoded(input: &[u8]) -> Option<Vec<u32>> {
    let (len, _) = shape_of(input);
    let mut out = vec![0u32; len];
    // SAFETY: there is room for as many as `shape_of` says.
    unsafe { decode_exact(input, out.as_mut_ptr(), len) }.then_some(out)
}

fn encoded<T: Unit>(text: &[T]) -> Option<Vec<u8>> {
    let mut out = vec![0; encoded_len(text)?];
    // SAFETY: there is room for as many bytes as `encoded_len` says.
    unsafe { encode_exact(text, out.as_mut_ptr()) };
    Some(out)
}

#[test]
fn utf8_without_detours() {
    for part in
        ["é", "naïveté, ", "жук,банан ", "漢字かな and ", "a😀b", "ascii only, as most", "ÿ€😀"]
    {
        for text in [part.to_owned(), part.repeat(3), part.repeat(100)] {
            let points: Vec<u32> = text.chars().map(u32::from).collect();
            assert_eq!(decoded(text.as_bytes()).as_ref(), Some(&points));
            assert_eq!(encoded(&points).as_deref(), Some(text.as_bytes()));
            let narrow = converted::<u32, u8>(&points).and_then(|text| encoded(&text));
            assert!(narrow.is_none_or(|bytes| bytes == text.as_bytes()));
            let narrow = converted::<u32, u16>(&points).and_then(|text| encoded(&text));
            assert!(narrow.is_none_or(|bytes| bytes == text.as_bytes()));
            for cut in 0..text.len().min(40) {
                let valid = text.is_char_boundary(cut);
                assert_eq!(decoded(&text.as_bytes()[..cut]).is_some(), valid);
                assert_eq!(decoded(&text.as_bytes()[cut..]).is_some(), valid);
            }
        }
    }
    assert_eq!(encoded(&[0x61u32, 0xdfff]), None);
    assert_eq!(encoded(&[0xd800u16]), None);
}

#[test]
fn utf8_that_is_none() {
    let wrong: [&[u8]; 9] = [
        b"\x80",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xc3(",
    ];
    for before in ["", "a", "sixteen letters.", "é", "жж", "漢"] {
        for (wrong, after) in wrong.iter().flat_map(|wrong| [(wrong, ""), (wrong, "behind it")]) {
            let input = [before.as_bytes(), wrong, after.as_bytes()].concat();
            assert_eq!(decoded(&input), None, "{input:?}");
        }
    }
}

#[test]
fn short_searches() {
    let text = b"the quick brown fox jumps over the lazy dog, and over again";
    for len in 0..text.len() {
        let text = &text[..len];
        for (start, end) in (0..len)
            .flat_map(|start| (start + 1..=len.min(start + 20)).map(move |end| (start, end)))
        {
            let needle = &text[start..end];
            let first = text.windows(needle.len()).position(|window| window == needle);
            let last = text.windows(needle.len()).rposition(|window| window == needle);
            assert_eq!(search::find(text, needle), first);
            assert_eq!(search::rfind(text, needle), last);
            let missing = [needle, b"!"].concat();
            assert_eq!(search::find(text, &missing), None);
        }
        for byte in [b'o', b'z', b'!'] {
            assert_eq!(search::find_byte(text, byte), text.iter().position(|&other| other == byte));
            assert_eq!(
                search::rfind_byte(text, byte),
                text.iter().rposition(|&other| other == byte)
            );
            let count = text.iter().filter(|&&other| other == byte).count();
            assert_eq!(search::count_byte(text, byte), count);
        }
    }
}

#[test]
fn searching_is_linear() {
    // Quadratic work would not end in this life.
    let text = vec![1u16; 400_000];
    let mut needle = vec![1u16; 100_000];
    needle[0] = 2;
    assert_eq!(search::find(&text, &needle), None);
    assert_eq!(search::rfind(&text, &needle), None);
    needle.reverse();
    assert_eq!(search::find(&text, &needle), None);
    needle[50_000] = 3;
    assert_eq!(search::find(&text, &needle), None);
}

#[test]
fn replacing_bytes() {
    let text: Vec<u8> = (0..300).map(|at: usize| b"abacabbc"[(at * at + at / 7) % 8]).collect();
    for len in 0..text.len() {
        let text = &text[..len];
        for needle in ["", "a", "b", "ab", "aba", "x", "cabbab"] {
            for most in [0, 1, 5, usize::MAX] {
                let places = search::Places::of_bytes(text, needle.as_bytes(), most);
                let new_len = search::replaced_len(len, places.len(), needle.len(), 3);
                let mut replaced = vec![0; new_len.expect("short")];
                search::replace_into(text, &places, 1, needle.len(), b"xyz", &mut replaced);
                let text = str::from_utf8(text).expect("ASCII");
                assert_eq!(replaced, text.replacen(needle, "xyz", most).as_bytes());
            }
        }
    }
}
