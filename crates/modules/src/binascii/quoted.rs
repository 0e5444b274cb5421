//! Quoted-printable: text that survives mail, with `=XX` for what would not.

/// The longest line, with the `=` that breaks it.
const MAX_LINE: usize = 76;

pub fn decode(data: &[u8], header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let digit = |at: usize| data.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        at += 1;
        if byte == b'_' && header {
            out.push(b' ');
            continue;
        }
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        match data.get(at) {
            None => break,
            // A soft line break.
            Some(b'\n' | b'\r') => {
                let line = data[at..].iter().position(|&byte| byte == b'\n');
                at = line.map_or(data.len(), |len| at + len + 1);
            }
            Some(b'=') => {
                // A broken escape that other programs write.
                out.push(b'=');
                at += 1;
            }
            Some(_) => match (digit(at), digit(at + 1)) {
                (Some(high), Some(low)) => {
                    out.push((high << 4 | low) as u8);
                    at += 2;
                }
                _ => out.push(b'='),
            },
        }
    }
    out
}

/// Whether the byte at `at` cannot stand for itself; `line` is what its line has so far.
fn needs_quoting(
    data: &[u8],
    at: usize,
    line: usize,
    (quotetabs, istext, header): (bool, bool, bool),
) -> bool {
    let byte = data[at];
    let next = data.get(at + 1).copied();
    let dot_alone = byte == b'.' && line == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0));
    byte > 126
        || byte == b'='
        || header && byte == b'_'
        || dot_alone
        || !istext && matches!(byte, b'\r' | b'\n')
        || matches!(byte, b'\t' | b' ') && next.is_none()
        || byte < 33 && !matches!(byte, b'\r' | b'\n' | b'\t' | b' ')
        || byte < 33 && matches!(byte, b'\t' | b' ') && quotetabs
}

pub fn encode(data: &[u8], quotetabs: bool, istext: bool, header: bool) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(data.len());
    // The first end of a line tells how lines end.
    let crlf = memchr::memchr(b'\n', data).is_some_and(|at| at > 0 && data[at - 1] == b'\r');
    let end_line = |out: &mut Vec<u8>| {
        if crlf {
            out.push(b'\r');
        }
        out.push(b'\n');
    };
    let quote = |out: &mut Vec<u8>, byte: u8| {
        out.extend([b'=', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    };
    let (mut at, mut line) = (0, 0);
    while let Some(&byte) = data.get(at) {
        if needs_quoting(data, at, line, (quotetabs, istext, header)) {
            if line + 3 >= MAX_LINE {
                out.push(b'=');
                end_line(&mut out);
                line = 0;
            }
            quote(&mut out, byte);
            line += 3;
            at += 1;
            continue;
        }
        let next = data.get(at + 1).copied();
        if istext && (byte == b'\n' || byte == b'\r' && next == Some(b'\n')) {
            line = 0;
            // A blank before the end of a line would be lost.
            if let Some(&blank @ (b' ' | b'\t')) = out.last() {
                out.pop();
                quote(&mut out, blank);
            }
            end_line(&mut out);
            at += if byte == b'\r' { 2 } else { 1 };
            continue;
        }
        if at + 1 != data.len() && next != Some(b'\n') && line + 1 >= MAX_LINE {
            out.push(b'=');
            end_line(&mut out);
            line = 0;
        }
        line += 1;
        out.push(if header && byte == b' ' { b'_' } else { byte });
        at += 1;
    }
    out
}
