/**
 * The file system that CPython finds: one read-only file, the archive of its standard library, and three streams. Whatever else
 * it asks for is not there, and is told.
 */

import type { Hooks, Machine } from "./types.ts";

/** The part of the imports that is about files. */
export type MakeFiles = (
  machine: () => Machine,
  hooks: Hooks,
  archive: Uint8Array,
) => { functions: { [name: string]: (...given: never[]) => unknown }; files: Map<number, number> };

(globalThis as unknown as { makeFiles: MakeFiles }).makeFiles = (machine, hooks, archive) => {
  const archivePath = "/lib/python314.zip";
  const folders = new Set(["/", "/lib", "/lib/python3.14", "/lib/python3.14/lib-dynload"]);
  /** Open files: where each is read. */
  const files = new Map<number, number>();
  // Refusals of the kernel's calls are negative, those of WASI positive.
  const [notThere, badFile, readOnly, tooSmall, invalid, notTerminal] = [-44, -8, -69, -68, -28, -59];
  const [wasiBadFile, wasiNoSeek] = [8, 70];
  const [aFile, aFolder, aStream] = [0o100444, 0o40555, 0o20000];

  const stat = (to: number, mode: number, size: number, inode: number): number => {
    const data = machine().data();
    machine()
      .bytes()
      .fill(0, to, to + 96);
    data.setUint32(to, 1, true);
    data.setUint32(to + 4, mode, true);
    data.setUint32(to + 8, 1, true);
    data.setBigInt64(to + 24, BigInt(size), true);
    data.setInt32(to + 32, 4096, true);
    data.setBigInt64(to + 88, BigInt(inode), true);
    return 0;
  };
  const isArchive = (fd: number): boolean => files.has(fd);
  /** Not told: CPython looks for modules in the archive, and for the lines of `<program 3>`. */
  const isOwn = (path: string): boolean =>
    (path.startsWith(archivePath) && !path.includes("..")) || /^<[^>]*>$/.test(path);
  const missing = (call: string, path: string): number => {
    if (!isOwn(path)) hooks.path(call, path);
    return notThere;
  };
  const statPath = (at: number, to: number): number => {
    const path = machine().text(at);
    if (path === archivePath) return stat(to, aFile, archive.length, 9);
    return folders.has(path) ? stat(to, aFolder, 0, 3) : missing("os.stat", path);
  };
  /** Goes through a list of buffers. */
  const vectors = (list: number, count: number, each: (part: Uint8Array) => number): number => {
    const data = machine().data();
    let total = 0;
    for (let i = 0; i < count; i++) {
      const at = data.getUint32(list + 8 * i, true);
      const length = data.getUint32(list + 8 * i + 4, true);
      const done = each(
        machine()
          .bytes()
          .subarray(at, at + length),
      );
      total += done;
      if (done < length) break;
    }
    return total;
  };
  const read = (list: number, count: number, from: number): number => {
    let at = from;
    return vectors(list, count, (part) => {
      const piece = archive.subarray(at, at + part.length);
      part.set(piece);
      at += piece.length;
      return piece.length;
    });
  };
  const tell = (to: number, value: number): number => {
    machine().data().setUint32(to, value, true);
    return 0;
  };

  const functions = {
    __syscall_openat(_folder: number, path: number, flags: number): number {
      const name = machine().text(path);
      if (name !== archivePath) return missing("open", name);
      if ((flags & 3) !== 0) return readOnly;
      let fd = 3;
      while (files.has(fd)) fd++;
      files.set(fd, 0);
      return fd;
    },
    __syscall_stat64: statPath,
    __syscall_lstat64: statPath,
    __syscall_newfstatat: (_folder: number, path: number, to: number) => statPath(path, to),
    __syscall_fstat64(fd: number, to: number): number {
      if (isArchive(fd)) return stat(to, aFile, archive.length, 9);
      return fd >= 0 && fd < 3 ? stat(to, aStream, 0, fd + 20) : badFile;
    },
    __syscall_faccessat(_folder: number, at: number): number {
      const path = machine().text(at);
      return path === archivePath || folders.has(path) ? 0 : missing("os.access", path);
    },
    __syscall_getcwd(to: number, size: number): number {
      if (size < 2) return tooSmall;
      machine().bytes().set([47, 0], to);
      return 2;
    },
    __syscall_ioctl: () => notTerminal,
    __syscall_fcntl64: (_fd: number, command: number) => (command <= 4 ? 0 : invalid),
    _try_fcntl64: (_fd: number, command: number) => (command <= 4 ? 0 : invalid),
    __syscall_readlinkat: () => invalid,
    __syscall_getdents64: () => 0,
    __syscall_umask_js: () => 18,
    __syscall_poll: () => 0,
    fd_close(fd: number): number {
      files.delete(fd);
      return 0;
    },
    fd_read(fd: number, list: number, count: number, to: number): number {
      if (fd === 0) return tell(to, 0);
      const at = files.get(fd);
      if (at === undefined) return wasiBadFile;
      const got = read(list, count, at);
      files.set(fd, at + got);
      return tell(to, got);
    },
    fd_pread(fd: number, list: number, count: number, at: bigint, to: number): number {
      return isArchive(fd) ? tell(to, read(list, count, Number(at))) : wasiBadFile;
    },
    fd_write(fd: number, list: number, count: number, to: number): number {
      if (fd !== 1 && fd !== 2) return wasiBadFile;
      const total = vectors(list, count, (part) => {
        hooks.write(fd, part);
        return part.length;
      });
      return tell(to, total);
    },
    fd_seek(fd: number, offset: bigint, whence: number, to: number): number {
      const now = files.get(fd);
      if (now === undefined) return wasiNoSeek;
      const from = whence === 0 ? 0 : whence === 1 ? now : archive.length;
      const at = from + Number(offset);
      if (!(at >= 0)) return -invalid;
      files.set(fd, at);
      machine().data().setBigInt64(to, BigInt(at), true);
      return 0;
    },
    fd_fdstat_get(fd: number, to: number): number {
      const bytes = machine().bytes();
      bytes.fill(0, to, to + 24);
      bytes[to] = fd < 3 ? 2 : 4;
      return 0;
    },
    fd_sync: () => 0,
  };
  return { functions, files };
};
