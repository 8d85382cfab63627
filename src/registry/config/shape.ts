/**
 * The expected form of a value in the configuration file: plain data, from which come the checks
 * (`check.ts`) and the JSON schema (`json-schema.ts`). `T` is the type of the checked value.
 */
export type Shape<T> = (
  | { readonly kind: 'text'; readonly pattern?: RegExp | undefined; readonly says: string }
  | { readonly kind: 'path'; readonly word?: string | undefined }
  | { readonly kind: 'whole'; readonly least: number; readonly most: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'duration' }
  | { readonly kind: 'size' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly item: Shape<unknown>; readonly least: 0 | 1 }
  | {
      readonly kind: 'map'
      readonly keys: RegExp
      readonly says: string
      readonly value: Shape<unknown>
    }
  | { readonly kind: 'section'; readonly keys: Keys }
  | { readonly kind: 'either'; readonly shapes: readonly Shape<unknown>[] }
) & { readonly type?: T }

/** A key of a section. */
export interface Key<T> {
  readonly shape: Shape<T>
  /** What the key is for: one sentence. */
  readonly about: string
  readonly isRequired?: boolean
}

type Keys = Readonly<Record<string, Key<unknown>>>

/** The keys of a section by its type, so that the compiler compares the two. */
export type KeysOf<T> = { readonly [K in keyof T]-?: Key<Exclude<T[K], undefined>> }

export function text(says: string, pattern?: RegExp): Shape<string> {
  return { kind: 'text', says, pattern }
}

/** A name in metrics, tokens, rules and messages. */
export const simpleName: Shape<string> = text(
  'a name of letters, digits and . _ -',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
)

/** A URL of HTTP. It has no password, because people copy and show the file. */
export function httpUrl(example: string): Shape<string> {
  const says = `a URL such as ${example}, without a password`
  return text(says, /^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/)
}

/** A path; a relative one begins at the directory of the configuration file. */
export const path: Shape<string> = { kind: 'path' }

/** A path, or a word that is none. */
export function pathOr(word: string): Shape<string> {
  return { kind: 'path', word }
}

export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return { kind: 'whole', least, most }
}

export const flag: Shape<boolean> = { kind: 'flag' }

/** `30s`, `5m`, `12h`, `90d`; the value is in milliseconds. */
export const duration: Shape<number> = { kind: 'duration' }

/** `512MiB`, `10GB`, or a number of bytes; the value is in bytes. */
export const size: Shape<number> = { kind: 'size' }

export function choice<const C extends string>(...choices: readonly C[]): Shape<C> {
  return { kind: 'choice', choices }
}

export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return { kind: 'list', item, least: 0 }
}

/** A list with at least one item: the writer of an empty one may think that it means everything. */
export function filledList<T>(item: Shape<T>): Shape<readonly T[]> {
  return { kind: 'list', item, least: 1 }
}

export function map<T>(
  says: string,
  keys: RegExp,
  value: Shape<T>,
): Shape<Readonly<Record<string, T>>> {
  return { kind: 'map', says, keys, value }
}

export function section<T>(keys: KeysOf<T>): Shape<T> {
  return { kind: 'section', keys: keys as Keys }
}

export function either<T>(...shapes: readonly Shape<unknown>[]): Shape<T> {
  return { kind: 'either', shapes }
}
