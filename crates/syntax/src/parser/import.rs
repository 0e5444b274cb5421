//! `import` and `from … import`.

use super::*;
use TokenKind as T;

impl<'a> Parser<'a, '_> {
    pub(super) fn import(&mut self) -> Parse<StmtKind<'a>> {
        self.bump();
        let base = self.aliases.len();
        loop {
            let start = self.pos;
            let name = self.dotted_name()?;
            let asname = if self.eat(T::As) { Some(self.name()?) } else { None };
            let span = self.since(start);
            self.aliases.push(Alias { name, asname, span });
            if !self.eat(T::Comma) {
                return Ok(StmtKind::Import { names: self.aliases.take(base, self.arena) });
            }
        }
    }

    fn dotted_name(&mut self) -> Parse<&'a str> {
        let first = self.name()?;
        if !self.at(T::Dot) {
            return Ok(first);
        }
        let mut name = first.to_owned();
        while self.eat(T::Dot) {
            name.push('.');
            name.push_str(self.name()?);
        }
        Ok(self.arena.alloc_str(&name))
    }

    pub(super) fn import_from(&mut self) -> Parse<StmtKind<'a>> {
        self.bump();
        let mut level = 0;
        loop {
            match self.kind() {
                T::Dot => level += 1,
                T::Ellipsis => level += 3,
                _ => break,
            }
            self.bump();
        }
        let module = if level > 0 && self.at(T::Import) { None } else { Some(self.dotted_name()?) };
        self.expect(T::Import)?;
        let names = self.import_names()?;
        let is_future = level == 0 && module == Some("__future__");
        if is_future && names.iter().any(|name| name.name == "barry_as_FLUFL") {
            self.flufl = true;
        }
        Ok(StmtKind::ImportFrom { module, names, level: Some(level) })
    }

    fn import_names(&mut self) -> Parse<&'a [Alias<'a>]> {
        let start = self.pos;
        if self.eat(T::Star) {
            let alias = Alias { name: "*", asname: None, span: self.since(start) };
            return Ok(self.arena.alloc_slice_copy(&[alias]));
        }
        let in_parentheses = self.eat(T::LPar);
        let base = self.aliases.len();
        loop {
            let start = self.pos;
            let name = self.name()?;
            let asname = if self.eat(T::As) { Some(self.name()?) } else { None };
            let span = self.since(start);
            self.aliases.push(Alias { name, asname, span });
            if !self.eat(T::Comma) || (in_parentheses && self.at(T::RPar)) {
                break;
            }
        }
        if in_parentheses {
            self.expect(T::RPar)?;
        }
        Ok(self.aliases.take(base, self.arena))
    }
}
