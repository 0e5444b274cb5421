//! Source to code object: the compiler's plain data turned into objects, its warnings issued, and its errors (`errors`)
//! turned into exceptions.

mod errors;
pub mod source;

use std::cell::Cell;

use bumpalo::Bump;
use krait_bytecode::future_flags;
use krait_compiler::symtable::SymbolTable;
use krait_compiler::{CompileError, CompileOptions, Workspace};
use krait_objects::prelude::*;
use krait_syntax::ast::Mod;
use krait_syntax::{Mode, Notes, ParseOptions, Source, Stage, Warning, WarningKind};

use crate::code::{self, Code};
pub use errors::raise_compile_error;
use errors::{raise_syntax_error, with_source, without_name};
use source::{Codecs, Names};

/// `PyCF_*` bits beside those of future features.
pub mod flags {
    pub const DONT_IMPLY_DEDENT: u32 = 0x200;
    pub const ONLY_AST: u32 = 0x400;
    pub const IGNORE_COOKIE: u32 = 0x800;
    pub const TYPE_COMMENTS: u32 = 0x1000;
    pub const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;
    pub const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
    pub const OPTIMIZED_AST: u32 = 0x8000 | ONLY_AST;
    pub const FUTURE: u32 = 0x1fe_0000;
    /// `CO_NESTED`, which stands for a feature that all code has.
    pub const NESTED: u32 = 0x10;
    pub const ALL: u32 = DONT_IMPLY_DEDENT
        | ONLY_AST
        | IGNORE_COOKIE
        | TYPE_COMMENTS
        | ALLOW_TOP_LEVEL_AWAIT
        | ALLOW_INCOMPLETE_INPUT
        | OPTIMIZED_AST
        | NESTED
        | FUTURE;
}

/// What `compile` is told beside the source.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub filename: Borrowed<'a, Str>,
    pub mode: Mode,
    /// Future features and `flags`.
    pub flags: u32,
    /// `None` for the interpreter's own level.
    pub optimize: Option<u8>,
    pub feature_version: Option<u8>,
}

/// What the module of syntax trees provides.
pub struct TreeHooks {
    /// With a level of optimisation, the tree is prepared for the compiler on its way; annotations too, if so told.
    pub to_object: fn(&Thread, &Mod<'_>, Option<(u8, bool)>) -> PyResult,
    pub from_object: for<'a> fn(&Thread, &'a Bump, Borrowed<'_>) -> PyResult<Mod<'a>>,
    /// Whether an object is a node.
    pub is_tree: fn(&Thread, Borrowed<'_>) -> PyResult<bool>,
    /// TypeError unless a node is what a mode compiles.
    pub check_mode: fn(&Thread, Borrowed<'_>, Mode) -> PyResult<()>,
}

#[derive(Default)]
struct InstalledHooks(Cell<Option<&'static TreeHooks>>);

/// Tells the thread's interpreter of syntax trees: what `_ast` does before anyone imports it.
pub fn install_tree_hooks(th: &Thread, hooks: &'static TreeHooks) {
    th.interp().state::<InstalledHooks>().0.set(Some(hooks));
}

fn tree_hooks(th: &Thread) -> PyResult<&'static TreeHooks> {
    let installed = &th.interp().state::<InstalledHooks>().0;
    if installed.get().is_none() {
        crate::import::start_native(th, "_ast")?;
    }
    let hooks = installed.get();
    hooks.ok_or_else(|| th.raise(exc::SYSTEM_ERROR, "syntax trees are not available"))
}

/// Whether an object is the node of a syntax tree.
pub fn is_tree(th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
    if value.is_exact::<Str>() || value.is_exact::<Bytes>() {
        return Ok(false);
    }
    (tree_hooks(th)?.is_tree)(th, value)
}

fn parse_options<'d>(request: Request<'_>, codecs: &'d Codecs<'_>) -> ParseOptions<'d> {
    ParseOptions {
        mode: request.mode,
        type_comments: request.flags & flags::TYPE_COMMENTS != 0,
        feature_version: request.feature_version.unwrap_or(ParseOptions::LATEST),
        barry_as_flufl: request.flags & future_flags::BARRY_AS_BDFL != 0,
        allow_incomplete_input: request.flags & flags::ALLOW_INCOMPLETE_INPUT != 0,
        dont_imply_dedent: request.flags & flags::DONT_IMPLY_DEDENT != 0,
        ignore_cookie: request.flags & flags::IGNORE_COOKIE != 0,
        stack_budget: codecs.0.stack_left(),
        max_str_digits: codecs.0.interp().int_max_str_digits.get() as usize,
        decoder: Some(codecs),
        normalizer: None,
    }
}

/// Parses a text, and issues the parser's warnings whether or not there is an error.
fn parse<'a>(
    th: &Thread,
    arena: &'a Bump,
    source: Source<'a>,
    request: Request<'_>,
) -> PyResult<&'a Mod<'a>> {
    let bytes = match source {
        Source::Text(text) => text.as_bytes(),
        Source::Bytes(bytes) => bytes,
    };
    audit!(th, "compile", Bytes::new(th, bytes), request.filename)?;
    let codecs = Codecs(th);
    let mut notes = Notes::default();
    let names = Names { th, raised: Cell::new(None) };
    let options = ParseOptions { normalizer: Some(&names), ..parse_options(request, &codecs) };
    let tree = krait_syntax::parse_into(arena, source, &options, &mut notes);
    if let Some(raised) = names.raised.take() {
        return Err(raised);
    }
    issue_notes(th, &notes, request.filename)?;
    tree.map_err(|error| {
        // Decoding may run Python code, which must not find an exception.
        let text = match source {
            Source::Text(text) => Ok(text.to_owned()),
            Source::Bytes(bytes) => {
                krait_syntax::decode_source(bytes, &options).map(|text| text.into_owned())
            }
        };
        drop(th.take_exception());
        let raised = raise_syntax_error(th, &error, request.filename);
        match text {
            Ok(text) => match notes.last_statement {
                Some(last) => with_source(th, raised, text, last, request.mode),
                None => raised,
            },
            Err(undecoded) if undecoded.text.is_some() => without_name(th, raised),
            Err(_) => raised,
        }
    })
}

/// The syntax tree of a text, as an object.
pub fn parse_tree(th: &Thread, source: Source<'_>, request: Request<'_>) -> PyResult {
    let hooks = tree_hooks(th)?;
    let arena = source.arena();
    let tree = parse(th, &arena, source, request)?;
    tree_object(th, hooks, &arena, tree, request)
}

/// What `compile` makes of a syntax tree object when it is to give a tree: a copy, as the compiler would have it if that
/// is wanted (`PyCF_OPTIMIZED_AST`).
pub fn tree_of_tree(th: &Thread, tree: Borrowed<'_>, request: Request<'_>) -> PyResult {
    let hooks = tree_hooks(th)?;
    audit!(th, "compile", tree, ())?;
    (hooks.check_mode)(th, tree, request.mode)?;
    let arena = Bump::new();
    let tree = (hooks.from_object)(th, &arena, tree)?;
    krait_compiler::validate(&tree, compile_options(th, &arena, request).stack_budget)
        .map_err(|error| raise_compile_error(th, error, request.filename))?;
    tree_object(th, hooks, &arena, &tree, request)
}

/// The object of a tree, which must not ask for features that there are not.
fn tree_object(
    th: &Thread,
    hooks: &TreeHooks,
    arena: &Bump,
    tree: &Mod<'_>,
    request: Request<'_>,
) -> PyResult {
    let options = compile_options(th, arena, request);
    let future = krait_compiler::future(tree, options.flags)
        .map_err(|error| raise_compile_error(th, error.in_scope(), request.filename))?;
    let wanted = request.flags & flags::OPTIMIZED_AST == flags::OPTIMIZED_AST;
    let annotations = !future.has(future_flags::ANNOTATIONS);
    (hooks.to_object)(th, tree, wanted.then_some((options.optimize, annotations)))
}

/// The tree of a syntax tree object, validated, and the options to compile it with.
pub fn read_tree<'a>(
    th: &Thread,
    arena: &'a Bump,
    tree: Borrowed<'_>,
    request: Request<'_>,
) -> PyResult<(Mod<'a>, CompileOptions<'a>)> {
    let hooks = tree_hooks(th)?;
    audit!(th, "compile", tree, ())?;
    (hooks.check_mode)(th, tree, request.mode)?;
    let tree = (hooks.from_object)(th, arena, tree)?;
    let options = compile_options(th, arena, request);
    krait_compiler::validate(&tree, options.stack_budget)
        .map_err(|error| raise_compile_error(th, error, request.filename))?;
    Ok((tree, options))
}

/// The code object of a syntax tree object.
pub fn compile_tree(
    th: &Thread,
    tree: Borrowed<'_>,
    request: Request<'_>,
) -> PyResult<Owned<Code>> {
    let arena = Bump::new();
    let (tree, options) = read_tree(th, &arena, tree, request)?;
    generate(th, &arena, &tree, &options, request.filename)
}

/// What one compilation leaves for the next.
#[derive(Default)]
struct Memory(Cell<Workspace>);

/// The code object of a tree; the warnings are issued whether or not there is an error.
fn generate<'a>(
    th: &Thread,
    arena: &'a Bump,
    tree: &'a Mod<'a>,
    options: &'a CompileOptions<'a>,
    filename: Borrowed<'_, Str>,
) -> PyResult<Owned<Code>> {
    let mut warnings = Vec::new();
    let memory = &th.interp().state::<Memory>().0;
    let mut workspace = memory.take();
    let compiled =
        krait_compiler::compile_into(arena, tree, options, &mut workspace, &mut warnings);
    memory.set(workspace);
    issue(th, &warnings, filename)?;
    let code = compiled.map_err(|error| raise_compile_error(th, error, filename))?;
    code::from_compiled(th, &code)
}

/// The code object of a text.
pub fn compile(th: &Thread, source: Source<'_>, request: Request<'_>) -> PyResult<Owned<Code>> {
    let arena = source.arena();
    let tree = parse(th, &arena, source, request)?;
    let options = compile_options(th, &arena, request);
    generate(th, &arena, tree, &options, request.filename)
}

/// Has `read` look at the symbol table of a text.
pub fn symbol_table<R>(
    th: &Thread,
    source: Source<'_>,
    request: Request<'_>,
    read: impl FnOnce(&SymbolTable<'_>) -> PyResult<R>,
) -> PyResult<R> {
    let arena = source.arena();
    let tree = parse(th, &arena, source, request)?;
    let options = compile_options(th, &arena, request);
    let table = krait_compiler::symbol_table(tree, &options, &arena)
        .map_err(|error| raise_compile_error(th, error, request.filename))?;
    read(&table)
}

pub fn compile_options<'a>(
    th: &Thread,
    arena: &'a Bump,
    request: Request<'_>,
) -> CompileOptions<'a> {
    CompileOptions {
        filename: krait_compiler::code::Text::from_bytes(
            arena.alloc_slice_copy(&request.filename.to_wtf8()),
        ),
        mode: request.mode,
        flags: request.flags & (flags::FUTURE | flags::ALLOW_TOP_LEVEL_AWAIT),
        optimize: request.optimize.unwrap_or_else(|| crate::config::of(th).optimization_level),
        stack_budget: th.stack_left(),
    }
}

/// The code object of a module's source.
pub fn compile_module(th: &Thread, source: &[u8], filename: &str) -> PyResult<Owned<Code>> {
    let filename = Str::new(th, filename)?;
    let request = Request {
        filename: filename.borrow(),
        mode: Mode::Exec,
        flags: 0,
        optimize: None,
        feature_version: None,
    };
    compile(th, Source::Bytes(source), request)
}

/// Issues what the parser warns of. Whatever error there is, one that a filter makes or that of the text, the
/// lexer goes on to the end, and what is wrong there is preferred, unless it is in an f-string.
fn issue_notes(th: &Thread, notes: &Notes, filename: Borrowed<'_, Str>) -> PyResult<()> {
    let mut refused = None;
    let lexer_error = notes.lexer_error.as_ref();
    for (at, warning) in notes.warnings.iter().chain(&notes.unread).enumerate() {
        if at >= notes.warnings.len() && refused.is_none() {
            break;
        }
        let in_rest = refused.is_some() || at >= notes.before_error;
        if refused.is_some() && warning.stage == Stage::Later || issue_one(th, warning, filename)? {
            continue;
        }
        match warning.stage {
            Stage::Later => refused = Some(warning),
            Stage::LexerInString if in_rest => {
                return refused.map_or(Ok(()), |warning: &Warning| {
                    Err(raise_syntax_error(th, &warning.error, filename))
                });
            }
            Stage::Lexer | Stage::LexerInString => {
                return Err(raise_syntax_error(th, &warning.error, filename));
            }
        }
    }
    let Some(warning) = refused else { return Ok(()) };
    let unclosed = notes.unclosed.as_ref().filter(|open| open.lineno < warning.lineno);
    let error = lexer_error.or(unclosed).unwrap_or(&warning.error);
    Err(raise_syntax_error(th, error, filename))
}

/// Issues what the compiler warns of; an error if a filter makes it one.
pub fn issue(th: &Thread, warnings: &[Warning], filename: Borrowed<'_, Str>) -> PyResult<()> {
    for warning in warnings {
        if !issue_one(th, warning, filename)? {
            // The reference looks for the line in the file, as for any error of the compiler.
            let error = CompileError::Syntax((*warning.error).clone());
            return Err(raise_compile_error(th, error, filename));
        }
    }
    Ok(())
}

/// False if a filter makes the warning an error, which points to the place like any other.
fn issue_one(th: &Thread, warning: &Warning, filename: Borrowed<'_, Str>) -> PyResult<bool> {
    let category = match warning.kind {
        WarningKind::SyntaxWarning => exc::SYNTAX_WARNING,
        WarningKind::DeprecationWarning => exc::DEPRECATION_WARNING,
    };
    let message = Str::new(th, &warning.message)?;
    let (category_type, line) = (Borrowed::from_ref(category), warning.lineno);
    match crate::warnings::warn_explicit(th, category_type, message.object(), filename, line) {
        Ok(()) => Ok(true),
        Err(raised) => th.take_if(raised, category).map(|_| false),
    }
}
