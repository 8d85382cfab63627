import { ApiError } from './failure.ts'

/** The parameters after the `?`, with Docker's rules for their values. */
export interface Query {
  /**
   * The value of a parameter; `undefined` when it is absent or empty. Throws 400 for a value with a
   * NUL, which the kernel takes for the end of a text.
   */
  text(name: string): string | undefined
  /** All values of a parameter that may be given several times. */
  texts(name: string): readonly string[]
  /** False for an absent parameter, an empty text, `0`, `no`, `false` and `none`; else true. */
  flag(name: string, absent?: boolean): boolean
  /** Throws 400 for a value that is no whole number. */
  whole(name: string): number | undefined
  /** `filters`, as the words `key=value` that the command line takes. Throws 400. */
  filters(): readonly string[]
}

const noWords = ['', '0', 'no', 'false', 'none']

export function readQuery(parameters: URLSearchParams): Query {
  const text = (name: string): string | undefined => {
    const value = parameters.get(name) || undefined
    if (value?.includes('\0')) throw new ApiError(400, `invalid value for "${name}": it has a NUL`)
    return value
  }
  return {
    text,
    texts: (name) => parameters.getAll(name),
    flag(name, absent = false) {
      const value = parameters.get(name)
      return value === null ? absent : !noWords.includes(value.trim().toLowerCase())
    },
    whole(name) {
      const value = text(name)
      if (value === undefined) return undefined
      if (/^[+-]?\d{1,15}$/.test(value)) return Number(value)
      throw new ApiError(400, `strconv.Atoi: parsing "${value}": invalid syntax`)
    },
    filters: () => readFilters(text('filters')),
  }
}

/**
 * Reads both forms of filters: `{"label":{"a=b":true}}` and `{"label":["a=b"]}`. A negative form
 * `{"label!":…}` has its mark at the key.
 */
function readFilters(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  const refuse = (): ApiError => new ApiError(400, 'invalid filter')
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw refuse()
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw refuse()
  return Object.entries(document).flatMap(([key, values]) =>
    valuesOf(values, refuse).map((value) => `${key}=${value}`),
  )
}

function valuesOf(values: unknown, refuse: () => ApiError): readonly string[] {
  if (Array.isArray(values)) {
    if (values.every((value) => typeof value === 'string')) return values
  } else if (typeof values === 'object' && values !== null) {
    const entries = Object.entries(values)
    if (entries.every(([, isSet]) => typeof isSet === 'boolean')) {
      return entries.filter(([, isSet]) => isSet).map(([value]) => value)
    }
  }
  throw refuse()
}

/** Reads seconds since 1970 with a fraction, or a time of RFC 3339. Returns milliseconds since 1970. */
export function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^-?\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (!Number.isNaN(seconds)) return seconds
  throw new ApiError(400, `invalid value for "${name}": ${text}`)
}
