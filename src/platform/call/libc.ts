import { StrakeError } from '#oci'
import { errnoName } from './errno.ts'

/**
 * C types of the calling convention. `ptr` accepts a TypedArray, an address or `null`. Results of
 * `i64` are bigint only beyond 2^53.
 */
export type CType = 'i32' | 'u32' | 'i64' | 'u64' | 'ptr' | 'void'

/**
 * The arguments and the result of a C function. With `syscall` it calls that system call, even one
 * that glibc does not have.
 */
export interface CSignature {
  readonly args: readonly CType[]
  readonly returns: CType
  /** System call number; those from 424 on are the same on every architecture. */
  readonly syscall?: number
}

/** Memory a C function reads or writes. Pass the array itself: an address does not keep it alive. */
export type CMemory = NodeJS.TypedArray | DataView

type CArgument<T> = T extends 'i32' | 'u32'
  ? number
  : T extends 'ptr'
    ? CMemory | number | bigint | null
    : number | bigint
type CArguments<Types extends readonly CType[]> = { [I in keyof Types]: CArgument<Types[I]> }
type CResult<T> = T extends 'i32' | 'u32' ? number : T extends 'void' ? undefined : number | bigint

/** The callable form of a table of signatures. */
export type CFunctions<Table extends Readonly<Record<string, CSignature>>> = {
  readonly [Name in keyof Table]: (
    ...args: CArguments<Table[Name]['args']>
  ) => CResult<Table[Name]['returns']>
}

type Ffi = typeof import('bun:ffi')
type Callable = (...args: readonly unknown[]) => unknown
type FfiSignature = import('bun:ffi').FFIFunction

let loadedFfi: Ffi | undefined

/** `bun:ffi`, loaded at the first call. Throws `UNSUPPORTED` where the program does not run on Bun. */
export function ffi(): Ffi {
  loadedFfi ??= process.getBuiltinModule('bun:ffi') as Ffi | undefined
  if (loadedFfi === undefined) {
    throw new StrakeError(
      'UNSUPPORTED',
      'Cannot call the C library: this program is not running on Bun',
      {
        remedy: 'run it with Bun 1.4 or later',
      },
    )
  }
  return loadedFfi
}

/**
 * Declares C functions without loading anything. The first call of the returned function links the
 * table, once.
 *
 *     const c = symbols({ umount2: { args: ['ptr', 'i32'], returns: 'i32' } })
 *     check(c().umount2(cString(path), 0), 'umount', path)
 */
export function symbols<const Table extends Readonly<Record<string, CSignature>>>(
  table: Table,
): () => CFunctions<Table> {
  let linked: CFunctions<Table> | undefined
  return () => {
    linked ??= link(table) as CFunctions<Table>
    return linked
  }
}

function link(table: Readonly<Record<string, CSignature>>): Record<string, Callable> {
  // Found before the call, because finding it after a failed call would overwrite errno.
  errnoAddress ??= findErrno()
  const { FFIType, linkSymbols } = ffi()
  // The other types of these sizes make a bigint of every argument and result.
  const fast = { i64: FFIType.i64_fast, u64: FFIType.u64_fast }
  const typeOf = (type: CType): CType | (typeof fast)[keyof typeof fast] =>
    type === 'i64' || type === 'u64' ? fast[type] : type
  const functions: Record<string, FfiSignature> = {}
  const calls: Record<string, FfiSignature & { readonly ptr: bigint }> = {}
  for (const [name, { args, returns, syscall }] of Object.entries(table)) {
    const signature = { args: args.map(typeOf), returns: typeOf(returns) }
    if (syscall === undefined) functions[name] = signature
    else calls[name] = { ...signature, args: [fast.i64, ...signature.args], ptr: syscallAddress() }
  }
  const linked: Record<string, Callable> = {}
  if (Object.keys(functions).length > 0) Object.assign(linked, openLibc(functions))
  if (Object.keys(calls).length > 0) {
    const made: Readonly<Record<string, unknown>> = linkSymbols(calls).symbols
    for (const [name, call] of Object.entries(made)) {
      const number = table[name]?.syscall
      linked[name] = (...args) => (call as Callable)(number, ...args)
    }
  }
  return linked
}

function openLibc(functions: Record<string, FfiSignature>): Record<string, Callable> {
  const made: Readonly<Record<string, unknown>> = ffi().dlopen('libc.so.6', functions).symbols
  return made as Record<string, Callable>
}

let addressOfSyscall: bigint | undefined

function syscallAddress(): bigint {
  if (addressOfSyscall === undefined) {
    const { dlsym } = openLibc({ dlsym: { args: ['ptr', 'ptr'], returns: 'u64' } })
    addressOfSyscall = BigInt(dlsym?.(null, cString('syscall')) as number | bigint)
  }
  return addressOfSyscall
}

/**
 * Returns text as a C string: UTF-8 (bytes are not changed) and a NUL. Throws `INVALID` for a NUL
 * inside.
 */
export function cString(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text
  if (bytes.includes(0)) {
    throw new StrakeError(
      'INVALID',
      `Cannot use ${JSON.stringify(String(text))}: it contains a NUL byte`,
    )
  }
  const terminated = new Uint8Array(bytes.length + 1)
  terminated.set(bytes)
  return terminated
}
const encoder = new TextEncoder()

let errnoAddress: number | undefined

/** Returns the calling thread's errno, which is valid only right after a call that reported an error. */
export function errno(): number {
  errnoAddress ??= findErrno()
  return ffi().read.i32(errnoAddress)
}

function findErrno(): number {
  const { __errno_location } = openLibc({ __errno_location: { args: [], returns: 'u64' } })
  return Number(__errno_location?.())
}

/** An error of the kernel or the C library, in the form of Node's own errors. */
export class SystemError extends Error {
  /** Symbolic: `ENOENT`. */
  readonly code: string
  readonly errno: number
  /** The call that failed: `mount`. */
  readonly syscall: string
  readonly path: string | undefined

  constructor(number: number, syscall: string, path?: string) {
    const { code, text } = errnoName(number)
    super(`${code}: ${text}, ${syscall}${path === undefined ? '' : ` '${path}'`}`)
    this.name = 'SystemError'
    this.code = code
    this.errno = number
    this.syscall = syscall
    this.path = path
  }
}

/**
 * Returns a result unless it is -1, with which C reports an error. Then throws `SystemError` with
 * the current errno, so no other function may be called before: `check(c().close(fd), 'close')`.
 */
export function check(result: number | bigint, syscall: string, path?: string): number {
  const number = Number(result)
  if (number === -1) throw new SystemError(errno(), syscall, path)
  return number
}

/**
 * True when `error` is a system error, of Node or of this program, with one of these codes
 * (`ENOENT`).
 */
export function isSystemError(error: unknown): error is Error & { readonly code: string }
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return false
  return codes.length === 0 || codes.includes(String(error.code))
}
