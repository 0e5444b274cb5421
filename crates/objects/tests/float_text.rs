//! Doubles as text against answers recorded from the reference by `data/record_float.py`.

use krait_objects::float_text::{self, Style};
use krait_objects::int_digits::{IntBuf, shift_left, to_decimal};

#[test]
fn answers_equal_the_reference() {
    let mut wrong = Vec::new();
    for line in include_str!("golden/float.txt").lines() {
        let (question, expected) = line.split_once(" = ").expect("a line has a result");
        let words: Vec<&str> = question.split(' ').collect();
        let answer = evaluate(words[0], &words[1..]);
        if answer != expected {
            wrong.push(format!("{line:.300}\n    got {answer:.300}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
}

fn evaluate(op: &str, args: &[&str]) -> String {
    let value = || f64::from_bits(u64::from_str_radix(args[0], 16).expect("the bits of a double"));
    match op {
        "repr" => float_text::repr(value()),
        "hex" => float_text::to_hex(value()),
        "ratio" => match float_text::integer_ratio(value()) {
            Ok((mantissa, exponent)) => ratio(value() < 0.0, mantissa, exponent),
            Err(error) => format!("!{}", error.message()),
        },
        "format" => format(value(), args[1]),
        "round" => match float_text::round(value(), args[1].parse().expect("places")) {
            Some(rounded) => float_text::repr(rounded),
            None => "!rounded value too large to represent".into(),
        },
        "parse" => match float_text::parse(args[0].as_bytes()) {
            Some(value) => float_text::repr(value),
            None => "!could not convert string to float".into(),
        },
        "fromhex" => match float_text::from_hex(args[0].as_bytes()) {
            Ok(value) => float_text::repr(value),
            Err(error) => format!("!{}", error.message()),
        },
        _ => panic!("{op}"),
    }
}

fn format(value: f64, spec: &str) -> String {
    let (flags, rest) = spec.split_once('.').expect("a precision");
    let (precision, code) = rest.split_at(rest.len() - 1);
    // The format without a type letter is `g` that looks like a float.
    let (code, add_dot_0) = if code == "r" { ("g", true) } else { (code, false) };
    let style = Style {
        sign: flags.contains('+'),
        add_dot_0,
        alternate: flags.contains('#'),
        no_negative_zero: flags.contains('z'),
    };
    float_text::format(value, code.as_bytes()[0], precision.parse().expect("digits"), style)
}

fn ratio(negative: bool, mantissa: u64, exponent: i32) -> String {
    let shifted = |value: u64, bits: i32| {
        let value = shift_left(IntBuf::from(value).view(), bits.max(0) as u64).expect("short");
        to_decimal(value.view(), 0).expect("no limit")
    };
    let sign = if negative { "-" } else { "" };
    format!("{sign}{}/{}", shifted(mantissa, exponent), shifted(1, -exponent))
}
