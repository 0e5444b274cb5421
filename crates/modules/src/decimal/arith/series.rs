//! Exponential and logarithm of fixed-point numbers.
//!
//! A number is a vector of limbs of which the lowest `places` stand behind the point. Results are cut off; how far they
//! may be from the truth is said with each function in units of the last place.

use super::divide::divide_limbs;
use super::limbs::{
    Coef, RADIX, WIDTH, add_assign, compare, div_small, mul_small, sub_assign, trimmed,
};
use super::multiply::multiply_limbs;

/// A fixed-point number, without leading zeros.
pub type Fixed = Vec<u64>;

fn trim(mut number: Fixed) -> Fixed {
    number.truncate(trimmed(&number));
    number
}

fn drop_low(mut number: Fixed, places: usize) -> Fixed {
    number.drain(..places.min(number.len()));
    trim(number)
}

pub fn mul(a: &[u64], b: &[u64], places: usize) -> Option<Fixed> {
    Some(drop_low(multiply_limbs(a, b)?, places))
}

pub fn div(a: &[u64], b: &[u64], places: usize) -> Option<Fixed> {
    let mut wide = vec![0; places];
    wide.extend_from_slice(a);
    Some(trim(divide_limbs(&trim(wide), b)?.0))
}

pub fn add(mut a: Fixed, b: &[u64]) -> Fixed {
    a.resize(a.len().max(b.len()) + 1, 0);
    add_assign(&mut a, b);
    trim(a)
}

/// `a - b`, which is not negative.
pub fn sub(mut a: Fixed, b: &[u64]) -> Fixed {
    sub_assign(&mut a, b);
    trim(a)
}

pub fn one(places: usize) -> Fixed {
    let mut one = vec![0; places + 1];
    one[places] = 1;
    one
}

/// `coef * 10**exp` with so many places.
pub fn fixed(coef: &Coef, exp: i64, places: usize) -> Option<Fixed> {
    let shift = exp + (places * WIDTH) as i64;
    let coef = if shift >= 0 {
        coef.shifted_left(usize::try_from(shift).ok()?)?
    } else {
        coef.shifted_right(shift.unsigned_abs() as usize).0
    };
    Some(coef.limbs().to_vec())
}

/// The exponential of a number below 10, to within `2**(s + 4)` units, where `s` is the number of halvings.
pub fn exp(x: &[u64], places: usize) -> Option<Fixed> {
    let halvings = halvings(places);
    let mut reduced = x.to_vec();
    let mut left = halvings;
    while left > 0 {
        let step = left.min(60);
        div_small(&mut reduced, 1 << step);
        left -= step;
    }
    let reduced = trim(reduced);
    let mut sum = add(one(places), &reduced);
    let mut term = reduced.clone();
    let mut number = 2;
    while !term.is_empty() {
        term = mul(&term, &reduced, places)?;
        div_small(&mut term, number);
        term = trim(term);
        sum = add(sum, &term);
        number += 1;
    }
    for _ in 0..halvings {
        sum = mul(&sum, &sum, places)?;
    }
    Some(sum)
}

/// How often an argument is halved before the series: as many products as the series then needs.
pub fn halvings(places: usize) -> u32 {
    (places * 63).isqrt() as u32
}

/// The logarithm of a number from 1 to 10, to within `2**(s + 8)` units as for `exp`.
pub fn ln(x: &[u64], places: usize) -> Option<Fixed> {
    // Each step of Halley's iteration has three times as many digits.
    let start = if places <= 2 {
        estimate(x, places)
    } else {
        let fewer = (places / 3 + 2 + halvings(places) as usize / 60).min(places - 1);
        let near = ln(&x[places - fewer..], fewer)?;
        let mut start = vec![0; places - fewer];
        start.extend_from_slice(&near);
        start
    };
    let power = exp(&trim(start.clone()), places)?;
    let below = compare(&power, x) == std::cmp::Ordering::Less;
    let difference = if below { sub(x.to_vec(), &power) } else { sub(power.clone(), x) };
    let total = add(power, x);
    let change = div(&add(difference.clone(), &difference), &total, places)?;
    if below {
        return Some(add(start, &change));
    }
    if compare(&trim(start.clone()), &change) == std::cmp::Ordering::Less {
        return Some(Vec::new());
    }
    Some(sub(start, &change))
}

/// The logarithm in double precision.
fn estimate(x: &[u64], places: usize) -> Fixed {
    let whole = x.get(places).copied().unwrap_or(0) as f64;
    let value = (whole + x[places - 1] as f64 / RADIX as f64).ln().max(0.0);
    let mut result = vec![0; places + 1];
    result[places] = value as u64;
    result[places - 1] = ((value.fract() * RADIX as f64) as u64).min(RADIX - 1);
    result
}

/// The limbs of the logarithm of ten behind the point, the first on top.
static LN_TEN: [u64; 60] = [
    3_025_850_929_940_456_840,
    1_799_145_468_436_420_760,
    1_101_488_628_772_976_033,
    3_279_009_675_726_096_773,
    5_248_023_599_720_508_959,
    8_298_341_967_784_042_286,
    2_486_334_095_254_650_828,
    675_666_628_736_909_878,
    1_689_482_907_208_325_554,
    6_808_437_998_948_262_331,
    9_852_839_350_530_896_537,
    7_732_628_846_163_366_222,
    2_876_982_198_867_465_436,
    6_747_440_424_327_436_515,
    5_048_934_314_939_391_479,
    6_194_044_002_221_051_017,
    1_417_480_036_880_840_126,
    4_708_068_556_774_321_622,
    8_355_220_114_804_663_715,
    6_591_213_734_507_478_569,
    4_768_346_361_679_210_180,
    6_445_070_648_000_277_502,
    6_849_167_465_505_868_569,
    3_567_342_067_058_113_642,
    9_224_554_405_758_925_724,
    2_082_413_146_956_890_167,
    5_894_025_677_631_135_691,
    9_292_033_376_587_141_660,
    2_301_057_030_896_345_720,
    7_544_037_084_746_994_016,
    8_269_282_808_481_184_289,
    3_148_485_249_486_448_719,
    2_780_967_627_127_577_539,
    7_027_668_605_952_496_716,
    6_741_834_857_044_225_071,
    9_796_500_471_495_105_049,
    2_214_776_567_636_938_662,
    9_769_795_221_107_182_645,
    4_973_477_266_242_570_942,
    9_322_582_798_502_585_509,
    7_852_653_832_076_067_263,
    1_716_430_950_599_508_780,
    7_523_710_333_101_197_857,
    5_473_315_414_218_084_275,
    4_386_359_177_811_705_430,
    9_827_482_385_045_648_019,
    956_102_992_918_243_182,
    3_752_535_770_975_053_956,
    5_187_697_510_374_970_888,
    6_921_802_051_893_395_072,
    3_853_920_514_463_419_726,
    5_287_286_965_110_862_571,
    4_921_988_499_787_488_737,
    7_134_568_620_916_705_849,
    8_078_280_597_511_938_544,
    4_500_997_813_114_691_593,
    4_666_241_071_846_692_310,
    1_075_984_383_191_912_922,
    3_079_250_374_729_865_092,
    9_009_880_391_941_702_654,
];

/// The logarithm of ten, to within a hundred units.
pub fn ln_ten(places: usize) -> Option<Fixed> {
    if places <= LN_TEN.len() {
        let mut result: Fixed = LN_TEN[..places].iter().rev().copied().collect();
        result.push(2);
        return Some(result);
    }
    let mut sum = Vec::new();
    for (factor, of) in [(46, 31), (34, 49), (20, 161)] {
        let mut part = inverse_atanh(of, places)?;
        part.push(0);
        mul_small(&mut part, factor, 0);
        sum = add(sum, &part);
    }
    Some(sum)
}

/// The inverse hyperbolic tangent of `1 / of`, to within two units.
fn inverse_atanh(of: u64, places: usize) -> Option<Fixed> {
    // Each term has so many digits more.
    let step = 2.0 * (of as f64).log10();
    let terms = ((places * WIDTH) as f64 / step) as u64 + 2;
    let Split { sum, odds, powers } = split_range(0, terms, of * of)?;
    let divisor = trim(multiply_limbs(&odds, &powers)?);
    let mut quotient = div(&sum, &divisor, places)?;
    div_small(&mut quotient, of);
    Some(trim(quotient))
}

/// Of the terms `1 / ((2 i + 1) * square**(i - first))`: the sum is `sum / (odds * powers)`.
struct Split {
    sum: Fixed,
    odds: Fixed,
    powers: Fixed,
}

fn split_range(first: u64, end: u64, square: u64) -> Option<Split> {
    if end - first == 1 {
        return Some(Split { sum: vec![square], odds: vec![2 * first + 1], powers: vec![square] });
    }
    let middle = first.midpoint(end);
    let (a, b) = (split_range(first, middle, square)?, split_range(middle, end, square)?);
    let times = |x: &[u64], y: &[u64]| multiply_limbs(x, y).map(trim);
    let left = times(&times(&a.sum, &b.odds)?, &b.powers)?;
    let sum = add(left, &times(&a.odds, &b.sum)?);
    Some(Split { sum, odds: times(&a.odds, &b.odds)?, powers: times(&a.powers, &b.powers)? })
}

/// The number as a coefficient with so many digits at least, and its exponent; a limb more at most.
pub fn rounded_off(number: Fixed, places: usize, digits: usize) -> (Coef, i64) {
    let spare = number.len().saturating_sub(digits / WIDTH + 2);
    let exp = -((places as i64 - spare as i64) * WIDTH as i64);
    (Coef::from_vec(drop_low(number, spare)), exp)
}
