import { HclError } from './hcl/hcl-error.ts'

/** Returns a function that makes each value once, and refuses one that needs itself. */
export function rememberOnce<T>(): (name: string, make: () => T) => T {
  const values = new Map<string, { readonly value: T } | 'begun'>()
  return (name, make) => {
    const known = values.get(name)
    if (known === 'begun') throw new HclError(`${name} needs itself`)
    if (known !== undefined) return known.value
    values.set(name, 'begun')
    try {
      const value = make()
      values.set(name, { value })
      return value
    } finally {
      if (values.get(name) === 'begun') values.delete(name)
    }
  }
}
