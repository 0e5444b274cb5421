//! Integer arithmetic against answers recorded from the reference by `data/record_int.py`.

use krait_objects::int_digits::*;
use std::convert::Infallible;

#[test]
fn answers_equal_the_reference() {
    let mut wrong = Vec::new();
    for line in include_str!("golden/int.txt").lines() {
        let (question, expected) = line.split_once(" = ").expect("a line has a result");
        let words: Vec<&str> = question.split(' ').collect();
        let answer = shorten(evaluate(words[0], &words[1..]));
        if answer != expected {
            wrong.push(format!("{line:.300}\n    got {answer}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(15)].join("\n")
    );
}

fn evaluate(op: &str, args: &[&str]) -> String {
    let int = |i: usize| number(args[i]);
    match op {
        "frombytes" => show(&from_bytes(&unhex(args[2]), args[0] == "little", args[1] == "1")),
        "tobytes" => {
            let size = int(1).view().to_u64().expect("a small size");
            let mut out = vec![0; size as usize];
            match to_bytes(int(0).view(), &mut out, args[2] == "little", args[3] == "1") {
                Ok(()) => out.iter().fold("'".into(), |text, byte| format!("{text}{byte:02x}")),
                Err(error) => failed(error.message()),
            }
        }
        "fromfloat" => show(&from_f64(hex_float(args[0])).expect("finite")),
        "parse" => {
            match parse(args[2].as_bytes(), args[0].parse().unwrap(), args[1].parse().unwrap()) {
                Ok(value) => show(&value),
                Err(ParseError::Invalid) => "!invalid".into(),
                Err(ParseError::TooManyDigits { count }) => format!("!many{count}"),
            }
        }
        "pow" => {
            let power = pow::<Infallible>(int(0).view(), int(1).view(), |_| Ok(()));
            show(&power.unwrap())
        }
        "modpow" => match mod_pow(int(0).view(), int(1).view(), int(2).view()) {
            Ok(value) => show(&value),
            Err(error) => failed(error.message()),
        },
        "gcdmul" => {
            let (a, b) = (mul(int(0).view(), int(2).view()), mul(int(1).view(), int(2).view()));
            show(&gcd(a.view(), b.view()))
        }
        "roundtrip" => {
            let text = to_decimal(int(0).view(), 0).unwrap();
            show(&parse(text.as_bytes(), 10, 0).unwrap())
        }
        "limit" => {
            let exponent = int(0);
            let ten = IntBuf::from(10u64);
            let power = pow::<Infallible>(ten.view(), exponent.view(), |_| Ok(())).unwrap();
            match to_decimal(power.view(), 4300) {
                Ok(text) => format!("{:x}", text.len()),
                Err(TooManyTextDigits) => failed(
                    "Exceeds the limit (4300 digits) for integer string conversion; \
                     use sys.set_int_max_str_digits() to increase the limit",
                ),
            }
        }
        _ if args.len() == 1 => unary(op, int(0).view()),
        "shl" => show(&shift_left(int(0).view(), int(1).view().to_u64().unwrap()).unwrap()),
        "shr" => show(&shift_right(int(0).view(), int(1).view().to_u64().unwrap())),
        "radix" => to_radix(int(1).view(), int(0).digits[0]),
        _ => binary(op, int(0).view(), int(1).view()),
    }
}

fn unary(op: &str, a: IntRef) -> String {
    match op {
        "invert" => show(&invert(a)),
        "hash" => show(&IntBuf::from(a.hash())),
        "bits" => format!("{:x},{:x}", a.bit_length(), a.bit_count()),
        "float" => match to_f64(a) {
            Ok(value) => show_float(value),
            Err(FloatRange) => failed(FloatRange::MESSAGE),
        },
        "dec" => to_decimal(a, 0).unwrap(),
        "isqrt" => show(&isqrt(a)),
        _ => panic!("{op}"),
    }
}

fn binary(op: &str, a: IntRef, b: IntRef) -> String {
    let pair = |pair: Result<(IntBuf, IntBuf), DivisionByZero>| match pair {
        Ok((q, r)) => format!("{},{}", show(&q), show(&r)),
        Err(DivisionByZero) => failed("division by zero"),
    };
    match op {
        "add" => show(&add(a, b)),
        "sub" => show(&sub(a, b)),
        "mul" => show(&mul(a, b)),
        "divmod" => pair(div_mod(a, b)),
        "near" => pair(div_near(a, b)),
        "mod" => modulo(a, b).map_or_else(|_| failed("division by zero"), |r| show(&r)),
        "and" => show(&bitwise(BitOp::And, a, b)),
        "or" => show(&bitwise(BitOp::Or, a, b)),
        "xor" => show(&bitwise(BitOp::Xor, a, b)),
        "gcd" => show(&gcd(a, b)),
        "cmp" => (a.cmp(&b) as i8).to_string(),
        "truediv" => match true_div(a, b) {
            Ok(value) => show_float(value),
            Err(error) => failed(error.message()),
        },
        _ => panic!("{op}"),
    }
}

fn failed(message: &str) -> String {
    format!("!{}", message.replace(' ', "_"))
}

fn show(value: &IntBuf) -> String {
    assert_eq!(value, &IntBuf::new(value.negative, value.digits.clone()), "not normal");
    to_radix(value.view(), 16)
}

/// As `float.hex`, by way of the bits.
fn show_float(value: f64) -> String {
    krait_objects::float_text::to_hex(value)
}

fn hex_float(text: &str) -> f64 {
    krait_objects::float_text::from_hex(text.as_bytes()).expect("a hexadecimal float")
}

fn number(text: &str) -> IntBuf {
    let Some((sign, long)) = text.split_once('@') else {
        return parse(text.as_bytes(), 16, 0).expect("a hexadecimal number");
    };
    let (seed, words) = long.split_once(':').expect("seed and length");
    let mut seed = u64::from_str_radix(seed, 16).unwrap();
    let mut bytes = Vec::new();
    for _ in 0..words.parse().unwrap() {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend((z ^ (z >> 31)).to_le_bytes());
    }
    IntBuf::new(sign == "-", from_bytes(&bytes, true, false).digits)
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.strip_prefix('\'').expect("bytes").as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn shorten(text: String) -> String {
    if text.len() <= 100 || text.starts_with('!') {
        return text;
    }
    let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("#{hash:016x}")
}
