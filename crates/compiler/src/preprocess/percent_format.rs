//! `"%s and %r" % (a, b)` as an f-string. Does the job of `optimize_format` and `parse_format`.

use bumpalo::Bump;
use krait_syntax::ast::*;

/// More digits are left to the run time.
const MAX_DIGITS: usize = 2;

const NO_SPAN: Span = Span::new(-1, -1, -1, -1);

/// The f-string, if each argument is formatted once by a conversion that f-strings know.
pub(super) fn to_joined_str<'a>(
    format: Text<'a>,
    args: &'a [&'a Expr<'a>],
    arena: &'a Bump,
) -> Option<ExprKind<'a>> {
    if args.iter().any(|arg| matches!(arg.node, ExprKind::Starred { .. })) {
        return None;
    }
    let mut rest = format.as_bytes();
    let mut args = args.iter();
    let mut values: Vec<&'a Expr<'a>> = Vec::new();
    loop {
        if let Some(text) = literal(&mut rest, arena) {
            values.push(text);
        }
        if rest.is_empty() {
            break;
        }
        values.push(conversion(&mut rest, args.next()?, arena)?);
    }
    if args.next().is_some() {
        return None;
    }
    Some(ExprKind::JoinedStr { values: arena.alloc_slice_copy(&values) })
}

fn text_node<'a>(bytes: &'a [u8], arena: &'a Bump) -> &'a Expr<'a> {
    let value = Constant::Str(Text::from_generalised(bytes));
    arena.alloc(Expr { node: ExprKind::Constant { value, kind: None }, span: NO_SPAN })
}

/// Text up to the next conversion.
fn literal<'a>(rest: &mut &'a [u8], arena: &'a Bump) -> Option<&'a Expr<'a>> {
    let mut end = 0;
    let mut text = Vec::new();
    while let Some(&byte) = rest.get(end) {
        if byte != b'%' {
            end += 1;
        } else if rest.get(end + 1) == Some(&b'%') {
            end += 2;
        } else {
            break;
        }
        text.push(byte);
    }
    *rest = &rest[end..];
    (end > 0).then(|| text_node(arena.alloc_slice_copy(&text), arena))
}

/// `%[flags][width][.precision]` and one of `s`, `r`, `a`.
fn conversion<'a>(rest: &mut &'a [u8], arg: &'a Expr<'a>, arena: &'a Bump) -> Option<&'a Expr<'a>> {
    let mut bytes = rest.get(1..)?.iter().copied().peekable();
    let mut used = 1;
    let mut left_adjusted = false;
    while let Some(flag @ (b'-' | b'+' | b' ' | b'#' | b'0')) = bytes.peek() {
        left_adjusted |= *flag == b'-';
        bytes.next();
        used += 1;
    }
    let mut digits = |bytes: &mut std::iter::Peekable<_>| {
        let mut number = String::new();
        while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
            number.push(char::from(digit));
            used += 1;
        }
        (number.len() <= MAX_DIGITS).then_some(number)
    };
    let width = digits(&mut bytes)?;
    let mut precision = None;
    let mut dots = 0;
    if bytes.next_if_eq(&b'.').is_some() {
        dots = 1;
        precision = Some(digits(&mut bytes)?);
    }
    let kind = bytes.next()?;
    if !matches!(kind, b's' | b'r' | b'a') {
        return None;
    }
    *rest = &rest[used + dots + 1..];
    let spec = spec(left_adjusted, &width, precision.as_deref());
    let format_spec =
        (!spec.is_empty()).then(|| text_node(arena.alloc_str(&spec).as_bytes(), arena));
    let node = ExprKind::FormattedValue { value: arg, conversion: i32::from(kind), format_spec };
    Some(arena.alloc(Expr { node, span: arg.span }))
}

fn spec(left_adjusted: bool, width: &str, precision: Option<&str>) -> String {
    let number = |digits: &str| digits.parse::<u32>().unwrap_or(0);
    let mut spec = String::new();
    if !width.is_empty() {
        if !left_adjusted && number(width) > 0 {
            spec.push('>');
        }
        spec.push_str(&number(width).to_string());
    }
    if let Some(precision) = precision {
        spec.push('.');
        spec.push_str(&number(precision).to_string());
    }
    spec
}
