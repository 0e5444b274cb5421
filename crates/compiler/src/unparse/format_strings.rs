//! f-strings and t-strings back to text.

use krait_syntax::ast::*;

use super::{Writer, level, repr};

impl Writer {
    /// A whole string: the body is put together first, then quoted.
    pub(super) fn format_string(&mut self, prefix: &str, values: &[&Expr<'_>]) {
        let mut body = Writer { out: Vec::new() };
        body.format_body(values);
        self.str(prefix);
        let quoted = repr::text(&body.out);
        self.str(&quoted);
    }

    fn format_body(&mut self, values: &[&Expr<'_>]) {
        for value in values {
            match value.node {
                ExprKind::Constant { value: Constant::Str(text), .. } => {
                    for &byte in text.as_bytes() {
                        self.out.push(byte);
                        if matches!(byte, b'{' | b'}') {
                            self.out.push(byte);
                        }
                    }
                }
                ExprKind::JoinedStr { values } => self.format_body(values),
                _ => self.replacement_field(value),
            }
        }
    }

    /// `{value!r:spec}`.
    pub(super) fn replacement_field(&mut self, field: &Expr<'_>) {
        let mut inner = Writer { out: Vec::new() };
        let (conversion, format_spec) = match field.node {
            ExprKind::FormattedValue { value, conversion, format_spec } => {
                inner.expr(value, level::TEST + 1);
                (conversion, format_spec)
            }
            ExprKind::Interpolation { str, conversion, format_spec, .. } => {
                if let Constant::Str(text) = str {
                    inner.out.extend_from_slice(text.as_bytes());
                }
                (conversion, format_spec)
            }
            _ => return self.expr(field, level::TEST),
        };
        // `{{` would be an escaped brace.
        self.str(if inner.out.first() == Some(&b'{') { "{ " } else { "{" });
        self.out.extend(inner.out);
        if let Ok(conversion @ (b's' | b'r' | b'a')) = u8::try_from(conversion) {
            self.out.extend([b'!', conversion]);
        }
        if let Some(spec) = format_spec {
            self.str(":");
            self.format_body(&[spec]);
        }
        self.str("}");
    }
}
