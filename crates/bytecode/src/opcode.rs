//! `Opcode` and its metadata, expanded from the table.
//!
//! Relies on `table`. CPython: `pycore_opcode_metadata.h`, `opcode_ids.h`, `_opcode`.

use std::fmt;

/// What an instruction may do and what its argument means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpFlags(u32);

impl OpFlags {
    /// Has an argument.
    pub const ARG: OpFlags = OpFlags(1 << 0);
    /// The argument indexes the constants.
    pub const CONST: OpFlags = OpFlags(1 << 1);
    /// The argument indexes the names (shifted, for some).
    pub const NAME: OpFlags = OpFlags(1 << 2);
    /// The argument is a jump distance.
    pub const JUMP: OpFlags = OpFlags(1 << 3);
    /// The argument names a cell or free variable.
    pub const FREE: OpFlags = OpFlags(1 << 4);
    /// The argument names a fast local.
    pub const LOCAL: OpFlags = OpFlags(1 << 5);
    /// Pseudo instruction that starts a protected region.
    pub const EXC: OpFlags = OpFlags(1 << 6);
    /// Looks at the thread's eval breaker.
    pub const EVAL_BREAK: OpFlags = OpFlags(1 << 7);
    /// May fall back to the generic form.
    pub const DEOPT: OpFlags = OpFlags(1 << 8);
    /// May raise.
    pub const ERROR: OpFlags = OpFlags(1 << 9);
    /// May run arbitrary code.
    pub const ESCAPES: OpFlags = OpFlags(1 << 10);
    /// May leave a trace.
    pub const EXIT: OpFlags = OpFlags(1 << 11);
    /// No effect but on the stack.
    pub const PURE: OpFlags = OpFlags(1 << 12);
    /// May raise with its inputs still on the stack.
    pub const ERROR_NO_POP: OpFlags = OpFlags(1 << 13);
    /// Does not record the instruction pointer.
    pub const NO_SAVE_IP: OpFlags = OpFlags(1 << 14);

    const NONE: OpFlags = OpFlags(0);

    pub const fn has(self, flag: OpFlags) -> bool {
        self.0 & flag.0 != 0
    }

    const fn with(self, other: OpFlags) -> OpFlags {
        OpFlags(self.0 | other.0)
    }
}

macro_rules! width {
    () => {
        1
    };
    ($count:expr) => {{
        let count: i64 = $count;
        if count < 0 { 0 } else { count }
    }};
}

macro_rules! define_opcodes {
    (
        $oparg:ident;
        $(
            $name:ident = $number:literal, $handler:ident,
            ($($input:ident $([$input_count:expr])?),* -- $($output:ident $([$output_count:expr])?),*)
            $(, cache($cache:literal))?
            $(, flags($($flag:ident)|+))?
            $(, family($family:ident))?
            $(, becomes($($target:ident),+))?;
        )*
    ) => {
        /// An instruction's operation, by CPython's name. Numbers above 255 are pseudo instructions.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Opcode {
            $($name = $number,)*
        }

        impl Opcode {
            /// Every opcode, in the order of the table.
            pub const ALL: &[Opcode] = &[$(Opcode::$name,)*];

            /// One more than the largest number.
            pub const COUNT: usize = TABLE_SIZE;

            /// CPython's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Opcode::$name => stringify!($name),)*
                }
            }

            const fn count_popped(self, $oparg: u32) -> i64 {
                let $oparg = $oparg as i64;
                let _ = $oparg;
                match self {
                    $(Opcode::$name => 0 $(+ { let _ = stringify!($input); width!($($input_count)?) })*,)*
                }
            }

            const fn count_pushed(self, $oparg: u32) -> i64 {
                let $oparg = $oparg as i64;
                let _ = $oparg;
                match self {
                    $(Opcode::$name => 0 $(+ { let _ = stringify!($output); width!($($output_count)?) })*,)*
                }
            }

            const FLAGS: [OpFlags; TABLE_SIZE] = {
                let mut table = [OpFlags::NONE; TABLE_SIZE];
                $(table[$number] = OpFlags::NONE $($(.with(OpFlags::$flag))+)?;)*
                table
            };

            const CACHES: [u8; TABLE_SIZE] = {
                let mut table = [0; TABLE_SIZE];
                $($(table[$number] = $cache;)?)*
                table
            };

            const BASES: [u16; TABLE_SIZE] = {
                let mut table = [0; TABLE_SIZE];
                $(table[$number] = $number;)*
                $($(table[$number] = Opcode::$family as u16;)?)*
                table
            };

            const BY_NUMBER: [Option<Opcode>; TABLE_SIZE] = {
                let mut table = [None; TABLE_SIZE];
                $(table[$number] = Some(Opcode::$name);)*
                table
            };

            /// The real instructions that a pseudo instruction becomes; empty for real ones.
            pub const fn targets(self) -> &'static [Opcode] {
                match self {
                    $($(Opcode::$name => &[$(Opcode::$target),+],)?)*
                    _ => &[],
                }
            }
        }
    };
}

const TABLE_SIZE: usize = 267;

for_each_op!(define_opcodes);

/// In a table of counts: it depends on the argument.
const VARIABLE: i8 = i8::MIN;

/// For each opcode, the number of values popped or pushed, or `VARIABLE`.
const fn fixed_counts(pushed: bool) -> [i8; TABLE_SIZE] {
    // Counts depend on single bits, bytes or multiples of the argument.
    const SAMPLES: [u32; 6] = [0, 1, 2, 3, 0x100, 0x1000];
    let mut table = [0; TABLE_SIZE];
    let mut at = 0;
    while at < Opcode::ALL.len() {
        let opcode = Opcode::ALL[at];
        let mut counts = [0; SAMPLES.len()];
        let mut sample = 0;
        while sample < SAMPLES.len() {
            let oparg = SAMPLES[sample];
            counts[sample] =
                if pushed { opcode.count_pushed(oparg) } else { opcode.count_popped(oparg) };
            sample += 1;
        }
        table[opcode as usize] = counts[0] as i8;
        while sample > 0 {
            sample -= 1;
            if counts[sample] != counts[0] {
                table[opcode as usize] = VARIABLE;
            }
        }
        at += 1;
    }
    table
}

impl Opcode {
    const POPPED: [i8; TABLE_SIZE] = fixed_counts(false);
    const PUSHED: [i8; TABLE_SIZE] = fixed_counts(true);

    /// The change of the stack's depth where it depends neither on the argument nor on the way taken.
    const EFFECTS: [i8; TABLE_SIZE] = {
        let mut table = [VARIABLE; TABLE_SIZE];
        let mut at = 0;
        while at < Self::ALL.len() {
            let opcode = Self::ALL[at];
            let (popped, pushed) = (Self::POPPED[opcode as usize], Self::PUSHED[opcode as usize]);
            let varies = opcode.is_specialized() || opcode.is_block_push();
            if popped != VARIABLE && pushed != VARIABLE && !varies {
                table[opcode as usize] = pushed - popped;
            }
            at += 1;
        }
        table
    };

    /// The number of values the instruction takes from the stack.
    #[inline]
    pub const fn popped(self, oparg: u32) -> i64 {
        match Self::POPPED[self as usize] {
            VARIABLE => self.count_popped(oparg),
            fixed => fixed as i64,
        }
    }

    /// The number of values the instruction leaves on the stack.
    #[inline]
    pub const fn pushed(self, oparg: u32) -> i64 {
        match Self::PUSHED[self as usize] {
            VARIABLE => self.count_pushed(oparg),
            fixed => fixed as i64,
        }
    }

    /// The opcode with this number, if there is one.
    pub const fn from_number(number: u16) -> Option<Opcode> {
        if (number as usize) < TABLE_SIZE { Self::BY_NUMBER[number as usize] } else { None }
    }

    /// The opcode that a code unit's first byte stands for, if there is one.
    pub const fn from_byte(byte: u8) -> Option<Opcode> {
        Self::BY_NUMBER[byte as usize]
    }

    pub const fn number(self) -> u16 {
        self as u16
    }

    pub const fn flags(self) -> OpFlags {
        Self::FLAGS[self as usize]
    }

    /// The number of code units behind the instruction that belong to it.
    pub const fn cache_units(self) -> usize {
        Self::CACHES[self as usize] as usize
    }

    /// The generic instruction that a specialised or instrumented form replaces; itself otherwise.
    pub const fn base(self) -> Opcode {
        match Self::BY_NUMBER[Self::BASES[self as usize] as usize] {
            Some(base) => base,
            None => self,
        }
    }

    pub const fn is_pseudo(self) -> bool {
        self as u16 > 255
    }

    pub const fn is_instrumented(self) -> bool {
        let number = self as u16;
        number >= crate::MIN_INSTRUMENTED_OPCODE as u16 && number < 255
    }

    /// Written by the interpreter over its base, never by the compiler.
    pub const fn is_specialized(self) -> bool {
        Self::BASES[self as usize] != self as u16 && !self.is_instrumented()
    }

    pub const fn has_arg(self) -> bool {
        self.flags().has(OpFlags::ARG)
    }

    pub const fn has_const(self) -> bool {
        self.flags().has(OpFlags::CONST)
    }

    pub const fn has_name(self) -> bool {
        self.flags().has(OpFlags::NAME)
    }

    pub const fn has_jump(self) -> bool {
        self.flags().has(OpFlags::JUMP)
    }

    pub const fn has_free(self) -> bool {
        self.flags().has(OpFlags::FREE)
    }

    pub const fn has_local(self) -> bool {
        self.flags().has(OpFlags::LOCAL)
    }

    /// Starts a protected region: `SETUP_FINALLY`, `SETUP_CLEANUP`, `SETUP_WITH`.
    pub const fn is_block_push(self) -> bool {
        self.flags().has(OpFlags::EXC)
    }

    /// The change of the stack's depth, on the jump or on the straight way. `None` for forms that
    /// only the interpreter writes.
    #[inline]
    pub fn stack_effect(self, oparg: u32, jump: bool) -> Option<i64> {
        match Self::EFFECTS[self as usize] {
            VARIABLE => self.variable_stack_effect(oparg, jump),
            fixed => Some(fixed as i64),
        }
    }

    fn variable_stack_effect(self, oparg: u32, jump: bool) -> Option<i64> {
        if self.is_specialized() {
            return None;
        }
        if self.is_block_push() && !jump {
            return Some(0);
        }
        Some(self.pushed(oparg) - self.popped(oparg))
    }

    /// The larger of both ways.
    pub fn max_stack_effect(self, oparg: u32) -> Option<i64> {
        Some(self.stack_effect(oparg, true)?.max(self.stack_effect(oparg, false)?))
    }

    /// Control never reaches the instruction behind.
    pub const fn is_scope_exit(self) -> bool {
        matches!(self, Opcode::RETURN_VALUE | Opcode::RAISE_VARARGS | Opcode::RERAISE)
    }

    /// Jumps whatever the stack holds.
    pub const fn is_unconditional_jump(self) -> bool {
        matches!(
            self,
            Opcode::JUMP
                | Opcode::JUMP_NO_INTERRUPT
                | Opcode::JUMP_FORWARD
                | Opcode::JUMP_BACKWARD
                | Opcode::JUMP_BACKWARD_NO_INTERRUPT
        )
    }
}

impl fmt::Debug for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
