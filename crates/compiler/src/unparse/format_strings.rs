//! f-strings and t-strings back to text.

use krait_syntax::ast::*;

use super::{Writer, level, repr};

impl Writer<'_> {
    /// A whole string: the body is put together first, then quoted.
    pub(super) fn format_string(&mut self, prefix: &str, values: &[&Expr<'_>]) {
        let body = self.apart(|this| this.format_body(values));
        self.str(prefix);
        let quoted = repr::text(&body);
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
        let (inner, conversion, format_spec) = match field.node {
            ExprKind::FormattedValue { value, conversion, format_spec } => {
                let inner = self.apart(|this| this.expr(value, level::TEST + 1));
                (inner, conversion, format_spec)
            }
            ExprKind::Interpolation { str, conversion, format_spec, .. } => {
                let inner = match str {
                    Constant::Str(text) => text.as_bytes().to_vec(),
                    _ => Vec::new(),
                };
                (inner, conversion, format_spec)
            }
            _ => return self.expr(field, level::TEST),
        };
        // `{{` would be an escaped brace.
        self.str(if inner.first() == Some(&b'{') { "{ " } else { "{" });
        self.out.extend(inner);
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
