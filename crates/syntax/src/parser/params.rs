//! Parameters of functions and lambdas, and type parameters.

use super::*;
use TokenKind as T;

/// A parameter list being read. Those parameters that no `/` or `*` has followed yet are on the scratch stack.
struct Parameters<'a> {
    done: Arguments<'a>,
    /// Where the parameters, the defaults and the defaults of keyword-only parameters begin on their stacks.
    bases: [usize; 3],
    seen_star: bool,
    seen_slash: bool,
}

impl<'a> Parser<'a, '_> {
    pub(super) fn lambda_parameters(&mut self) -> Parse<&'a Arguments<'a>> {
        self.parameters(T::Colon, false)
    }

    /// In parentheses.
    pub(super) fn function_parameters(&mut self) -> Parse<&'a Arguments<'a>> {
        self.expect(T::LPar)?;
        let arguments = self.parameters(T::RPar, true)?;
        self.expect(T::RPar)?;
        Ok(arguments)
    }

    /// Parameters up to `close`, which is not consumed.
    fn parameters(&mut self, close: TokenKind, annotated: bool) -> Parse<&'a Arguments<'a>> {
        let bases = [self.parameters.len(), self.scratch.len(), self.optional.len()];
        let done = Arguments::default();
        let mut list = Parameters { done, bases, seen_star: false, seen_slash: false };
        while !self.at(close) {
            // Nothing follows `**kwargs`.
            if list.done.kwarg.is_some() {
                return Err(Fail);
            }
            match self.kind() {
                T::Slash => self.slash(&mut list, close)?,
                T::Star => self.star_parameter(&mut list, close, annotated)?,
                T::DoubleStar => {
                    self.bump();
                    let mut arg = self.parameter(annotated, false)?;
                    self.end_parameter(&mut arg, close)?;
                    list.done.kwarg = Some(self.arena.alloc(arg));
                }
                _ => self.plain_parameter(&mut list, close, annotated)?,
            }
        }
        let Parameters { mut done, bases: [parameters, defaults, kw_defaults], seen_star, .. } =
            list;
        let last = self.parameters.take(parameters, self.arena);
        if !seen_star {
            done.args = last;
        } else if done.vararg.is_none() && last.is_empty() {
            return Err(Fail);
        } else {
            done.kwonlyargs = last;
        }
        done.defaults = self.take_exprs(defaults);
        done.kw_defaults = self.optional.take(kw_defaults, self.arena);
        Ok(self.arena.alloc(done))
    }

    fn slash(&mut self, list: &mut Parameters<'a>, close: TokenKind) -> Parse<()> {
        self.since_version(8)?;
        self.bump();
        let before = self.parameters.take(list.bases[0], self.arena);
        if list.seen_slash || list.seen_star || before.is_empty() {
            return Err(Fail);
        }
        list.seen_slash = true;
        list.done.posonlyargs = before;
        if self.eat(T::Comma) || self.at(close) { Ok(()) } else { Err(Fail) }
    }

    /// `*`, or `*name`.
    fn star_parameter(
        &mut self,
        list: &mut Parameters<'a>,
        close: TokenKind,
        annotated: bool,
    ) -> Parse<()> {
        if list.seen_star {
            return Err(Fail);
        }
        list.seen_star = true;
        list.done.args = self.parameters.take(list.bases[0], self.arena);
        self.bump();
        if self.eat(T::Comma) {
            // A bare star must be followed by a parameter, not by a type comment.
            return Ok(());
        }
        let mut arg = self.parameter(annotated, true)?;
        self.end_parameter(&mut arg, close)?;
        list.done.vararg = Some(self.arena.alloc(arg));
        Ok(())
    }

    fn plain_parameter(
        &mut self,
        list: &mut Parameters<'a>,
        close: TokenKind,
        annotated: bool,
    ) -> Parse<()> {
        let mut arg = self.parameter(annotated, false)?;
        let default = if self.eat(T::Equal) { Some(self.expression()?) } else { None };
        self.end_parameter(&mut arg, close)?;
        self.parameters.push(arg);
        match default {
            _ if list.seen_star => self.optional.push(default),
            Some(default) => self.scratch.push(default),
            None if self.scratch.len() == list.bases[1] => {}
            None => return Err(Fail),
        }
        Ok(())
    }

    fn parameter(&mut self, annotated: bool, starred: bool) -> Parse<Arg<'a>> {
        let start = self.pos;
        let arg = self.name()?;
        let annotation = if annotated && self.eat(T::Colon) {
            Some(if starred && self.at(T::Star) {
                self.starred(|p| p.deeper(EXPRESSION_LEVELS, Self::bitwise_or))?
            } else {
                self.expression()?
            })
        } else {
            None
        };
        Ok(Arg { arg, annotation, type_comment: None, span: self.since(start) })
    }

    /// The comma and the type comment after a parameter.
    fn end_parameter(&mut self, arg: &mut Arg<'a>, close: TokenKind) -> Parse<()> {
        let comma = self.eat(T::Comma);
        arg.type_comment = self.type_comment();
        if comma || self.at(close) { Ok(()) } else { Err(Fail) }
    }

    /// `[T: bound = default, *Ts, **P]`, or nothing.
    pub(super) fn type_parameters(&mut self) -> Parse<&'a [TypeParam<'a>]> {
        if !self.at(T::LSqb) {
            return Ok(&[]);
        }
        self.since_version(12)?;
        self.bump();
        let mut params = Vec::new();
        loop {
            params.push(self.type_parameter()?);
            let comma = self.eat(T::Comma);
            if self.eat(T::RSqb) {
                return Ok(self.arena.alloc_slice_copy(&params));
            }
            if !comma {
                return Err(Fail);
            }
        }
    }

    fn type_parameter(&mut self) -> Parse<TypeParam<'a>> {
        let start = self.pos;
        let node = match self.kind() {
            T::Star => {
                self.bump();
                let name = self.name()?;
                let default_value = self.type_default(Self::star_expression)?;
                TypeParamKind::TypeVarTuple { name, default_value }
            }
            T::DoubleStar => {
                self.bump();
                let name = self.name()?;
                let default_value = self.type_default(Self::expression)?;
                TypeParamKind::ParamSpec { name, default_value }
            }
            _ => {
                let name = self.name()?;
                let bound = if self.eat(T::Colon) { Some(self.expression()?) } else { None };
                let default_value = self.type_default(Self::expression)?;
                TypeParamKind::TypeVar { name, bound, default_value }
            }
        };
        Ok(TypeParam { node, span: self.since(start) })
    }

    fn type_default(&mut self, rule: fn(&mut Self) -> Parse<E<'a>>) -> Parse<Option<E<'a>>> {
        if !self.eat(T::Equal) {
            return Ok(None);
        }
        self.since_version(13)?;
        rule(self).map(Some)
    }
}
