/** Values with one name, as Prometheus reads them. */
export interface Family {
  readonly name: string
  /** One sentence: what is counted. */
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: () => Iterable<Sample> | Promise<Iterable<Sample>>
}

export interface Sample {
  /** Behind the name of the family, such as `_sum`. */
  readonly suffix?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A number for every combination of labels, which only grows. */
export interface Counter extends Family {
  /** `values` are those of the labels, in their order. */
  add(values: readonly string[], amount?: number): void
}

/** How many measured values were at most so large, for some bounds. */
export interface Histogram extends Family {
  observe(values: readonly string[], measured: number): void
}

type About = Pick<Family, 'name' | 'help'> & { readonly labels?: readonly string[] }

export function createCounter({ name, help, labels = [] }: About): Counter {
  const numbers = new Map<string, Sample & { value: number }>()
  return {
    name,
    help,
    type: 'counter',
    add(values, amount = 1) {
      const key = values.join('\n')
      const known = numbers.get(key)
      if (known === undefined) numbers.set(key, { labels: label(labels, values), value: amount })
      else known.value += amount
    },
    samples: () => numbers.values(),
  }
}

/** A number that is asked for when it is read. An undefined one is left out. */
export function createGauge(
  { name, help }: About,
  read: () => number | undefined | Promise<number | undefined>,
  type: 'counter' | 'gauge' = 'gauge',
): Family {
  return {
    name,
    help,
    type,
    samples: async () => {
      const value = await read()
      return value === undefined ? [] : [{ labels: {}, value }]
    },
  }
}

/** A number for every value of one label. */
export function createGaugeByLabel(
  { name, help }: About,
  label: string,
  read: () => Promise<readonly (readonly [value: string, number: number])[]>,
): Family {
  return {
    name,
    help,
    type: 'gauge',
    samples: async () =>
      (await read()).map(([own, value]) => ({ labels: { [label]: own }, value })),
  }
}

export function createHistogram(
  { name, help, labels = [] }: About,
  bounds: readonly number[],
): Histogram {
  interface Series {
    readonly labels: Readonly<Record<string, string>>
    /** Of each bound alone, and of everything above the last one. */
    readonly counts: number[]
    sum: number
  }
  const all = new Map<string, Series>()
  return {
    name,
    help,
    type: 'histogram',
    observe(values, measured) {
      const key = values.join('\n')
      let series = all.get(key)
      if (series === undefined) {
        const counts = new Array<number>(bounds.length + 1).fill(0)
        series = { labels: label(labels, values), counts, sum: 0 }
        all.set(key, series)
      }
      const found = bounds.findIndex((bound) => measured <= bound)
      const index = found === -1 ? bounds.length : found
      series.counts[index] = (series.counts[index] ?? 0) + 1
      series.sum += measured
    },
    *samples() {
      for (const { labels: own, counts, sum } of all.values()) {
        let count = 0
        for (const [index, each] of counts.entries()) {
          count += each
          const le = String(bounds[index] ?? '+Inf')
          yield { suffix: '_bucket', labels: { ...own, le }, value: count }
        }
        yield { suffix: '_sum', labels: own, value: sum }
        yield { suffix: '_count', labels: own, value: count }
      }
    },
  }
}

/**
 * Writes families in the text format of Prometheus.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export async function formatFamilies(families: readonly Family[]): Promise<string> {
  let text = ''
  for (const { name, help, type, samples } of families) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    for (const { suffix = '', labels, value } of await samples()) {
      const pairs = Object.entries(labels).map(([key, each]) => `${key}="${escapeLabel(each)}"`)
      text += `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
    }
  }
  return text
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`))
}

function label(
  names: readonly string[],
  values: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}
