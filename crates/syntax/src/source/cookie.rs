//! The coding cookie of PEP 263.

/// A declared encoding.
pub(super) struct Cookie {
    /// Normalised: `utf-8` and `iso-8859-1` for all their spellings.
    pub encoding: String,
    pub line: String,
    pub lineno: i32,
}

/// The cookie in the first two lines, the first of which must be blank or a comment as well.
pub(super) fn find(bytes: &[u8]) -> Option<Cookie> {
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    for lineno in 1..=2 {
        let line = lines.next()?;
        if let Some(name) = in_line(line) {
            let line = String::from_utf8_lossy(line).into_owned();
            return Some(Cookie { encoding: normalised(name), line, lineno });
        }
        let text = line.trim_ascii_start();
        if !text.is_empty() && text[0] != b'#' {
            return None;
        }
        // The reference takes `\r\n` for one line end.
        if bytes.get(line.len()) == Some(&b'\r') && bytes.get(line.len() + 1) == Some(&b'\n') {
            lines.next();
        }
    }
    None
}

fn in_line(line: &[u8]) -> Option<&[u8]> {
    let blank = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0C'))?;
    if line[blank] != b'#' {
        return None;
    }
    memchr::memmem::find_iter(line, b"coding").find_map(|at| {
        let rest = line[at + 6..].strip_prefix(b":").or(line[at + 6..].strip_prefix(b"="))?;
        let rest = &rest[rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..];
        let is_part =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let len = rest.iter().take_while(is_part).count();
        (len > 0).then(|| &rest[..len])
    })
}

fn normalised(name: &[u8]) -> String {
    let full = String::from_utf8_lossy(name).into_owned();
    let start: String = full
        .chars()
        .take(12)
        .map(|char| if char == '_' { '-' } else { char.to_ascii_lowercase() })
        .collect();
    if start == "utf-8" || start.starts_with("utf-8-") {
        return "utf-8".to_owned();
    }
    let latin = ["latin-1", "iso-8859-1", "iso-latin-1"];
    if latin.iter().any(|name| {
        start.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }) {
        return "iso-8859-1".to_owned();
    }
    full
}
