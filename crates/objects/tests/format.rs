//! The format mini-language against answers recorded from the reference by `data/record_format.py`.

use krait_objects::format_spec::*;
use krait_objects::int_digits::{IntBuf, parse, to_f64, to_radix};

#[test]
fn answers_equal_the_reference() {
    let mut wrong = Vec::new();
    for line in include_str!("golden/format.txt").lines() {
        let mut columns = line.split('\t');
        let (value, spec, expected) =
            (columns.next().unwrap(), columns.next().unwrap(), columns.next().unwrap());
        let (kind, text) = value.split_at(1);
        let answer = match kind {
            "i" => format_int(text, spec),
            "f" => format_real(text, spec),
            "c" => format_pair(text, spec),
            _ => format_text(text, spec),
        };
        let name = match kind {
            "i" => "int",
            "f" => "float",
            "c" => "complex",
            _ => "str",
        };
        let answer = answer.unwrap_or_else(|error| format!("!{}", error.message(name, spec)));
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

fn read(spec: &str, align: Align, code: Option<u8>) -> Result<Spec, SpecError> {
    let points: Vec<u32> = spec.chars().map(u32::from).collect();
    Spec::parse(&points, align, code)
}

fn text_of(laid: Laid) -> String {
    assert_eq!(laid.len(), Some(laid.code_points().count()));
    laid.code_points().filter_map(char::from_u32).collect()
}

fn format_int(text: &str, spec: &str) -> Result<String, SpecError> {
    let spec = read(spec, Align::Right, Some(b'd'))?;
    let value = parse(text.as_bytes(), 10, 0).expect("an integer");
    match spec.int_form()? {
        IntForm::Float => {
            let value = to_f64(value.view()).expect("in range");
            Ok(text_of(format_float(value, &spec, &Locale::C)?))
        }
        IntForm::Character => match value.view().to_u64().filter(|&c| c < 0x11_0000) {
            Some(c) => {
                Ok(padded(&char::from_u32(c as u32).unwrap().to_string(), &spec, spec.padding(1)))
            }
            // The caller converts to a C long first.
            None if value.view().to_i64().is_none() => {
                Ok("!Python int too large to convert to C long".into())
            }
            None => Ok("!%c arg not in range(0x110000)".into()),
        },
        IntForm::Digits { radix, upper } => {
            let magnitude = IntBuf::new(false, value.digits.clone());
            let mut digits = to_radix(magnitude.view(), radix);
            if upper {
                digits.make_ascii_uppercase();
            }
            Ok(text_of(layout_int(value.negative, &digits, &spec, &Locale::C)?))
        }
    }
}

fn from_bits(text: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(text, 16).expect("the bits of a double"))
}

fn format_real(text: &str, spec: &str) -> Result<String, SpecError> {
    let spec = read(spec, Align::Right, None)?;
    Ok(text_of(format_float(from_bits(text), &spec, &Locale::C)?))
}

fn format_pair(text: &str, spec: &str) -> Result<String, SpecError> {
    let spec = read(spec, Align::Right, None)?;
    let (re, im) = text.split_once(',').expect("two parts");
    Ok(text_of(format_complex(from_bits(re), from_bits(im), &spec, &Locale::C)?))
}

fn format_text(text: &str, spec: &str) -> Result<String, SpecError> {
    let spec = read(spec, Align::Left, Some(b's'))?;
    let (used, left, right) = spec.layout_text(text.chars().count())?;
    Ok(padded(&text.chars().take(used).collect::<String>(), &spec, (left, right)))
}

fn padded(text: &str, spec: &Spec, (left, right): (usize, usize)) -> String {
    let fill = char::from_u32(spec.fill).expect("no surrogate").to_string();
    fill.repeat(left) + text + &fill.repeat(right)
}

#[test]
fn locale_groups_digits() {
    let spec = read("n", Align::Right, Some(b'd')).expect("a specification");
    let indian = Locale { decimal_point: ",", thousands_sep: "·", grouping: &[3, 2, 0] };
    assert_eq!(text_of(layout_int(true, "123456789", &spec, &indian).unwrap()), "-12·34·56·789");
    let once = Locale { decimal_point: ",", thousands_sep: ".", grouping: &[3, 127] };
    assert_eq!(text_of(format_float(-123456.5, &spec, &once).unwrap()), "-123.456");
    let spec = read(".7n", Align::Right, None).expect("a specification");
    assert_eq!(text_of(format_float(1234.5, &spec, &once).unwrap()), "1.234,5");
}
