//! Another process's memory: reading, writing, and finding a section of the files that it has mapped.
//!
//! Linux's `process_vm_readv` and `/proc`. What is read may change meanwhile and need not make sense: nothing here trusts
//! it. The same job as CPython's `Python/remote_debug.h`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

/// A process, by its number; it may be this one.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pub pid: i32,
}

/// The beginning of a file that is mapped.
struct Mapping {
    start: u64,
    end: u64,
    path: String,
}

impl Process {
    /// Fills `into` from an address.
    pub fn read(&self, address: u64, into: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < into.len() {
            let rest = &mut into[done..];
            let local = libc::iovec { iov_base: rest.as_mut_ptr().cast(), iov_len: rest.len() };
            let remote = libc::iovec {
                iov_base: std::ptr::without_provenance_mut((address as usize).wrapping_add(done)),
                iov_len: rest.len(),
            };
            // SAFETY: the system checks the remote side; the local one is ours.
            done += moved(unsafe { libc::process_vm_readv(self.pid, &local, 1, &remote, 1, 0) })?;
        }
        Ok(())
    }

    /// Writes `from` to an address.
    pub fn write(&self, address: u64, from: &[u8]) -> io::Result<()> {
        let mut done = 0;
        while done < from.len() {
            let rest = &from[done..];
            let local =
                libc::iovec { iov_base: rest.as_ptr().cast_mut().cast(), iov_len: rest.len() };
            let remote = libc::iovec {
                iov_base: std::ptr::without_provenance_mut((address as usize).wrapping_add(done)),
                iov_len: rest.len(),
            };
            // SAFETY: the system checks the remote side; the local one is only read.
            done += moved(unsafe { libc::process_vm_writev(self.pid, &local, 1, &remote, 1, 0) })?;
        }
        Ok(())
    }

    pub fn word(&self, address: u64) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// Where the section `name` of a mapped file lies that `accept` takes; those files come first whose names tell of Python.
    pub fn find_section(
        &self,
        name: &str,
        mut accept: impl FnMut(u64) -> bool,
    ) -> io::Result<Option<u64>> {
        for mapping in self.mappings()? {
            let Ok(file) = self.open(&mapping) else { continue };
            if let Ok(Some(offset)) = section_offset(&file, name) {
                let address = mapping.start.wrapping_add(offset);
                if accept(address) {
                    return Ok(Some(address));
                }
            }
        }
        Ok(None)
    }

    /// The path of what lists the mappings, for messages.
    pub fn maps_path(&self) -> String {
        format!("/proc/{}/maps", self.pid)
    }

    fn mappings(&self) -> io::Result<Vec<Mapping>> {
        let text = std::fs::read(self.maps_path())?;
        let text = String::from_utf8_lossy(&text);
        let program = std::fs::read_link(format!("/proc/{}/exe", self.pid)).ok();
        let program = program.as_ref().and_then(|path| path.to_str()).unwrap_or("");
        let mut seen = HashSet::new();
        let mut found: Vec<Mapping> = text
            .lines()
            .filter_map(first_of_file)
            .filter(|mapping| seen.insert(mapping.start))
            .collect();
        found.sort_by_key(|mapping| {
            let name = mapping.path.rsplit('/').next().unwrap_or("");
            match () {
                () if mapping.path == program => 0,
                () if name.contains("python") || name.contains("krait") => 1,
                () => 2,
            }
        });
        Ok(found)
    }

    /// A mapped file, though it may be gone or lie in another container.
    fn open(&self, mapping: &Mapping) -> io::Result<File> {
        let pid = self.pid;
        let by_name = format!("/proc/{pid}/root{}", mapping.path);
        let by_address = format!("/proc/{pid}/map_files/{:x}-{:x}", mapping.start, mapping.end);
        File::open(by_name).or_else(|_| File::open(by_address)).or_else(|error| {
            match mapping.path.ends_with(" (deleted)") {
                true => File::open(format!("/proc/{pid}/exe")),
                false => Err(error),
            }
        })
    }
}

fn moved(count: isize) -> io::Result<usize> {
    match usize::try_from(count) {
        Err(_) => Err(io::Error::last_os_error()),
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(count) => Ok(count),
    }
}

/// A line of the list of mappings, if a file begins there.
fn first_of_file(line: &str) -> Option<Mapping> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let offset = fields.nth(1)?;
    let path = fields.nth(2)?.trim_start();
    let hex = |text| u64::from_str_radix(text, 16).ok();
    (hex(offset)? == 0 && path.starts_with('/')).then_some(())?;
    Some(Mapping { start: hex(start)?, end: hex(end)?, path: path.to_owned() })
}

fn at<const N: usize>(bytes: &[u8], offset: usize) -> io::Result<[u8; N]> {
    let found = bytes.get(offset..).and_then(|rest| rest.first_chunk::<N>());
    found.copied().ok_or_else(|| ErrorKind::InvalidData.into())
}

fn number(bytes: &[u8], offset: usize) -> io::Result<u64> {
    at(bytes, offset).map(u64::from_le_bytes)
}

fn half(bytes: &[u8], offset: usize) -> io::Result<usize> {
    at(bytes, offset).map(|bytes| u16::from_le_bytes(bytes).into())
}

fn quarter(bytes: &[u8], offset: usize) -> io::Result<u32> {
    at(bytes, offset).map(u32::from_le_bytes)
}

/// No table in a file is read that is longer.
const MOST: usize = 1 << 20;

fn read_at(file: &File, offset: u64, size: usize) -> io::Result<Vec<u8>> {
    if size > MOST {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

/// How far behind the beginning of the mapped file a section of a 64-bit ELF file lies.
fn section_offset(file: &File, wanted: &str) -> io::Result<Option<u64>> {
    const HEADER: usize = 64;
    const LOAD: u32 = 1;
    let header = read_at(file, 0, HEADER)?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return Ok(None);
    }
    let (segment_size, segments) = (half(&header, 54)?, half(&header, 56)?);
    let (section_size, sections) = (half(&header, 58)?, half(&header, 60)?);
    let names_at = half(&header, 62)?;
    if section_size < HEADER || names_at >= sections {
        return Ok(None);
    }
    let table = read_at(file, number(&header, 40)?, section_size * sections)?;
    let names = &table[names_at * section_size..];
    let names = read_at(file, number(names, 24)?, number(names, 32)? as usize)?;
    for section in table.chunks_exact(section_size) {
        let name = names.get(quarter(section, 0)? as usize..).unwrap_or(&[]);
        if name.split(|byte| *byte == 0).next() != Some(wanted.as_bytes()) {
            continue;
        }
        let loaded = read_at(file, number(&header, 32)?, segment_size * segments)?;
        for segment in loaded.chunks_exact(segment_size.max(1)) {
            if quarter(segment, 0)? == LOAD {
                let base = number(segment, 16)? & !0xfff;
                return Ok(Some(number(section, 16)?.wrapping_sub(base)));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_reads_and_writes_its_own_memory() {
        let me = Process { pid: std::process::id() as i32 };
        let mut number = std::hint::black_box(7u64);
        let address = (&raw mut number).expose_provenance() as u64;
        assert_eq!(me.word(address).unwrap(), 7);
        me.write(address, &9u64.to_ne_bytes()).unwrap();
        assert_eq!(std::hint::black_box(number), 9);
        assert!(me.word(16).is_err());
    }

    #[test]
    fn a_section_is_found_where_the_loader_put_it() {
        static NUMBER: u64 = 0x6b72_6169_7420_6973;
        let me = Process { pid: std::process::id() as i32 };
        let address = (&raw const NUMBER).expose_provenance() as u64;
        let start = me.find_section(".rodata", |start| start <= address).unwrap();
        let start = start.expect("programs have constants");
        assert!(address - start < 1 << 26);
        assert_eq!(me.word(address).unwrap(), NUMBER);
    }
}
