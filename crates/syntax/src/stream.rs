//! The tokens as the parsers see them: type-ignore comments taken out, and the end of an interactive
//! statement made explicit.

use crate::lexer::{Lexer, LexerOptions, Stopped};
use crate::options::{Mode, ParseOptions};
use crate::token::{Token, TokenKind};

#[derive(Debug)]
pub(crate) struct TokenStream<'s> {
    pub lexer: Lexer<&'s str>,
    single: bool,
    dont_imply_dedent: bool,
    /// A token other than the end marker came since the start or the last end marker.
    started: bool,
    pub type_ignores: Vec<(u32, Token)>,
}

impl<'s> TokenStream<'s> {
    pub fn new(text: &'s str, options: &ParseOptions<'_>) -> Self {
        let lexer_options =
            LexerOptions { type_comments: options.type_comments, extra_tokens: false };
        TokenStream {
            lexer: Lexer::new(text, lexer_options),
            single: options.mode == Mode::Single,
            dont_imply_dedent: options.dont_imply_dedent,
            started: false,
            type_ignores: Vec::new(),
        }
    }

    /// The next token, if it is a plain one: most are, and these neither fail nor warn.
    #[inline(always)]
    pub fn plain(&mut self) -> Option<Token> {
        let token = self.lexer.plain()?;
        self.started = true;
        Some(token)
    }

    #[inline]
    pub fn next(&mut self) -> Result<Token, Stopped> {
        let token = self.lexer.next()?;
        if matches!(token.kind, TokenKind::TypeIgnore | TokenKind::EndMarker) {
            return self.special(token);
        }
        self.started = true;
        Ok(token)
    }

    /// What the parsers see of a token that they may not see as it is.
    #[cold]
    fn special(&mut self, mut token: Token) -> Result<Token, Stopped> {
        while token.kind == TokenKind::TypeIgnore {
            self.type_ignores.push((self.lexer.lineno, token));
            token = self.lexer.next()?;
        }
        if self.single && token.kind == TokenKind::EndMarker && self.started {
            token.kind = TokenKind::Newline;
            self.started = false;
            if self.lexer.has_indents() && !self.dont_imply_dedent {
                self.lexer.close_indents();
            }
        } else {
            self.started = true;
        }
        Ok(token)
    }
}
